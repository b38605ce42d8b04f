/* Compression of whole answers. The only home of zlib in the server. */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include <stddef.h>

/* gzip (RFC 1952), with as little work and memory as helps. NULL: it would not be shorter. free() it. */
void *gzip_compress(const void *bytes, size_t length, size_t *out_length);

#endif
