/* See basic_password.h. */
#include "basic_password.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "crypto/encode.h"

char *basic_password(const char *header)
{
    static const char scheme[] = "Basic ";
    size_t length = 0;
    char *password = NULL;
    if (header == NULL || strncasecmp(header, scheme, sizeof scheme - 1) != 0) {
        return NULL;
    }
    header += sizeof scheme - 1;
    char *pair = (char *)crypto_base64_decode(header, strlen(header), &length);
    const char *colon = pair != NULL && strlen(pair) == length ? strchr(pair, ':') : NULL;
    if (colon != NULL) {
        password = memory_copy_string(colon + 1);
    }
    memory_wipe(pair, length);
    free(pair);
    return password;
}
