/* See gzip.h. */
#include "gzip.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/check.h"
#include "base/memory.h"

#define GZIP_LEVEL 1
#define GZIP_MEMORY_LEVEL 8
#define GZIP_WINDOW_BITS_MIN 9
#define GZIP_WINDOW_BITS_MAX 15
#define GZIP_FRAMING 16 /* added to the window's bits: gzip instead of zlib's own frame */

/* A window larger than the text costs memory that must be cleared, for nothing. */
static int window_bits(size_t length)
{
    int bits = GZIP_WINDOW_BITS_MIN;
    while (bits < GZIP_WINDOW_BITS_MAX && ((size_t)1 << bits) < length) {
        bits++;
    }
    return bits;
}

void *gzip_compress(const void *bytes, size_t length, size_t *out_length)
{
    z_stream stream = {0};
    if (length > UINT_MAX || deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, window_bits(length) + GZIP_FRAMING,
                                          GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        return NULL;
    }
    unsigned char *out = memory_alloc(length);
    stream.next_in = bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)length;
    bool is_shorter = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    if (is_shorter) {
        *out_length = length - stream.avail_out;
    } else {
        free(out);
        out = NULL;
    }
    (void)deflateEnd(&stream);
    return out;
}
