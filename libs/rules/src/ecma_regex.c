/* The one place that calls PCRE2. Work is counted in callouts before each item of a pattern: PCRE2's own match limit
 * starts anew at every position of the text. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "ecma_regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

#define POSITIONS_A_STEP 64 /* characters that PCRE2 passes between two callouts in the time of about one step */
#define OVERHEAD 16        /* steps: setting up a match */

struct ecma_regex {
    pcre2_code *code;
};

static enum status compile(const char *pattern, size_t length, uint32_t options, struct ecma_regex **out,
                           struct error *error)
{
    int code = 0;
    size_t offset = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    CHECK(context != NULL);
    (void)pcre2_set_parens_nest_limit(context, ECMA_REGEX_GROUPS_MAX + 1);
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, length, options | PCRE2_UTF, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (compiled == NULL) {
        PCRE2_UCHAR text[128] = "";
        (void)pcre2_get_error_message(code, text, sizeof text);
        return error_set(error, STATUS_INVALID_ARGUMENT, "not a regular expression that is supported: %s",
                         (const char *)text);
    }
    struct ecma_regex *regex = memory_alloc(sizeof *regex);
    regex->code = compiled;
    *out = regex;
    return STATUS_OK;
}

enum status ecma_regex_compile(const char *pattern, size_t length, struct ecma_regex **out, struct error *error)
{
    struct buffer translated;
    buffer_init(&translated, ECMA_REGEX_TRANSLATED_MAX);
    enum status status = ecma_regex_translate(pattern, length, &translated, error);
    if (status == STATUS_OK) {
        const uint32_t options =
            PCRE2_NO_AUTO_CAPTURE | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
        status =
            compile(translated.data == NULL ? "" : translated.data, translated.length, options, out, error);
    }
    buffer_deinit(&translated);
    return status;
}

enum status ecma_regex_compile_caseless(const char *text, size_t length, bool is_at_start, bool is_at_end,
                                        struct ecma_regex **out, struct error *error)
{
    if (length > ECMA_REGEX_SIZE_MAX) {
        return error_set(error, STATUS_TOO_LARGE, "a text of %zu bytes, at most %zu", length, ECMA_REGEX_SIZE_MAX);
    }
    uint32_t options = PCRE2_LITERAL | PCRE2_CASELESS;
    options |= is_at_start ? PCRE2_ANCHORED : 0;
    options |= is_at_end ? PCRE2_ENDANCHORED : 0;
    return compile(text, length, options, out, error);
}

void ecma_regex_destroy(struct ecma_regex *regex)
{
    if (regex != NULL) {
        pcre2_code_free(regex->code);
        free(regex);
    }
}

struct meter {
    size_t *work_left;
    size_t position;
};

static int count_step(pcre2_callout_block *block, void *argument)
{
    struct meter *meter = argument;
    size_t passed = block->current_position > meter->position ? block->current_position - meter->position
                                                              : meter->position - block->current_position;
    meter->position = block->current_position;
    size_t steps = 1 + passed / POSITIONS_A_STEP;
    if (*meter->work_left <= steps) {
        *meter->work_left = 0;
        return PCRE2_ERROR_CALLOUT;
    }
    *meter->work_left -= steps;
    return 0;
}

enum ecma_regex_outcome ecma_regex_match(const struct ecma_regex *regex, const char *text, size_t length,
                                         size_t *work_left)
{
    size_t overhead = OVERHEAD + length / POSITIONS_A_STEP;
    if (*work_left <= overhead) {
        *work_left = 0;
        return ECMA_REGEX_GAVE_UP;
    }
    *work_left -= overhead;
    struct meter meter = {.work_left = work_left, .position = 0};
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    CHECK(data != NULL && context != NULL);
    (void)pcre2_set_callout(context, count_step, &meter);
    (void)pcre2_set_heap_limit(context, ECMA_REGEX_HEAP_MAX_KIB);
    int result = pcre2_match(regex->code, (PCRE2_SPTR)text, length, 0, 0, data, context);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    if (result >= 0) {
        return ECMA_REGEX_MATCHES;
    }
    if (result == PCRE2_ERROR_NOMATCH) {
        return ECMA_REGEX_DIFFERS;
    }
    *work_left = 0; /* a limit; or no UTF-8, which no JSON value holds */
    return ECMA_REGEX_GAVE_UP;
}
