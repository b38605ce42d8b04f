/* Compression of whole answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/memory.h"
#include "gzip.h"

static void round_trip(size_t length)
{
    char *text = memory_alloc(length);
    char *back = memory_alloc(length);
    size_t compressed_length = 0;
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)('a' + i * i % 7);
    }
    unsigned char *compressed = gzip_compress(text, length, &compressed_length);
    assert_non_null(compressed);
    assert_true(compressed_length < length);
    z_stream stream = {.next_in = compressed, .avail_in = (uInt)compressed_length};
    assert_int_equal(inflateInit2(&stream, 16 + 15), Z_OK); /* a gzip frame and no other */
    stream.next_out = (Bytef *)back;
    stream.avail_out = (uInt)length;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, length);
    assert_memory_equal(back, text, length);
    assert_int_equal(inflateEnd(&stream), Z_OK);
    free(compressed);
    free(back);
    free(text);
}

static void makes_what_inflates_to_the_same(void **state)
{
    static const size_t lengths[] = {1024, 1025, 4096, 40000, (size_t)1 << 20};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        round_trip(lengths[i]);
    }
}

static void gives_up_where_it_would_not_help(void **state)
{
    unsigned char noise[2048];
    uint64_t seed = 88172645463325252U;
    size_t length = 77;
    (void)state;
    for (size_t i = 0; i < sizeof noise; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        noise[i] = (unsigned char)(seed >> 32);
    }
    assert_null(gzip_compress(noise, sizeof noise, &length));
    assert_null(gzip_compress("x", 1, &length));
    assert_int_equal(length, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_what_inflates_to_the_same),
        cmocka_unit_test(gives_up_where_it_would_not_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
