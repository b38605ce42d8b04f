/* What every credentials provider consists of: who waits, what was loaded, when to load anew. A concrete provider
 * embeds struct aws_credentials_provider as its first member and implements the class. Private to libs/aws. */
#ifndef AWS_SRC_CREDENTIALS_PROVIDER_H
#define AWS_SRC_CREDENTIALS_PROVIDER_H

#include "aws/credentials.h"
#include "base/log.h"

struct aws_credentials_class {
    const char *name;
    /* Starts to load; ends, at once or later on the loop's thread, with exactly one aws_credentials_loaded. */
    void (*load)(struct aws_credentials_provider *provider);
    /* Frees what is the class's own; a load under way is given up, without aws_credentials_loaded. NULL: nothing. */
    void (*deinit)(struct aws_credentials_provider *provider);
    /* Of several sources: the one that was asked last. NULL: the class is one source. */
    const char *(*source)(const struct aws_credentials_provider *provider);
};

/* Owned by whoever made it; the loop's thread only. */
struct aws_credentials_provider {
    const struct aws_credentials_class *class;
    struct loop *loop;
    struct list waiting;            /* struct aws_credentials_request */
    struct loop_timer deliver;      /* answers the waiting ones in a turn of its own */
    bool is_loading;
    bool is_member;                 /* of another provider, which keeps what this one loads */
    int64_t (*wall_ms)(void);
    struct aws_credentials current; /* access_key_id NULL: none */
    uint64_t generation;            /* of what was loaded last */
    int64_t last_use_ms;            /* that long before the expiry `current` is no longer given out */
    int64_t next_refresh_wall_ms;   /* not before this another refresh ahead of the expiry */
    struct log_limiter refresh_log;
    struct error failure;           /* of the last load; status OK: it succeeded */
};

/* For constructors. The name, deinit and free()ing are done by aws_credentials_provider_destroy. */
void aws_credentials_provider_init(struct aws_credentials_provider *provider,
                                   const struct aws_credentials_class *class, struct loop *loop);

/* For classes: one of the two is NULL, the other one copied. */
void aws_credentials_loaded(struct aws_credentials_provider *provider, const struct aws_credentials *credentials,
                            const struct error *error);

#endif
