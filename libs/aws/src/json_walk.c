/* One pass over valid JSON. */
#include "json_walk.h"

#include <stdlib.h>
#include <string.h>

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at)) {
        at++;
    }
    return at;
}

/* at is on the opening quote; behind the closing one, or end. */
static const char *skip_string(const char *at, const char *end)
{
    const char *start = at + 1;
    const char *quote = start;
    while (quote < end && (quote = memchr(quote, '"', (size_t)(end - quote))) != NULL) {
        const char *before = quote;
        while (before > start && before[-1] == '\\') {
            before--;
        }
        quote++;
        if ((quote - 1 - before) % 2 == 0) {
            return quote;
        }
    }
    return end;
}

/* Behind the value that starts at `at`; end where it does not end. */
static const char *skip_value(const char *at, const char *end)
{
    int64_t depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth--;
            at++;
        } else if (depth == 0) {
            while (at < end && !is_space(*at) && *at != ',' && *at != '}' && *at != ']') {
                at++;
            }
        } else {
            at++;
        }
        if (depth <= 0) {
            return at;
        }
    }
    return end;
}

static bool enter(struct json_slice value, char open, struct json_walk *out)
{
    if (value.data == NULL || value.length < 2 || value.data[0] != open) {
        return false;
    }
    *out = (struct json_walk){.at = value.data + 1, .end = value.data + value.length - 1};
    return true;
}

bool json_walk_object(struct json_slice value, struct json_walk *out)
{
    return enter(value, '{', out);
}

bool json_walk_array(struct json_slice value, struct json_walk *out)
{
    return enter(value, '[', out);
}

bool json_walk_element(struct json_walk *walk, struct json_slice *out_value)
{
    const char *begin = skip_space(walk->at, walk->end);
    if (begin < walk->end && *begin == ',') {
        begin = skip_space(begin + 1, walk->end);
    }
    if (begin >= walk->end) {
        return false;
    }
    const char *behind = skip_value(begin, walk->end);
    if (behind == begin) {
        return false;
    }
    walk->at = behind;
    *out_value = (struct json_slice){.data = begin, .length = (size_t)(behind - begin)};
    return true;
}

bool json_walk_member(struct json_walk *walk, struct json_slice *out_name, struct json_slice *out_value)
{
    struct json_slice name;
    if (!json_walk_element(walk, &name) || !json_walk_is_string(name)) {
        return false;
    }
    const char *at = skip_space(walk->at, walk->end);
    if (at >= walk->end || *at != ':') {
        return false;
    }
    walk->at = at + 1;
    if (!json_walk_element(walk, out_value)) {
        return false;
    }
    *out_name = name;
    return true;
}

bool json_walk_has_escapes(struct json_slice string)
{
    return memchr(string.data, '\\', string.length) != NULL;
}

bool json_walk_text_is(struct json_slice name, const char *text)
{
    size_t length = strlen(text);
    if (!json_walk_is_string(name)) {
        return false;
    }
    if (!json_walk_has_escapes(name)) {
        return name.length == length + 2 && memcmp(name.data + 1, text, length) == 0;
    }
    size_t plain_length = 0;
    char *plain = json_scan_string(name, &plain_length);
    bool is_same = plain != NULL && plain_length == length && memcmp(plain, text, length) == 0;
    free(plain);
    return is_same;
}

int64_t json_walk_integer(struct json_slice value)
{
    const char *at = value.data;
    size_t length = value.length;
    if (json_walk_is_string(value)) {
        at++;
        length -= 2;
    }
    if (at == NULL || length == 0 || length > 18) {
        return 0;
    }
    int64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return 0;
        }
        number = number * 10 + (at[i] - '0');
    }
    return number;
}
