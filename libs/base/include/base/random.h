/* Random bytes, identifiers and jitter from the system's generator. Any thread. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t size);
uint64_t random_below(uint64_t limit); /* 0 .. limit - 1; limit > 0 */

#define RANDOM_UUID_SIZE 37
void random_uuid(char out[RANDOM_UUID_SIZE]); /* version 4, lower case */

#endif
