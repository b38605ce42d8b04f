/* What the server does with streams (http/server.h has what their writers do). */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "server_internal.h"

/* Server thread: microhttpd has done with the request. Nothing if it had no stream. */
void stream_completed(struct http_exchange *exchange);
/* Tells all that the server stops: what was written is still sent, and no more is taken. */
void streams_drain(struct http_server *server);

#endif
