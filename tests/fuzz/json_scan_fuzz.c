/* Fuzzes base/json_scan.h against jansson: both must agree on what is JSON, on members and on strings, apart from
 * what is written down here as a difference. Slices must be inside the text and valid themselves. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static json_t *load(struct json_slice slice, json_error_t *error)
{
    return json_loadb(slice.data, slice.length, FLAGS, error);
}

/* Where jansson may refuse what RFC 8259 allows: numbers beyond a double, and a zero byte in a name. */
static bool is_known_refusal(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

/* Where jansson may take what we refuse: nesting deeper than our limit, and a zero byte, which ends a text for it. */
static bool is_known_acceptance(const char *text, size_t size)
{
    size_t opened = 0;
    for (size_t i = 0; i < size; i++) {
        opened += text[i] == '[' || text[i] == '{' ? 1 : 0;
    }
    return opened > JSON_SCAN_DEPTH_MAX || memchr(text, '\0', size) != NULL;
}

static void check_inside(const char *text, size_t size, struct json_slice slice)
{
    CHECK(slice.data >= text && slice.length <= size && slice.data + slice.length <= text + size);
    struct json_slice again = {0};
    CHECK(json_scan_value(slice.data, slice.length, &again));
    CHECK(again.data == slice.data && again.length == slice.length);
}

static void check_string(struct json_slice value, const json_t *parsed)
{
    size_t length = 0;
    char *string = json_scan_string(value, &length);
    CHECK((string != NULL) == json_is_string(parsed));
    if (string != NULL) {
        CHECK(length == json_string_length(parsed) && memcmp(string, json_string_value(parsed), length) == 0);
        char *quoted = json_quote(string, length);
        size_t back_length = 0;
        char *back = json_scan_string((struct json_slice){quoted, strlen(quoted)}, &back_length);
        CHECK(back != NULL && back_length == length && memcmp(back, string, length) == 0);
        free(back);
        free(quoted);
        free(string);
    }
}

static void check_members(const char *text, size_t size, json_t *parsed)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(parsed, name, value) {
        struct json_slice slice = json_scan_member(text, size, name);
        CHECK(slice.data != NULL);
        check_inside(text, size, slice);
        json_error_t error;
        json_t *again = load(slice, &error);
        CHECK(again != NULL && json_equal(again, value));
        json_decref(again);
    }
}

static size_t check_elements(const char *text, size_t size, const json_t *parsed)
{
    size_t position = 0;
    size_t count = 0;
    struct json_slice element = {0};
    while (json_scan_element(text, size, &position, &element)) {
        check_inside(text, size, element);
        if (json_is_array(parsed)) {
            json_error_t error;
            json_t *again = load(element, &error);
            CHECK(again != NULL && json_equal(again, json_array_get(parsed, count)));
            json_decref(again);
        }
        count++;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    struct json_slice value = {0};
    bool is_valid = json_scan_value(text, size, &value);
    if (is_valid) {
        check_inside(text, size, value);
    }
    json_error_t error;
    json_t *parsed = size == 0 ? NULL : load((struct json_slice){text, size}, &error);
    CHECK(is_valid || parsed == NULL || is_known_acceptance(text, size));
    CHECK(!is_valid || parsed != NULL || is_known_refusal(&error));
    if (is_valid && parsed != NULL) {
        check_string(value, parsed);
        check_members(text, size, parsed);
        CHECK(check_elements(text, size, parsed) == json_array_size(parsed));
    } else {
        (void)check_elements(text, size, NULL);
        CHECK(is_valid || json_scan_member(text, size, "a").data == NULL);
        char *string = json_scan_string((struct json_slice){text, size}, NULL);
        CHECK(string == NULL || is_valid);
        free(string);
    }
    json_decref(parsed);
    char *quoted = json_quote(text, size);
    CHECK(quoted == NULL || json_scan_value(quoted, strlen(quoted), NULL));
    free(quoted);
    return 0;
}
