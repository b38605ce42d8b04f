/* Paths and queries in SigV4's canonical form, and the parts of an endpoint's URL. Pure. Private to libs/aws. */
#ifndef AWS_SRC_AWS_URI_H
#define AWS_SRC_AWS_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/* path as it is sent; NULL is "/". Unless is_kept, dot segments go and slashes in a row become one. Then every byte but
 * the unreserved ones and '/' is percent-encoded (so what was encoded before is encoded twice). */
MUST_CHECK bool aws_uri_append_path(struct buffer *out, const char *path, bool is_kept);

/* Parameters with normalised percent-encoding, sorted by name, then value. false: more than maximum, or out is full. */
MUST_CHECK bool aws_uri_append_query(struct buffer *out, const char *query, size_t maximum);

/* A value of a form or query: all but the unreserved bytes percent-encoded. */
MUST_CHECK bool aws_uri_append_encoded(struct buffer *out, const char *text);

#define AWS_URI_HOST_MAX 300
/* An http or https URL's front part, as the HTTP client will put it into the Host header. */
struct aws_endpoint {
    bool is_secure;
    char host[AWS_URI_HOST_MAX]; /* lower case, with ":port" unless that is the scheme's own */
};
/* INVALID_ARGUMENT: not an absolute http(s) URL, user names in it, or too long. */
MUST_CHECK enum status aws_endpoint_parse(const char *url, struct aws_endpoint *out, struct error *error);

#endif
