/* Random numbers straight from the system: nothing is buffered, so nothing repeats after a fork. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/check.h"

void random_bytes(void *out, size_t size)
{
    unsigned char *next = out;
    while (size > 0) {
        ssize_t got = getrandom(next, size, 0);
        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        next += got;
        size -= (size_t)got;
    }
}

uint64_t random_below(uint64_t limit)
{
    CHECK(limit > 0);
    uint64_t rest = (UINT64_MAX % limit + 1) % limit; /* 2^64 mod limit: so many top values would favour the low ones */
    uint64_t number = 0;
    do {
        random_bytes(&number, sizeof number);
    } while (number > UINT64_MAX - rest);
    return number % limit;
}

void random_uuid(char out[RANDOM_UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0FU) | 0x40U); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3FU) | 0x80U); /* RFC 9562 variant */
    char *next = out;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *next++ = '-';
        }
        *next++ = digits[bytes[i] >> 4];
        *next++ = digits[bytes[i] & 0x0FU];
    }
    *next = '\0';
}
