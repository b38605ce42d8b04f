/* One call of AWS STS: sent, tried again, finished once. The loop's thread only. Private to libs/aws. */
#ifndef AWS_SRC_STS_CALL_H
#define AWS_SRC_STS_CALL_H

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "aws_uri.h"
#include "base/buffer.h"
#include "base/loop.h"
#include "http/client.h"
#include "retry.h"
#include "service_clock.h"

#define STS_REQUEST_MAX ((size_t)64 << 10) /* bytes; STS itself takes a token of 20,000 */
#define STS_RESPONSE_MAX ((size_t)256 << 10)

struct sts_parameter {
    const char *name;
    const char *value; /* NULL: left out */
};

/* Credentials or error is NULL; both are borrowed. Never called inside sts_call_start. */
typedef void sts_done_fn(void *user, const struct aws_credentials *credentials, const struct error *error);

/* Caller's storage; zeroed before its first use, then kept from call to call: budget and clock are those of one
 * client. */
struct sts_call {
    struct loop *loop;
    struct http_client *http;
    struct retry_quota quota;
    struct service_clock clock;
    struct sigv4_key_cache keys;
    bool is_prepared;

    sts_done_fn *done; /* NULL: nothing is under way */
    void *user;
    const char *action;
    bool is_signed;
    struct aws_credentials signer;
    struct buffer body;
    struct aws_endpoint endpoint;
    char *region;
    int attempts;
    int taken; /* from the quota, for this attempt */
    bool is_clock_corrected;
    int64_t sent_wall_ms;
    int64_t signed_offset_ms;
    struct http_call *http_call;
    struct loop_timer timer;
    struct error failure;
};

/* action is a constant, parameters end with a NULL name and are copied. signer (copied) NULL: unsigned. The endpoint
 * is AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the profile's, else the configured region's, else the global one. done
 * gets UNAUTHENTICATED or PERMISSION_DENIED where STS refuses, UNAVAILABLE where another time may help,
 * INVALID_ARGUMENT where the configuration is wrong. */
void sts_call_start(struct sts_call *call, const char *action, const struct sts_parameter *parameters,
                    const struct aws_credentials *signer, sts_done_fn *done, void *user);
/* done will not be called; harmless when nothing is under way. */
void sts_call_stop(struct sts_call *call);
void sts_call_deinit(struct sts_call *call); /* stops; wipes */

#endif
