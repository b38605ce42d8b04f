/* ECMA-262's regular expressions (u flag, no flags besides) in PCRE2's words. Only whether a text matches is of
 * interest: groups capture nothing. Every construct that is not known to mean the same is refused. */
#include <stdint.h>
#include <string.h>

#include "ecma_class.h"
#include "ecma_regex.h"
#include "ecma_scan.h"

/* What stands before the current position. */
enum before {
    BEFORE_NOTHING, /* nothing that can be repeated */
    BEFORE_ATOM,
    BEFORE_LOOKAROUND
};

struct translation {
    struct ecma_scan scan;
    bool is_lookaround[ECMA_REGEX_GROUPS_MAX]; /* of each open group */
    size_t depth;
    enum before before;
};

static bool translate_group_opening(struct translation *translation)
{
    static const struct {
        const char *text;
        bool is_lookaround;
    } openings[] = {{"(?:", false}, {"(?=", true}, {"(?!", true}, {"(?<=", true}, {"(?<!", true}};
    struct ecma_scan *scan = &translation->scan;
    bool is_lookaround = false;
    const char *emitted = "(?:";
    if (!ecma_scan_starts_with(scan, "(?")) {
        scan->position++;
    } else {
        size_t i = 0;
        while (i < sizeof openings / sizeof openings[0] && !ecma_scan_starts_with(scan, openings[i].text)) {
            i++;
        }
        if (i < sizeof openings / sizeof openings[0]) {
            is_lookaround = openings[i].is_lookaround;
            emitted = openings[i].text;
            scan->position += strlen(openings[i].text);
        } else if (ecma_scan_starts_with(scan, "(?<")) {
            scan->position += 3;
            if (!ecma_scan_group_name(scan)) {
                return ecma_scan_fail(scan, "expected a name and \">\" after \"(?<\"");
            }
        } else {
            return ecma_scan_fail(scan, "\"(?\" begins nothing that ECMA-262 knows");
        }
    }
    if (translation->depth == ECMA_REGEX_GROUPS_MAX) {
        return ecma_scan_fail(scan, "more than %d groups within each other", ECMA_REGEX_GROUPS_MAX);
    }
    translation->is_lookaround[translation->depth++] = is_lookaround;
    translation->before = BEFORE_NOTHING;
    return ecma_scan_emit(scan, emitted);
}

static bool translate_group_end(struct translation *translation)
{
    if (translation->depth == 0) {
        return ecma_scan_fail(&translation->scan, "\")\" without \"(\"; a literal one is \"\\)\"");
    }
    translation->scan.position++;
    translation->depth--;
    translation->before = translation->is_lookaround[translation->depth] ? BEFORE_LOOKAROUND : BEFORE_ATOM;
    return ecma_scan_emit(&translation->scan, ")");
}

/* {n}, {n,} and {n,m}. */
static bool translate_braces(struct ecma_scan *scan)
{
    size_t start = scan->position;
    size_t least = 0;
    size_t most = 0;
    bool is_known = true;
    scan->position++;
    is_known = ecma_scan_number(scan, ECMA_REGEX_REPEATS_MAX, &least);
    most = least;
    if (is_known && ecma_scan_take(scan, ',') && ecma_scan_next(scan) != '}') {
        is_known = ecma_scan_number(scan, ECMA_REGEX_REPEATS_MAX, &most);
    }
    if (!is_known || !ecma_scan_take(scan, '}')) {
        scan->position = start;
        return ecma_scan_fail(scan, "expected {n}, {n,} or {n,m} of at most %d; a literal brace is \"\\{\"",
                              ECMA_REGEX_REPEATS_MAX);
    }
    if (most < least) {
        return ecma_scan_fail(scan, "{n,m} with n above m");
    }
    return ecma_scan_emit_slice(scan, scan->pattern + start, scan->position - start);
}

static bool translate_quantifier(struct translation *translation)
{
    struct ecma_scan *scan = &translation->scan;
    if (translation->before != BEFORE_ATOM) {
        return ecma_scan_fail(scan, "\"%c\" has nothing to repeat; a literal one is \"\\%c\"", ecma_scan_next(scan),
                              ecma_scan_next(scan));
    }
    translation->before = BEFORE_NOTHING;
    if (ecma_scan_next(scan) == '{') {
        if (!translate_braces(scan)) {
            return false;
        }
    } else {
        if (!ecma_scan_emit_slice(scan, scan->pattern + scan->position, 1)) {
            return false;
        }
        scan->position++;
    }
    return !ecma_scan_take(scan, '?') || ecma_scan_emit(scan, "?");
}

static bool translate_escape(struct translation *translation)
{
    struct ecma_scan *scan = &translation->scan;
    if (ecma_scan_starts_with(scan, "\\b") || ecma_scan_starts_with(scan, "\\B")) {
        translation->before = BEFORE_NOTHING;
        scan->position += 2;
        return ecma_scan_emit_slice(scan, scan->pattern + scan->position - 2, 2);
    }
    translation->before = BEFORE_ATOM;
    struct ecma_class_item item;
    return ecma_class_escape(scan, false, &item) &&
           (item.is_set ? ecma_class_emit_set(scan, item.set, false)
                        : ecma_scan_emit_code_point(scan, item.code_point));
}

static bool translate_literal(struct translation *translation)
{
    struct ecma_scan *scan = &translation->scan;
    uint32_t code_point = ecma_scan_code_point(scan);
    translation->before = BEFORE_ATOM;
    return ecma_scan_emit_code_point(scan, code_point);
}

static bool translate_one(struct translation *translation)
{
    struct ecma_scan *scan = &translation->scan;
    switch (ecma_scan_next(scan)) {
    case '(':
        return translate_group_opening(translation);
    case ')':
        return translate_group_end(translation);
    case '*':
    case '+':
    case '?':
    case '{':
        return translate_quantifier(translation);
    case '[':
        translation->before = BEFORE_ATOM;
        return ecma_class_translate(scan);
    case '\\':
        return translate_escape(translation);
    case '}':
    case ']':
        return ecma_scan_fail(scan, "\"%c\" without its partner; a literal one is \"\\%c\"", ecma_scan_next(scan),
                              ecma_scan_next(scan));
    case '|':
    case '^':
    case '$': {
        char found = ecma_scan_next(scan);
        translation->before = BEFORE_NOTHING;
        scan->position++;
        return ecma_scan_emit(scan, found == '|' ? "|" : found == '^' ? "\\A" : "\\z");
    }
    case '.':
        translation->before = BEFORE_ATOM;
        scan->position++;
        return ecma_scan_emit(scan, "[^\\n\\r\\x{2028}\\x{2029}]");
    default:
        return translate_literal(translation);
    }
}

enum status ecma_regex_translate(const char *pattern, size_t length, struct buffer *out, struct error *error)
{
    if (length > ECMA_REGEX_SIZE_MAX) {
        return error_set(error, STATUS_TOO_LARGE, "a regular expression of %zu bytes, at most %zu", length,
                         ECMA_REGEX_SIZE_MAX);
    }
    struct error problem = {0};
    struct translation translation = {
        .scan = {.pattern = pattern, .length = length, .out = out, .error = &problem}, .before = BEFORE_NOTHING};
    bool is_fine = true;
    while (is_fine && translation.scan.position < length) {
        is_fine = translate_one(&translation);
    }
    if (is_fine && translation.depth > 0) {
        is_fine = ecma_scan_fail(&translation.scan, "\"(\" without \")\"; a literal one is \"\\(\"");
    }
    if (!is_fine && error != NULL) {
        *error = problem;
    }
    return is_fine ? STATUS_OK : problem.status;
}
