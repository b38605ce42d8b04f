/* Bytes as text: hexadecimal, base64, and identifiers that are a function of a name. Pure; any thread. */
#ifndef CRYPTO_ENCODE_H
#define CRYPTO_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* out takes 2 * length + 1 bytes; lower case. */
void crypto_hex_encode(const void *bytes, size_t length, char *out);
/* Either case; text_length is twice the number of bytes that out takes. false: odd length or another character; out
 * is then unspecified. */
MUST_CHECK bool crypto_hex_decode(const char *text, size_t text_length, uint8_t *out);

/* RFC 4648 section 4, with padding; zero-terminated; free() it. */
char *crypto_base64_encode(const void *bytes, size_t length);
/* Strict: no white space, padding needed, unused bits zero. NULL: not base64. The result has a zero byte behind it;
 * free() it. */
uint8_t *crypto_base64_decode(const char *text, size_t text_length, size_t *out_length);

#define CRYPTO_UUID_SIZE 37 /* with the terminator */
/* The same name gives the same UUID, always and everywhere: RFC 9562 version 8, the first bits of the HMAC-SHA256 of
 * the name under a fixed name space. Lower case. */
void crypto_stable_uuid(const char *name, char out[CRYPTO_UUID_SIZE]);

#endif
