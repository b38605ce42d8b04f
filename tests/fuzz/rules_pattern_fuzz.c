/* Fuzzes rules/event_pattern.h: a pattern, a line feed, a body. Whatever compiles gives the same answer twice, from a
 * fresh message as from a used one, and as one of two equal alternatives. */
#include <jansson.h>
#include <string.h>

#include "base/check.h"
#include "rules/event_pattern.h"
#include "rules/json_value.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool matches_fresh(const json_t *source, const char *body, size_t length)
{
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    CHECK(event_pattern_compile(source, &pattern, &error) == STATUS_OK);
    struct event_subject subject = {.message_id = "id", .body = body, .body_length = length};
    bool result = event_pattern_matches(pattern, &subject);
    CHECK(event_pattern_matches(pattern, &subject) == result);
    event_subject_deinit(&subject);
    event_pattern_destroy(pattern);
    return result;
}

static void check_alternatives(json_t *source, const char *body, size_t length, bool expected)
{
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    json_t *twice = json_pack("{s:[O, O]}", "$or", source, source);
    if (event_pattern_compile(twice, &pattern, &error) == STATUS_OK) { /* not over a limit now */
        CHECK(matches_fresh(twice, body, length) == expected);
    }
    event_pattern_destroy(pattern);
    json_decref(twice);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    json_t *source = NULL;
    struct event_pattern *pattern = NULL;
    struct error error = {0};
    if (end == NULL || json_value_parse(text, (size_t)(end - text), &source, &error) != STATUS_OK) {
        return 0;
    }
    if (event_pattern_compile(source, &pattern, &error) == STATUS_OK) {
        size_t length = size - (size_t)(end - text) - 1;
        bool result = matches_fresh(source, end + 1, length);
        check_alternatives(source, end + 1, length, result);
    } else {
        CHECK(error.text[0] != '\0' && pattern == NULL);
    }
    event_pattern_destroy(pattern);
    json_decref(source);
    return 0;
}
