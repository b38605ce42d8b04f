/* See media_type.h. */
#include "base/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* Length of the type at the beginning, without white space behind it. */
static size_t type_length(const char *text)
{
    return strcspn(text, " \t;,");
}

bool media_type_is(const char *content_type, const char *type)
{
    if (content_type == NULL) {
        return false;
    }
    const char *text = skip_space(content_type);
    size_t length = type_length(text);
    const char *rest = skip_space(text + length);
    return length == strlen(type) && strncasecmp(text, type, length) == 0 && (*rest == '\0' || *rest == ';');
}

#define FIT_ITSELF 3

/* How well a range fits: FIT_ITSELF, 2 its kind, 1 any, 0 not. */
static int fit(const char *range, size_t length, const char *type)
{
    size_t kind = strcspn(type, "/") + 1;
    if (length == strlen(type) && strncasecmp(range, type, length) == 0) {
        return FIT_ITSELF;
    }
    if (length == kind + 1 && strncasecmp(range, type, kind) == 0 && range[kind] == '*') {
        return 2;
    }
    return length == 3 && strncmp(range, "*/*", 3) == 0 ? 1 : 0;
}

/* The parameters of a range say q=0, 0.0, 0.00 or 0.000. */
static bool is_refused(const char *parameters, const char *end)
{
    while (parameters < end && *parameters == ';') {
        parameters = skip_space(parameters + 1);
        if (strncasecmp(parameters, "q=", 2) == 0) {
            const char *value = parameters + 2;
            return *value == '0' && strspn(value, "0.") == strcspn(value, " \t;,");
        }
        parameters += strcspn(parameters, ";,");
    }
    return false;
}

/* How well the most specific range fits; 0: none does, or it has a q of 0. */
static int best_fit(const char *accept, const char *type)
{
    int best = 0;
    bool is_taken = false;
    for (const char *next = accept; next != NULL;) {
        const char *range = skip_space(next);
        size_t length = type_length(range);
        const char *end = range + strcspn(range, ",");
        int how = fit(range, length, type);
        if (how > best) {
            best = how;
            is_taken = !is_refused(skip_space(range + length), end);
        }
        next = *end == ',' ? end + 1 : NULL;
    }
    return is_taken ? best : 0;
}

bool media_type_is_acceptable(const char *accept, const char *type)
{
    return accept == NULL || *skip_space(accept) == '\0' || best_fit(accept, type) > 0;
}

bool media_type_is_named(const char *accept, const char *type)
{
    return accept != NULL && best_fit(accept, type) == FIT_ITSELF;
}
