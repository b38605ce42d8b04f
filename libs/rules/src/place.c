/* JSON pointers (RFC 6901). */
#include "place.h"

#include <string.h>

#include "base/memory.h"

char *place_member(const char *place, const char *name)
{
    size_t length = strlen(place);
    char *text = memory_alloc(length + 2 + 2 * strlen(name));
    memcpy(text, place, length + 1);
    text[length++] = '/';
    for (; *name != '\0'; name++) {
        if (*name == '~' || *name == '/') {
            text[length++] = '~';
            text[length++] = *name == '~' ? '0' : '1';
        } else {
            text[length++] = *name;
        }
    }
    return text;
}

char *place_element(const char *place, size_t index)
{
    return memory_format("%s/%zu", place, index);
}

const char *place_shown(const char *place)
{
    return place[0] == '\0' ? "(root)" : place;
}
