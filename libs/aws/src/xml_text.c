/* One pass over XML, with a stack of the open elements. */
#include "xml_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

struct name {
    const char *data;
    size_t length;
};

struct walk {
    const char *at;
    const char *end;
    struct name open[XML_DEPTH_MAX];
    size_t depth;
};

static bool starts_with(const struct walk *walk, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(walk->end - walk->at) >= length && memcmp(walk->at, text, length) == 0;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* Moves behind the next occurrence of text. */
static bool skip_behind(struct walk *walk, const char *text)
{
    const char *found = memmem(walk->at, (size_t)(walk->end - walk->at), text, strlen(text));
    if (found == NULL) {
        return false;
    }
    walk->at = found + strlen(text);
    return true;
}

/* The name at walk->at, without its prefix. */
static struct name read_name(struct walk *walk)
{
    struct name name = {.data = walk->at};
    while (walk->at < walk->end && !is_space(*walk->at) && *walk->at != '>' && *walk->at != '/' && *walk->at != '<') {
        if (*walk->at == ':') {
            name.data = walk->at + 1;
        }
        walk->at++;
    }
    name.length = (size_t)(walk->at - name.data);
    return name;
}

/* Attributes up to and with the '>'. */
static bool skip_attributes(struct walk *walk, bool *out_is_empty)
{
    char quote = '\0';
    char before = '\0';
    while (walk->at < walk->end) {
        char character = *walk->at++;
        if (quote != '\0') {
            quote = character == quote ? '\0' : quote;
        } else if (character == '"' || character == '\'') {
            quote = character;
        } else if (character == '<') {
            return false;
        } else if (character == '>') {
            *out_is_empty = before == '/';
            return true;
        }
        before = character;
    }
    return false;
}

static bool close_element(struct walk *walk)
{
    walk->at += 2;
    struct name name = read_name(walk);
    if (walk->depth == 0 || name.length != walk->open[walk->depth - 1].length ||
        memcmp(name.data, walk->open[walk->depth - 1].data, name.length) != 0) {
        return false;
    }
    walk->depth--;
    return skip_behind(walk, ">");
}

static bool is_at_path(const struct walk *walk, const char *const *path)
{
    size_t count = 0;
    while (path[count] != NULL) {
        count++;
    }
    if (count > walk->depth) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct name *name = &walk->open[walk->depth - count + i];
        if (name->length != strlen(path[i]) || memcmp(name->data, path[i], name->length) != 0) {
            return false;
        }
    }
    return true;
}

static bool append_code_point(struct buffer *out, uint32_t code)
{
    char bytes[4];
    size_t length = 0;
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return false;
    }
    if (code < 0x80) {
        bytes[length++] = (char)code;
    } else if (code < 0x800) {
        bytes[length++] = (char)(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
        bytes[length++] = (char)(0xe0 | (code >> 12));
        bytes[length++] = (char)(0x80 | ((code >> 6) & 0x3f));
    } else {
        bytes[length++] = (char)(0xf0 | (code >> 18));
        bytes[length++] = (char)(0x80 | ((code >> 12) & 0x3f));
        bytes[length++] = (char)(0x80 | ((code >> 6) & 0x3f));
    }
    if (code >= 0x80) {
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    }
    return buffer_append(out, bytes, length);
}

/* 16: no digit. */
static uint32_t digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0');
    }
    if (digit >= 'a' && digit <= 'f') {
        return (uint32_t)(digit - 'a') + 10;
    }
    return digit >= 'A' && digit <= 'F' ? (uint32_t)(digit - 'A') + 10 : 16;
}

/* "#38", "#x26": the character that it stands for; 0: none. */
static uint32_t read_number(const char *text, size_t length)
{
    uint32_t base = length > 1 && text[1] == 'x' ? 16 : 10;
    uint32_t code = 0;
    for (size_t i = base == 16 ? 2 : 1; i < length; i++) {
        uint32_t value = digit_value(text[i]);
        if (value >= base || code > 0x10ffff) {
            return 0;
        }
        code = code * base + value;
    }
    return code;
}

static bool append_reference(struct buffer *out, const char *text, size_t length)
{
    static const struct {
        const char *name;
        const char *text;
    } s_entities[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
    if (length > 1 && text[0] == '#') {
        return append_code_point(out, read_number(text, length));
    }
    for (size_t i = 0; i < sizeof s_entities / sizeof s_entities[0]; i++) {
        if (strlen(s_entities[i].name) == length && memcmp(s_entities[i].name, text, length) == 0) {
            return buffer_append_string(out, s_entities[i].text);
        }
    }
    return false;
}

/* Text up to the next '<', decoded. */
static bool append_text(struct walk *walk, struct buffer *out)
{
    while (walk->at < walk->end && *walk->at != '<') {
        if (*walk->at == '&') {
            const char *semicolon = memchr(walk->at, ';', (size_t)(walk->end - walk->at));
            if (semicolon == NULL || !append_reference(out, walk->at + 1, (size_t)(semicolon - walk->at) - 1)) {
                return false;
            }
            walk->at = semicolon + 1;
        } else if (*walk->at == '\0' || !buffer_append(out, walk->at++, 1)) {
            return false;
        }
    }
    return walk->at < walk->end;
}

/* The content of the element that was just opened, up to its end. */
static bool read_content(struct walk *walk, struct buffer *out)
{
    while (append_text(walk, out)) {
        if (starts_with(walk, "</")) {
            return close_element(walk);
        }
        if (starts_with(walk, "<!--")) {
            if (!skip_behind(walk, "-->")) {
                return false;
            }
        } else if (starts_with(walk, "<![CDATA[")) {
            walk->at += strlen("<![CDATA[");
            const char *start = walk->at;
            if (!skip_behind(walk, "]]>")) {
                return false;
            }
            size_t length = (size_t)(walk->at - start) - 3;
            if (memchr(start, '\0', length) != NULL || !buffer_append(out, start, length)) {
                return false;
            }
        } else {
            return false;
        }
    }
    return false;
}

static char *take_trimmed(struct buffer *out)
{
    size_t length = 0;
    char *text = buffer_take(out, &length);
    while (length > 0 && is_space(text[length - 1])) {
        text[--length] = '\0';
    }
    size_t start = strspn(text, " \t\r\n");
    memmove(text, text + start, length - start + 1);
    return text;
}

/* walk->at is on '<'. false: the end, or not well formed. *out is set when the element was found. */
static bool step(struct walk *walk, const char *const *path, char **out)
{
    if (starts_with(walk, "<?")) {
        return skip_behind(walk, "?>");
    }
    if (starts_with(walk, "<!--")) {
        return skip_behind(walk, "-->");
    }
    if (starts_with(walk, "<![CDATA[")) {
        return skip_behind(walk, "]]>");
    }
    if (starts_with(walk, "</")) {
        return close_element(walk);
    }
    walk->at++;
    struct name name = read_name(walk);
    bool is_empty = false;
    if (starts_with(walk, "!") || name.length == 0 || name.data[0] == '!' || walk->depth == XML_DEPTH_MAX ||
        !skip_attributes(walk, &is_empty)) {
        return false;
    }
    walk->open[walk->depth++] = name;
    if (!is_at_path(walk, path)) {
        walk->depth -= is_empty ? 1 : 0;
        return true;
    }
    struct buffer content;
    buffer_init(&content, XML_TEXT_MAX);
    if (is_empty || read_content(walk, &content)) {
        *out = take_trimmed(&content);
    }
    buffer_deinit(&content);
    return false;
}

char *xml_text_find(const char *text, size_t length, const char *const *path)
{
    struct walk walk = {.at = text, .end = text + length};
    char *found = NULL;
    if (length == 0) {
        return NULL;
    }
    while ((walk.at = memchr(walk.at, '<', (size_t)(walk.end - walk.at))) != NULL && step(&walk, path, &found)) {
    }
    return found;
}
