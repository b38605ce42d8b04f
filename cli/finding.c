/* See finding.h. */
#include "finding.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"
#include "output.h"

#define TEXT_MAX 1000 /* bytes of what was found */

struct findings {
    json_t *list;
    size_t counts[FINDING_ERROR + 1];
};

const char *finding_level_name(enum finding_level level)
{
    static const char *const names[] = {
        [FINDING_OK] = "ok", [FINDING_INFO] = "info", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
    return names[level];
}

struct findings *findings_new(void)
{
    struct findings *findings = memory_alloc(sizeof *findings);
    findings->list = json_array();
    return findings;
}

void findings_destroy(struct findings *findings)
{
    if (findings != NULL) {
        json_decref(findings->list);
        free(findings);
    }
}

/* A peer's text may be no UTF-8. */
static json_t *text_of(char *text)
{
    json_t *value = json_string(text);
    if (value == NULL) {
        for (char *at = text; *at != '\0'; at++) {
            *at = (unsigned char)*at < 0x80 ? *at : '?';
        }
        value = json_string(text);
    }
    return value;
}

void findings_add(struct findings *findings, const struct finding_kind *kind, const char *subject, const char *format,
                  ...)
{
    char text[TEXT_MAX];
    char *name = memory_copy_string(subject);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* cut where it is longer */
    va_end(arguments);
    json_t *one = json_pack("{s:s, s:s, s:o, s:o, s:s*}", "id", kind->id, "level", finding_level_name(kind->level),
                            "subject", text_of(name), "text", text_of(text), "cure", kind->cure);
    CHECK(one != NULL && json_array_append_new(findings->list, one) == 0);
    findings->counts[kind->level]++;
    free(name);
}

size_t findings_count(const struct findings *findings, enum finding_level level)
{
    return findings->counts[level];
}

const json_t *findings_json(const struct findings *findings)
{
    return findings->list;
}

void findings_print(const struct findings *findings, FILE *out)
{
    size_t index = 0;
    const json_t *one = NULL;
    json_array_foreach(findings->list, index, one)
    {
        const char *cure = json_string_value(json_object_get(one, "cure"));
        (void)fprintf(out, "%-9s ", json_string_value(json_object_get(one, "level")));
        output_text(out, json_string_value(json_object_get(one, "subject")));
        (void)fputs(": ", out);
        output_text(out, json_string_value(json_object_get(one, "text")));
        (void)fprintf(out, " (%s)\n", json_string_value(json_object_get(one, "id")));
        if (cure != NULL) {
            (void)fprintf(out, "          -> %s\n", cure);
        }
    }
}
