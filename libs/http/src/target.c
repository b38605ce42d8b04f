/* Request targets: see target.h. Everything here reads what a peer sent, allocates nothing and keeps no state. */
#include "target.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

bool target_decode(const char *text, size_t length, bool plus_is_space, char *out, size_t *out_length)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            int high = length - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = length - i > 2 ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if (byte == '\0') {
            return false;
        }
        out[written] = byte;
        written++;
    }
    out[written] = '\0';
    *out_length = written;
    return true;
}

/* Neither control characters nor white space, nor a fragment, which stays with the client. Bytes beyond ASCII pass:
 * people's clients send them as they were typed. */
static bool is_clean(const char *target)
{
    for (const char *at = target; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte <= ' ' || byte == 0x7f || byte == '#') {
            return false;
        }
    }
    return true;
}

bool target_split(const char *target, const char **out_path, size_t *out_path_length, const char **out_query)
{
    const char *path = target;
    if (!is_clean(target)) {
        return false;
    }
    if (strncasecmp(path, "http://", 7) == 0 || strncasecmp(path, "https://", 8) == 0) {
        path = strstr(path, "//") + 2;
        path += strcspn(path, "/?");
    }
    const char *query = strchr(path, '?');
    size_t length = query != NULL ? (size_t)(query - path) : strlen(path);
    if (length == 0 && path != target) {
        path = "/"; /* "http://host" and "http://host?query" */
        length = 1;
    }
    if (length == 0 || path[0] != '/') {
        return false;
    }
    *out_path = path;
    *out_path_length = length;
    *out_query = query != NULL ? query + 1 : NULL;
    return true;
}

bool target_parse_query(const char *query, char *scratch, struct target_pair pairs[TARGET_QUERY_MAX],
                        size_t *out_count)
{
    size_t count = 0;
    size_t used = 0;
    while (*query != '\0') {
        size_t part = strcspn(query, "&");
        if (part > 0) {
            const char *equals = memchr(query, '=', part);
            size_t name_length = equals != NULL ? (size_t)(equals - query) : part;
            size_t value_length = equals != NULL ? part - name_length - 1 : 0;
            if (count == TARGET_QUERY_MAX) {
                return false;
            }
            /* Name and value, each with its zero byte, take the room of "name=value&": one byte more at the most for
             * a part without '=', so those share the name's zero byte as their value. */
            char *name = scratch + used;
            size_t decoded = 0;
            if (!target_decode(query, name_length, true, name, &decoded) || !utf8_is_valid(name, decoded)) {
                return false;
            }
            used += decoded + 1;
            char *value = name + decoded;
            if (equals != NULL) {
                value = scratch + used;
                if (!target_decode(equals + 1, value_length, true, value, &decoded) ||
                    !utf8_is_valid(value, decoded)) {
                    return false;
                }
                used += decoded + 1;
            }
            pairs[count] = (struct target_pair){.name = name, .value = value};
            count++;
        }
        query += part;
        if (*query == '&') {
            query++;
        }
    }
    *out_count = count;
    return true;
}
