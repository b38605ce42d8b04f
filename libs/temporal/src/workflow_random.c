/* SipHash-1-3 and what is drawn from it. */
#include "workflow_random.h"

#include <string.h>

#include "base/check.h"

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static void round_once(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static uint64_t read_little_endian(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

uint64_t workflow_random_siphash13(const uint64_t key[2], const void *bytes, size_t length)
{
    const unsigned char *position = bytes;
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t left = length;
    for (; left >= 8; left -= 8, position += 8) {
        uint64_t word = read_little_endian(position, 8);
        v[3] ^= word;
        round_once(v);
        v[0] ^= word;
    }
    uint64_t last = ((uint64_t)length << 56) | read_little_endian(position, left);
    v[3] ^= last;
    round_once(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    round_once(v);
    round_once(v);
    round_once(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void workflow_random_seed(struct workflow_random *random, const char *run_id)
{
    static const uint64_t first[2] = {0, 0};
    static const uint64_t second[2] = {0, 1};
    size_t length = strlen(run_id);
    random->key[0] = workflow_random_siphash13(first, run_id, length);
    random->key[1] = workflow_random_siphash13(second, run_id, length);
    random->counter = 0;
}

uint64_t workflow_random_next(struct workflow_random *random)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(random->counter >> (8 * i));
    }
    random->counter++;
    return workflow_random_siphash13(random->key, bytes, sizeof bytes);
}

uint64_t workflow_random_below(struct workflow_random *random, uint64_t limit)
{
    CHECK(limit > 0);
    /* Draws below the remainder of 2^64 are thrown away, so that every value is equally likely. */
    uint64_t smallest = (0 - limit) % limit;
    uint64_t value = workflow_random_next(random);
    while (value < smallest) {
        value = workflow_random_next(random);
    }
    return value % limit;
}
