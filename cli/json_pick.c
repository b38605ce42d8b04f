/* See json_pick.h. */
#include "json_pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

json_t *json_pick(struct json_slice object, const char *names)
{
    json_t *picked = json_object();
    for (const char *name = names; *name != '\0'; name += strspn(name, " ")) {
        size_t length = strcspn(name, " ");
        char *own = memory_format("%.*s", (int)length, name);
        struct json_slice value = json_scan_member(object.data, object.length, own);
        json_t *parsed = value.data != NULL ? json_loadb(value.data, value.length, JSON_DECODE_ANY, NULL) : NULL;
        if (parsed != NULL) {
            CHECK(json_object_set_new(picked, own, parsed) == 0);
        }
        free(own);
        name += length;
    }
    return picked;
}

char *json_pick_text(struct json_slice object, const char *name)
{
    size_t length = 0;
    struct json_slice value = json_scan_member(object.data, object.length, name);
    return value.data != NULL ? json_scan_string(value, &length) : NULL;
}

struct json_slice json_pick_path(struct json_slice object, const char *path)
{
    while (object.data != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        char *name = memory_format("%.*s", (int)length, path);
        object = json_scan_member(object.data, object.length, name);
        free(name);
        path += length + (path[length] == '.');
    }
    return object;
}
