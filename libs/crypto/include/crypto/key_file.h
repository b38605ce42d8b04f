/* A key of 256 bits out of a file. */
#ifndef CRYPTO_KEY_FILE_H
#define CRYPTO_KEY_FILE_H

#include <stdint.h>

#include "base/error.h"
#include "crypto/seal.h"

/* The file holds the 32 bytes as they are, or as text with at most one line feed behind it: 44 characters of base64
 * (RFC 4648 section 4) or 64 hexadecimal digits. Its length tells which. What was read is wiped; errors name the file
 * and never show what is in it. INVALID_ARGUMENT: the file cannot be read, or holds none of the three. */
MUST_CHECK enum status crypto_key_file_read(const char *path, uint8_t out_key[CRYPTO_SEAL_KEY_SIZE],
                                            struct error *error);

#endif
