/* See wait_preference.h. */
#include "wait_preference.h"

#include <string.h>
#include <strings.h>

#include "duration.h"

#define SECONDS_DIGITS_MAX 9

/* Where the list's element that text begins ends: at a comma outside quotes. */
static const char *element_end(const char *text)
{
    bool is_quoted = false;
    while (*text != '\0' && (is_quoted || *text != ',')) {
        if (*text == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && *text == '\\' && text[1] != '\0') {
            text++;
        }
        text++;
    }
    return text;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* `wait = "25" ; parameters`: the seconds; -1: another preference, or no number. */
static int64_t read_element(const char *text)
{
    static const char name[] = "wait";
    int64_t seconds = 0;
    text = skip_space(text);
    if (strncasecmp(text, name, sizeof name - 1) != 0) {
        return -1;
    }
    text = skip_space(text + sizeof name - 1);
    if (*text != '=') {
        return -1;
    }
    text = skip_space(text + 1);
    bool is_quoted = *text == '"';
    text += is_quoted ? 1 : 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && i < SECONDS_DIGITS_MAX; i++) {
        seconds = seconds * 10 + (text[i] - '0');
    }
    const char *rest = text + digits;
    if (digits == 0 || digits > SECONDS_DIGITS_MAX || (is_quoted && *rest != '"')) {
        return -1;
    }
    rest = skip_space(rest + (is_quoted ? 1 : 0));
    return *rest == '\0' || *rest == ',' || *rest == ';' ? seconds : -1;
}

enum status wait_preference_read(const char *query, const char *prefer, int64_t maximum_ms,
                                 struct wait_preference *out_wait, struct error *error)
{
    struct wait_preference wait = {0};
    if (query != NULL) {
        enum status status = duration_parse("wait", query, strlen(query), maximum_ms, &wait.wait_ms, error);
        if (status != STATUS_OK) {
            return status;
        }
        wait.is_given = true;
    }
    for (const char *next = prefer; next != NULL && !wait.is_given; next = *next == ',' ? next + 1 : NULL) {
        int64_t seconds = read_element(next);
        if (seconds >= 0) { /* of several, the first counts (RFC 7240, section 2) */
            wait.is_given = true;
            wait.is_preferred = true;
            wait.wait_ms = seconds * 1000 > maximum_ms ? maximum_ms : seconds * 1000;
        }
        next = element_end(next);
    }
    *out_wait = wait;
    return STATUS_OK;
}
