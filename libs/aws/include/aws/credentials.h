/* AWS credentials and where they come from.
 *
 * A provider answers asynchronously on the loop's thread, so that sources which need the network fit behind the same
 * interface as the environment and the files. It keeps what it loaded until shortly before its expiry. Providers
 * belong to the loop's thread: every function and callback here. */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "base/loop.h"

#define AWS_CREDENTIALS_NEVER_EXPIRE INT64_MAX

/* Caller's storage; zeroed is empty. The strings are owned and wiped. */
struct aws_credentials {
    char *access_key_id;
    char *secret_access_key;
    char *session_token;     /* NULL: none */
    int64_t expires_wall_ms; /* since 1970; AWS_CREDENTIALS_NEVER_EXPIRE */
};

/* Copies. session_token may be NULL or "". */
void aws_credentials_init(struct aws_credentials *credentials, const char *access_key_id,
                          const char *secret_access_key, const char *session_token, int64_t expires_wall_ms);
void aws_credentials_copy(struct aws_credentials *out, const struct aws_credentials *from); /* out: empty */
void aws_credentials_deinit(struct aws_credentials *credentials);                           /* wipes; empty then */

struct aws_credentials_provider;

/* One of the two is NULL; both are borrowed for the call. NOT_FOUND: this source is not configured. UNAUTHENTICATED or
 * INVALID_ARGUMENT: it is configured, and wrong. UNAVAILABLE: it cannot be reached now. */
typedef void aws_credentials_done_fn(void *user, const struct aws_credentials *credentials,
                                     const struct error *error);

/* One question to a provider. Caller's storage, zeroed before its first use, valid until done or cancel. */
struct aws_credentials_request {
    struct list link;
    aws_credentials_done_fn *done; /* NULL: not waiting */
    void *user;
};

/* What is at hand and not about to expire, borrowed until the next turn of the loop; NULL: ask with _get. Starts a
 * refresh in the background in the last 15 minutes before the expiry. */
const struct aws_credentials *aws_credentials_provider_current(struct aws_credentials_provider *provider);
/* done is called exactly once, never inside this call. */
void aws_credentials_provider_get(struct aws_credentials_provider *provider, struct aws_credentials_request *request,
                                  aws_credentials_done_fn *done, void *user);
/* done will not be called; harmless when not waiting. */
void aws_credentials_request_cancel(struct aws_credentials_request *request);
/* The service refused them (expired, revoked): the next question loads anew. */
void aws_credentials_provider_invalidate(struct aws_credentials_provider *provider);
const char *aws_credentials_provider_name(const struct aws_credentials_provider *provider); /* "environment" … */
/* Questions that wait are answered CANCELED first. NULL is fine. */
void aws_credentials_provider_destroy(struct aws_credentials_provider *provider);

/* Always these. Copies. */
struct aws_credentials_provider *aws_credentials_provider_new_static(struct loop *loop,
                                                                     const struct aws_credentials *credentials);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. One of the first two without the other is
 * INVALID_ARGUMENT. */
struct aws_credentials_provider *aws_credentials_provider_new_environment(struct loop *loop);

/* Each may be NULL: then the environment's AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE and AWS_PROFILE, then
 * ~/.aws/credentials, ~/.aws/config and "default". */
struct aws_profile_options {
    const char *credentials_file;
    const char *config_file;
    const char *profile;
};
/* The keys of one profile of the two files, read again at each load. NOT_FOUND: nobody named a profile and there is no
 * default one with keys. INVALID_ARGUMENT: a file cannot be read or does not parse, a profile that was asked for is
 * not there or incomplete, or gets its keys by role_arn, sso_*, credential_process or web_identity_token_file: the
 * text says which. options may be NULL. */
struct aws_credentials_provider *aws_credentials_provider_new_profile(struct loop *loop,
                                                                      const struct aws_profile_options *options);

/* The first that is configured: NOT_FOUND asks the next, any other error is the answer. Owns its members (at most
 * AWS_CREDENTIALS_CHAIN_MAX). */
#define AWS_CREDENTIALS_CHAIN_MAX 16
struct aws_credentials_provider *aws_credentials_provider_new_chain(struct loop *loop,
                                                                    struct aws_credentials_provider **members,
                                                                    size_t count);
/* Environment, then profile. */
struct aws_credentials_provider *aws_credentials_provider_new_default(struct loop *loop);

#endif
