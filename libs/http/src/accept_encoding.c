/* See accept_encoding.h. */
#include "accept_encoding.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

static bool is_named(const char *item, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(item, name, length) == 0;
}

/* Whether the parameters of an item (";q=0.5") leave it a weight above 0: any digit but 0 in it does. */
static bool has_weight(const char *parameters, size_t length)
{
    size_t i = 0;
    while (i < length && (parameters[i] == ';' || strchr(BLANKS, parameters[i]) != NULL)) {
        i++;
    }
    if (i + 1 >= length || (parameters[i] != 'q' && parameters[i] != 'Q') || parameters[i + 1] != '=') {
        return true; /* the weight is 1 where none is given */
    }
    for (i += 2; i < length; i++) {
        if (parameters[i] >= '1' && parameters[i] <= '9') {
            return true;
        }
    }
    return false;
}

bool accept_encoding_takes_gzip(const char *value)
{
    bool takes_any = false;
    const char *at = value;
    while (*at != '\0') {
        at += strspn(at, BLANKS ",");
        size_t length = strcspn(at, ",");
        size_t name_length = strcspn(at, ",;" BLANKS);
        bool is_wanted = has_weight(at + name_length, length - name_length);
        if (is_named(at, name_length, "gzip") || is_named(at, name_length, "x-gzip")) {
            return is_wanted;
        }
        if (is_named(at, name_length, "*")) {
            takes_any = is_wanted;
        }
        at += length;
    }
    return takes_any;
}
