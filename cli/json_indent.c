/* See json_indent.h. A closed terminal is nothing to act on: results of fprintf are not looked at here. */
#include "json_indent.h"

#include "base/json_scan.h"

#define STEP 2

struct indenter {
    FILE *out;
    const char *at;
    const char *end;
    int blanks;
    int depth;
};

static void break_line(const struct indenter *indenter)
{
    (void)fprintf(indenter->out, "\n%*s", indenter->blanks + indenter->depth * STEP, "");
}

/* DEL, and U+0080 to U+009F in their two bytes. */
static bool escape_control(struct indenter *indenter)
{
    unsigned char byte = (unsigned char)*indenter->at;
    unsigned char next = indenter->at + 1 < indenter->end ? (unsigned char)indenter->at[1] : 0;
    if (byte == 0x7f) {
        (void)fputs("\\u007f", indenter->out);
        return true;
    }
    if (byte == 0xc2U && next >= 0x80U && next <= 0x9fU) {
        (void)fprintf(indenter->out, "\\u%04x", next);
        indenter->at++;
        return true;
    }
    return false;
}

/* From the quote on to the one that ends it. */
static void copy_string(struct indenter *indenter)
{
    (void)fputc(*indenter->at++, indenter->out);
    for (; indenter->at < indenter->end && *indenter->at != '"'; indenter->at++) {
        if (*indenter->at == '\\') {
            (void)fputc(*indenter->at++, indenter->out);
        }
        if (!escape_control(indenter)) {
            (void)fputc(*indenter->at, indenter->out);
        }
    }
    (void)fputc('"', indenter->out);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* At a brace or bracket that opens: with nothing in it, it stays on its line. */
static void open(struct indenter *indenter)
{
    const char *next = indenter->at + 1;
    (void)fputc(*indenter->at, indenter->out);
    while (next < indenter->end && is_blank(*next)) {
        next++;
    }
    if (next < indenter->end && (*next == '}' || *next == ']')) {
        (void)fputc(*next, indenter->out);
        indenter->at = next;
        return;
    }
    indenter->depth++;
    break_line(indenter);
}

static void copy_one(struct indenter *indenter)
{
    switch (*indenter->at) {
    case '"':
        copy_string(indenter);
        break;
    case '{':
    case '[':
        open(indenter);
        break;
    case '}':
    case ']':
        indenter->depth--;
        break_line(indenter);
        (void)fputc(*indenter->at, indenter->out);
        break;
    case ',':
        (void)fputc(',', indenter->out);
        break_line(indenter);
        break;
    case ':':
        (void)fputs(": ", indenter->out);
        break;
    default:
        if (!is_blank(*indenter->at)) {
            (void)fputc(*indenter->at, indenter->out);
        }
        break;
    }
}

bool json_indent(FILE *out, const char *text, size_t length, int blanks)
{
    struct json_slice value = {0};
    if (!json_scan_value(text, length, &value)) {
        return false;
    }
    struct indenter indenter = {.out = out, .at = value.data, .end = value.data + value.length, .blanks = blanks};
    for (; indenter.at < indenter.end; indenter.at++) {
        copy_one(&indenter);
    }
    return true;
}
