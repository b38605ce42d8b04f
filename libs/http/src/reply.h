/* What replies and streams share. Whoever holds the exchange. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stddef.h>

#include <microhttpd.h>

#include "http/server.h"

/* These headers, those added to the exchange before, and those that are the server's own. */
void reply_add_headers(const struct http_exchange *exchange, struct MHD_Response *response, const char *content_type,
                       const struct http_header *headers, size_t header_count);
/* Publishes the answer. Nothing of the exchange or its server may be touched afterwards, but by a stream that has not
 * ended: a drain may be waiting for exactly that. */
void reply_finish(struct http_exchange *exchange, struct MHD_Response *response, unsigned status);

#endif
