/* Validates JSON and finds raw slices in it: RFC 8259, valid UTF-8, bounded depth, one pass, no recursion.
 * An escaped surrogate without its partner is refused, as jansson refuses it: it has no UTF-8 form. */
#include "base/json_scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "plain_text.h"

/* A position in a text. The scan_ functions move it behind what they read; on false it stands anywhere. */
struct scanner {
    const char *next;
    const char *end;
};

static void skip_space(struct scanner *scanner)
{
    while (scanner->next < scanner->end) {
        char character = *scanner->next;
        if (character != ' ' && character != '\n' && character != '\t' && character != '\r') {
            break;
        }
        scanner->next++;
    }
}

static bool accept(struct scanner *scanner, char character)
{
    if (scanner->next == scanner->end || *scanner->next != character) {
        return false;
    }
    scanner->next++;
    return true;
}

static bool accept_word(struct scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scanner->end - scanner->next) < length || memcmp(scanner->next, word, length) != 0) {
        return false;
    }
    scanner->next += length;
    return true;
}

static bool scan_digits(struct scanner *scanner)
{
    const char *first = scanner->next;
    while (scanner->next < scanner->end && *scanner->next >= '0' && *scanner->next <= '9') {
        scanner->next++;
    }
    return scanner->next > first;
}

static bool scan_number(struct scanner *scanner)
{
    (void)accept(scanner, '-');
    if (!accept(scanner, '0') && !scan_digits(scanner)) {
        return false;
    }
    if (accept(scanner, '.') && !scan_digits(scanner)) {
        return false;
    }
    if (accept(scanner, 'e') || accept(scanner, 'E')) {
        if (!accept(scanner, '+')) {
            (void)accept(scanner, '-');
        }
        return scan_digits(scanner);
    }
    return true;
}

static bool scan_hex4(struct scanner *scanner, uint32_t *out_unit)
{
    if (scanner->end - scanner->next < 4) {
        return false;
    }
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        char character = *scanner->next++;
        uint32_t digit = 0;
        if (character >= '0' && character <= '9') {
            digit = (uint32_t)(character - '0');
        } else if (character >= 'a' && character <= 'f') {
            digit = (uint32_t)(character - 'a') + 10;
        } else if (character >= 'A' && character <= 'F') {
            digit = (uint32_t)(character - 'A') + 10;
        } else {
            return false;
        }
        unit = unit * 16 + digit;
    }
    *out_unit = unit;
    return true;
}

/* Behind the backslash. */
static bool scan_escape(struct scanner *scanner, uint32_t *out_code_point)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (scanner->next == scanner->end) {
        return false;
    }
    char name = *scanner->next++;
    if (name != 'u') {
        const char *found = memchr(names, name, sizeof names - 1);
        if (found == NULL) {
            return false;
        }
        *out_code_point = (uint32_t)(unsigned char)meanings[found - names];
        return true;
    }
    uint32_t unit = 0;
    if (!scan_hex4(scanner, &unit) || (unit >= 0xDC00U && unit <= 0xDFFFU)) {
        return false;
    }
    if (unit >= 0xD800U && unit <= 0xDBFFU) {
        uint32_t low = 0;
        if (!accept_word(scanner, "\\u") || !scan_hex4(scanner, &low) || low < 0xDC00U || low > 0xDFFFU) {
            return false;
        }
        unit = 0x10000U + ((unit - 0xD800U) << 10) + (low - 0xDC00U);
    }
    *out_code_point = unit;
    return true;
}

/* One character of a string, unescaped, into piece. A size of 0 means the closing quote was read. */
static bool scan_piece(struct scanner *scanner, char piece[4], size_t *out_size)
{
    if (scanner->next == scanner->end) {
        return false;
    }
    unsigned char character = (unsigned char)*scanner->next;
    if (character == '"') {
        scanner->next++;
        *out_size = 0;
        return true;
    }
    if (character == '\\') {
        uint32_t code_point = 0;
        scanner->next++;
        if (!scan_escape(scanner, &code_point)) {
            return false;
        }
        *out_size = utf8_encode(code_point, piece);
        return true;
    }
    size_t size = utf8_sequence(scanner->next, (size_t)(scanner->end - scanner->next));
    if (size == 0 || character < 0x20) {
        return false;
    }
    memcpy(piece, scanner->next, size);
    scanner->next += size;
    *out_size = size;
    return true;
}

/* Moves over what stands for itself; how much it was. */
static size_t scan_plain(struct scanner *scanner)
{
    size_t length = plain_text_length(scanner->next, (size_t)(scanner->end - scanner->next));
    scanner->next += length;
    return length;
}

static bool scan_string(struct scanner *scanner)
{
    if (!accept(scanner, '"')) {
        return false;
    }
    char piece[4];
    size_t size = 1;
    while (size != 0) {
        (void)scan_plain(scanner);
        if (accept(scanner, '"')) {
            return true;
        }
        if (!scan_piece(scanner, piece, &size)) {
            return false;
        }
    }
    return true;
}

/* raw: a valid string with its quotes and without escapes. It has no zero bytes: text is not read beyond its end. */
static bool is_text(struct json_slice raw, const char *text)
{
    return strncmp(raw.data + 1, text, raw.length - 2) == 0 && text[raw.length - 2] == '\0';
}

/* The same after unescaping. */
static bool is_escaped_text(struct json_slice raw, const char *text)
{
    struct scanner scanner = {.next = raw.data + 1, .end = raw.data + raw.length};
    size_t length = strlen(text);
    size_t matched = 0;
    char piece[4];
    size_t size = 0;
    while (scan_piece(&scanner, piece, &size) && size > 0) {
        if (size > length - matched || memcmp(piece, text + matched, size) != 0) {
            return false;
        }
        matched += size;
    }
    return matched == length;
}

static bool scan_scalar(struct scanner *scanner)
{
    if (scanner->next == scanner->end) {
        return false;
    }
    switch (*scanner->next) {
    case '"':
        return scan_string(scanner);
    case 't':
        return accept_word(scanner, "true");
    case 'f':
        return accept_word(scanner, "false");
    case 'n':
        return accept_word(scanner, "null");
    default:
        return scan_number(scanner);
    }
}

/* Which containers are open: one bit each, set for an object. */
struct nesting {
    unsigned char is_object[JSON_SCAN_DEPTH_MAX / 8];
    size_t depth;
};

static bool nesting_open(struct nesting *nesting, bool is_object)
{
    if (nesting->depth == JSON_SCAN_DEPTH_MAX) {
        return false;
    }
    unsigned bit = 1U << (nesting->depth % 8);
    unsigned char *byte = &nesting->is_object[nesting->depth / 8];
    *byte = (unsigned char)(is_object ? *byte | bit : *byte & ~bit);
    nesting->depth++;
    return true;
}

static bool nesting_is_object(const struct nesting *nesting)
{
    size_t top = nesting->depth - 1;
    return (nesting->is_object[top / 8] & (1U << (top % 8))) != 0;
}

static bool scan_name_and_colon(struct scanner *scanner)
{
    skip_space(scanner);
    if (!scan_string(scanner)) {
        return false;
    }
    skip_space(scanner);
    return accept(scanner, ':');
}

/* Behind a value inside a container: closes what ends here. *out_is_done: the outermost container is closed; else
 * the next thing to read is a value. */
static bool scan_after_value(struct scanner *scanner, struct nesting *nesting, bool *out_is_done)
{
    while (nesting->depth > 0) {
        bool is_object = nesting_is_object(nesting);
        skip_space(scanner);
        if (accept(scanner, ',')) {
            *out_is_done = false;
            return !is_object || scan_name_and_colon(scanner);
        }
        if (!accept(scanner, is_object ? '}' : ']')) {
            return false;
        }
        nesting->depth--;
    }
    *out_is_done = true;
    return true;
}

/* Opens a container. *out_is_empty: it is closed again already. */
static bool scan_opening(struct scanner *scanner, struct nesting *nesting, bool *out_is_empty)
{
    bool is_object = *scanner->next == '{';
    scanner->next++;
    if (!nesting_open(nesting, is_object)) {
        return false;
    }
    skip_space(scanner);
    *out_is_empty = accept(scanner, is_object ? '}' : ']');
    if (*out_is_empty) {
        nesting->depth--;
        return true;
    }
    return !is_object || scan_name_and_colon(scanner);
}

/* One value with the white space before it. levels: how many containers around it count against the depth. */
static bool scan_value(struct scanner *scanner, size_t levels, struct json_slice *out_value)
{
    struct nesting nesting = {.depth = 0};
    skip_space(scanner);
    const char *first = scanner->next;
    bool is_done = false;
    while (!is_done) {
        skip_space(scanner);
        bool is_complete = true;
        if (scanner->next < scanner->end && (*scanner->next == '{' || *scanner->next == '[')) {
            if (nesting.depth + levels >= JSON_SCAN_DEPTH_MAX || !scan_opening(scanner, &nesting, &is_complete)) {
                return false;
            }
        } else if (!scan_scalar(scanner)) {
            return false;
        }
        if (is_complete && !scan_after_value(scanner, &nesting, &is_done)) {
            return false;
        }
    }
    *out_value = (struct json_slice){.data = first, .length = (size_t)(scanner->next - first)};
    return true;
}

static bool scan_end(struct scanner *scanner)
{
    skip_space(scanner);
    return scanner->next == scanner->end;
}

bool json_scan_value(const char *text, size_t length, struct json_slice *out_value)
{
    if (length == 0) {
        return false;
    }
    struct scanner scanner = {.next = text, .end = text + length};
    struct json_slice value = {0};
    if (!scan_value(&scanner, 0, &value) || !scan_end(&scanner)) {
        return false;
    }
    if (out_value != NULL) {
        *out_value = value;
    }
    return true;
}

static const struct json_slice s_absent = {.data = NULL, .length = 0};

static bool scan_members(struct scanner *scanner, const char *const *names, struct json_slice *out_values,
                         size_t count)
{
    skip_space(scanner);
    if (!accept(scanner, '{')) {
        return false;
    }
    skip_space(scanner);
    if (accept(scanner, '}')) {
        return scan_end(scanner);
    }
    do {
        struct json_slice value = s_absent;
        skip_space(scanner);
        struct json_slice name = {.data = scanner->next};
        if (!scan_string(scanner)) {
            return false;
        }
        name.length = (size_t)(scanner->next - name.data);
        skip_space(scanner);
        if (!accept(scanner, ':') || !scan_value(scanner, 1, &value)) {
            return false;
        }
        bool is_escaped = memchr(name.data, '\\', name.length) != NULL;
        for (size_t i = 0; i < count; i++) {
            if (is_escaped ? is_escaped_text(name, names[i]) : is_text(name, names[i])) {
                out_values[i] = value;
            }
        }
        skip_space(scanner);
    } while (accept(scanner, ','));
    return accept(scanner, '}') && scan_end(scanner);
}

void json_scan_members(const char *text, size_t length, const char *const *names, struct json_slice *out_values,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out_values[i] = s_absent;
    }
    if (length == 0) {
        return;
    }
    struct scanner scanner = {.next = text, .end = text + length};
    if (!scan_members(&scanner, names, out_values, count)) {
        for (size_t i = 0; i < count; i++) {
            out_values[i] = s_absent;
        }
    }
}

struct json_slice json_scan_member(const char *text, size_t length, const char *name)
{
    struct json_slice value;
    json_scan_members(text, length, &name, &value, 1);
    return value;
}

/* Moves to the first element or member, or behind the comma before the next one. Otherwise the position is the end. */
static bool scan_next(const char *text, size_t length, char opening, size_t *position, struct scanner *out_scanner)
{
    struct scanner scanner = {.next = text + *position, .end = text + length};
    bool is_first = *position == 0;
    if (*position >= length) {
        return false;
    }
    if (is_first) {
        skip_space(&scanner);
    }
    /* Between two of them the position stands behind a value: a comma or the end follows. */
    if (!accept(&scanner, is_first ? opening : ',') || (is_first && !json_scan_value(text, length, NULL))) {
        *position = length;
        return false;
    }
    *out_scanner = scanner;
    return true;
}

bool json_scan_element(const char *text, size_t length, size_t *position, struct json_slice *out_element)
{
    struct scanner scanner;
    struct json_slice element = s_absent;
    if (!scan_next(text, length, '[', position, &scanner)) {
        return false;
    }
    if (!scan_value(&scanner, 1, &element)) { /* only in an empty array, for the whole has been checked */
        *position = length;
        return false;
    }
    skip_space(&scanner);
    *position = (size_t)(scanner.next - text);
    *out_element = element;
    return true;
}

bool json_scan_next_member(const char *text, size_t length, size_t *position, struct json_slice *out_name,
                           struct json_slice *out_value)
{
    struct scanner scanner;
    struct json_slice value = s_absent;
    if (!scan_next(text, length, '{', position, &scanner)) {
        return false;
    }
    skip_space(&scanner);
    struct json_slice name = {.data = scanner.next};
    bool is_member = scan_string(&scanner); /* false only in an empty object */
    name.length = (size_t)(scanner.next - name.data);
    if (is_member) {
        skip_space(&scanner);
        is_member = accept(&scanner, ':') && scan_value(&scanner, 1, &value);
    }
    if (!is_member) {
        *position = length;
        return false;
    }
    skip_space(&scanner);
    *position = (size_t)(scanner.next - text);
    *out_name = name;
    *out_value = value;
    return true;
}

bool json_scan_string_into(struct json_slice value, char *out, size_t *out_length)
{
    if (value.data == NULL || value.length < 2 || value.data[0] != '"') {
        return false;
    }
    struct scanner scanner = {.next = value.data + 1, .end = value.data + value.length};
    size_t length = 0; /* unescaping never makes a string longer */
    size_t size = 1;
    while (size != 0) {
        char piece[4];
        const char *plain = scanner.next;
        size_t plain_length = scan_plain(&scanner);
        memcpy(out + length, plain, plain_length);
        length += plain_length;
        if (!scan_piece(&scanner, piece, &size)) {
            return false;
        }
        memcpy(out + length, piece, size);
        length += size;
    }
    if (scanner.next != scanner.end) {
        return false;
    }
    CHECK(length < value.length);
    out[length] = '\0';
    if (out_length != NULL) {
        *out_length = length;
    }
    return true;
}

char *json_scan_string(struct json_slice value, size_t *out_length)
{
    if (value.data == NULL || value.length < 2 || value.data[0] != '"') {
        return NULL;
    }
    char *text = memory_alloc(value.length);
    if (!json_scan_string_into(value, text, out_length)) {
        free(text);
        return NULL;
    }
    return text;
}
