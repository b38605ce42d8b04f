/* Fuzzes libs/rules' regular expressions: a pattern, a line feed, a text. Whatever is taken ends within its work,
 * and what matches as a whole also matches anywhere. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "ecma_regex.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define WORK ((size_t)200000)

static enum ecma_regex_outcome match(const char *pattern, size_t pattern_length, const char *text, size_t length)
{
    struct ecma_regex *regex = NULL;
    struct error error = {0};
    size_t work = WORK;
    if (ecma_regex_compile(pattern, pattern_length, &regex, &error) != STATUS_OK) {
        CHECK(error.text[0] != '\0' && regex == NULL);
        return ECMA_REGEX_GAVE_UP;
    }
    enum ecma_regex_outcome outcome = ecma_regex_match(regex, text, length, &work);
    CHECK((outcome == ECMA_REGEX_GAVE_UP) == (work == 0));
    ecma_regex_destroy(regex);
    return outcome;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    char *quoted = end == NULL ? NULL : json_quote(text, size);
    if (quoted == NULL) { /* no UTF-8, which no JSON value holds */
        return 0;
    }
    size_t pattern_length = (size_t)(end - text);
    size_t length = size - pattern_length - 1;
    char *whole = memory_format("^(?:%.*s)$", (int)pattern_length, text);
    if (match(whole, strlen(whole), end + 1, length) == ECMA_REGEX_MATCHES && strlen(whole) == pattern_length + 6) {
        CHECK(match(text, pattern_length, end + 1, length) != ECMA_REGEX_DIFFERS);
    }
    (void)match(text, pattern_length, end + 1, length);
    free(whole);
    free(quoted);
    return 0;
}
