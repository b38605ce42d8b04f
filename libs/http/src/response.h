/* Responses out of curl: its callbacks that collect head and body under their limits, and the result of a transfer. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stddef.h>

/* For CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; call is a struct http_call. */
size_t response_take_header(char *bytes, size_t size, size_t count, void *call);
size_t response_take_body(char *bytes, size_t size, size_t count, void *call);

#endif
