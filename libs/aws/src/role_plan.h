/* Which roles a profile takes on, and whose credentials the first of them is asked with. Pure. Private to libs/aws. */
#ifndef AWS_SRC_ROLE_PLAN_H
#define AWS_SRC_ROLE_PLAN_H

#include "profile_file.h"

#define ROLE_HOPS_MAX 8

enum role_base {
    ROLE_BASE_KEYS,         /* the profile's own */
    ROLE_BASE_WEB_IDENTITY, /* the profile's */
    ROLE_BASE_ENVIRONMENT,
    ROLE_BASE_INSTANCE,
    ROLE_BASE_CONTAINER
};

/* All texts are borrowed from the files. */
struct role_hop {
    const char *role_arn;
    const char *session_name;     /* NULL: one of ours */
    const char *external_id;      /* NULL: none; so the next */
    const char *duration_seconds; /* checked: digits */
};
struct role_plan {
    struct role_hop hops[ROLE_HOPS_MAX]; /* the last one is asked for first */
    size_t count;
    enum role_base base;
    const struct profile_section *profile; /* that the base is of */
};

/* NOT_FOUND: the profile has no role_arn (or gets it by web_identity_token_file, which is another source's matter).
 * INVALID_ARGUMENT: it cannot be followed; the text says what is missing or not supported. */
MUST_CHECK enum status role_plan_make(const struct profile_files *files, const char *profile_name,
                                      struct role_plan *out, struct error *error);

/* The way to credentials that a profile names and Ferry does not go; NULL: none. */
const char *role_plan_unsupported(const struct profile_section *profile);

/* 2 to 64 of the characters that AWS allows. */
bool role_plan_is_session_name(const char *name);

#endif
