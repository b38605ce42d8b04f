/* AWS credentials and where they come from.
 *
 * A provider answers asynchronously on the loop's thread, so that sources which need the network fit behind the same
 * interface as the environment and the files. Providers belong to the loop's thread: every function and callback
 * here.
 *
 * A provider keeps what it loaded. From 15 minutes before the expiry it loads anew in the background, at most once a
 * minute, and goes on with what it has should that fail; from 10 minutes before the expiry who asks waits for a load
 * and gets its error. Keys that were given with 10 minutes or less to live are used until their last minute. */
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
    uint64_t generation;     /* counts what the provider that gave them has loaded; 0: not from a provider */
};

/* Copies. session_token may be NULL or "". */
void aws_credentials_init(struct aws_credentials *credentials, const char *access_key_id,
                          const char *secret_access_key, const char *session_token, int64_t expires_wall_ms);
void aws_credentials_copy(struct aws_credentials *out, const struct aws_credentials *from); /* out: empty */
void aws_credentials_deinit(struct aws_credentials *credentials);                           /* wipes; empty then */

struct aws_credentials_provider;

/* One of the two is NULL; both are borrowed for the call. NOT_FOUND: this source is not configured. UNAUTHENTICATED
 * or INVALID_ARGUMENT: it is configured, and wrong. UNAVAILABLE: it cannot be reached now. */
typedef void aws_credentials_done_fn(void *user, const struct aws_credentials *credentials,
                                     const struct error *error);

/* One question to a provider. Caller's storage, zeroed before its first use, valid until done or cancel. */
struct aws_credentials_request {
    struct list link;
    aws_credentials_done_fn *done; /* NULL: not waiting */
    void *user;
};

/* What is at hand and not about to expire, borrowed until the next turn of the loop; NULL: ask with _get. */
const struct aws_credentials *aws_credentials_provider_current(struct aws_credentials_provider *provider);
/* done is called exactly once, never inside this call. */
void aws_credentials_provider_get(struct aws_credentials_provider *provider, struct aws_credentials_request *request,
                                  aws_credentials_done_fn *done, void *user);
/* done will not be called; harmless when not waiting. */
void aws_credentials_request_cancel(struct aws_credentials_request *request);
/* The service refused those of this generation (expired, revoked), 0: whatever is at hand. The next question loads
 * anew, files and environment included, unless newer ones are there already. */
void aws_credentials_provider_invalidate(struct aws_credentials_provider *provider, uint64_t generation);
const char *aws_credentials_provider_name(const struct aws_credentials_provider *provider); /* "environment" … */
/* After an answer: the name of the source that gave it, a chain's member for a chain. */
const char *aws_credentials_provider_source(const struct aws_credentials_provider *provider);
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
/* The keys of one profile of the two files, read again at each load. NOT_FOUND: the profile has none, or is the
 * default one and not there. INVALID_ARGUMENT: a file cannot be read or does not parse, a profile that was asked for
 * is not there, has one of the two keys only, or gets them by sso_*, login_session or credential_process, which Ferry
 * does not do: the text says which. options may be NULL. */
struct aws_credentials_provider *aws_credentials_provider_new_profile(struct loop *loop,
                                                                      const struct aws_profile_options *options);

/* The first that is configured: NOT_FOUND asks the next, any other error is the answer. Owns its members (at most
 * AWS_CREDENTIALS_CHAIN_MAX), which keep nothing of their own from then on. */
#define AWS_CREDENTIALS_CHAIN_MAX 16
struct aws_credentials_provider *aws_credentials_provider_new_chain(struct loop *loop,
                                                                    struct aws_credentials_provider **members,
                                                                    size_t count);
/* In the order of AWS's SDKs: the environment; a profile's role (role_arn with source_profile or credential_source);
 * web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, or the profile's web_identity_token_file); the profile's
 * keys; the container's endpoint (ECS, EKS Pod Identity); the instance's metadata service. http is borrowed and
 * outlives it. */
struct http_client;
struct aws_credentials_provider *aws_credentials_provider_new_default(struct loop *loop, struct http_client *http);

#endif
