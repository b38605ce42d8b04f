/* The sections of AWS's profile files. */
#include "profile_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

static void section_deinit(struct profile_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        memory_wipe_string(section->properties[i].value);
        free(section->properties[i].name);
        free(section->properties[i].value);
    }
    section->count = 0;
}

void profile_files_deinit(struct profile_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        section_deinit(&files->sections[i]);
        free(files->sections[i].properties);
        free(files->sections[i].name);
    }
    free(files->sections);
    *files = (struct profile_files){0};
}

/* A piece of a line. */
struct text {
    const char *data;
    size_t length;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

static struct text trim(struct text text)
{
    while (text.length > 0 && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1])) {
        text.length--;
    }
    return text;
}

static bool equals(struct text text, const char *string)
{
    return text.length == strlen(string) && memcmp(text.data, string, text.length) == 0;
}

static bool is_comment(struct text text)
{
    return text.length > 0 && (text.data[0] == '#' || text.data[0] == ';');
}

/* What is behind the '=': a comment in it starts with white space and '#' or ';'. */
static struct text cut_comment(struct text text)
{
    for (size_t i = 1; i < text.length; i++) {
        if ((text.data[i] == '#' || text.data[i] == ';') && is_blank(text.data[i - 1])) {
            text.length = i;
        }
    }
    return trim(text);
}

/* Of profiles and properties. */
static bool is_name(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        bool is_fine = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte != '\0' && strchr("-/.%@_:+", byte) != NULL);
        if (!is_fine) {
            return false;
        }
    }
    return text.length > 0;
}

struct parser {
    struct profile_files *files;
    const char *file;
    int line;
    enum profile_file_kind kind;
    size_t section;       /* 1 + place of the one that properties belong to; 0: they are passed over */
    size_t property;      /* 1 + place of the one that continuations belong to; 0: they are passed over */
    bool is_any_section;  /* after the first [section] */
    bool is_continuation; /* an indented line may follow: a property came before */
    bool is_nested;       /* that property had no value: indented lines are properties of their own */
};

static enum status malformed(const struct parser *parser, const char *what, struct error *error)
{
    return error_set(error, STATUS_MALFORMED, "%s:%d: %s", parser->file, parser->line, what);
}

/* What is left of name behind a word and white space. */
static bool cut_word(struct text name, const char *word, struct text *out)
{
    size_t length = strlen(word);
    if (name.length <= length || memcmp(name.data, word, length) != 0 || !is_blank(name.data[length])) {
        return false;
    }
    *out = trim((struct text){name.data + length, name.length - length});
    return true;
}

/* false: a section of no kind that is of interest. */
static bool read_header(const struct parser *parser, struct text name, struct profile_section *out,
                        struct text *out_name)
{
    *out = (struct profile_section){.kind = PROFILE_SECTION_PROFILE};
    *out_name = name;
    if (parser->kind == PROFILE_FILE_CREDENTIALS) {
        return is_name(name);
    }
    if (cut_word(name, "profile", out_name)) {
        out->is_prefixed = true;
    } else if (cut_word(name, "sso-session", out_name)) {
        out->kind = PROFILE_SECTION_SSO_SESSION;
    } else if (cut_word(name, "services", out_name)) {
        out->kind = PROFILE_SECTION_SERVICES;
    } else {
        return equals(name, "default");
    }
    return is_name(*out_name);
}

static struct profile_section *find(const struct profile_files *files, enum profile_section_kind kind,
                                    struct text name)
{
    for (size_t i = 0; i < files->count; i++) {
        if (files->sections[i].kind == kind && equals(name, files->sections[i].name)) {
            return &files->sections[i];
        }
    }
    return NULL;
}

static size_t open_section(struct parser *parser, const struct profile_section *header, struct text name)
{
    struct profile_files *files = parser->files;
    struct profile_section *section = find(files, header->kind, name);
    if (section == NULL) {
        if (files->count == files->capacity) {
            files->capacity = files->capacity == 0 ? 8 : files->capacity * 2;
            files->sections = memory_resize_array(files->sections, files->capacity, sizeof *files->sections);
        }
        section = &files->sections[files->count++];
        *section = *header;
        section->name = memory_copy(name.data, name.length);
    } else if (parser->kind == PROFILE_FILE_CONFIG && section->is_prefixed != header->is_prefixed) {
        if (section->is_prefixed) {
            return 0;
        }
        section_deinit(section);
        section->is_prefixed = true;
    }
    return (size_t)(section - files->sections) + 1;
}

static enum status parse_section(struct parser *parser, struct text line, struct error *error)
{
    const char *end = memchr(line.data, ']', line.length);
    if (end == NULL) {
        return malformed(parser, "this section has no \"]\"", error);
    }
    struct profile_section header;
    struct text name;
    bool is_known =
        read_header(parser, trim((struct text){line.data + 1, (size_t)(end - line.data) - 1}), &header, &name);
    parser->section = is_known ? open_section(parser, &header, name) : 0;
    parser->is_any_section = true;
    parser->is_continuation = false;
    return STATUS_OK;
}

static char *copy_lower(struct text text)
{
    char *copy = memory_copy(text.data, text.length);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    }
    return copy;
}

static size_t set_property(struct profile_section *section, struct text key, struct text value)
{
    char *name = copy_lower(key);
    char *copy = memory_copy(value.data, value.length);
    for (size_t i = 0; i < section->count; i++) {
        struct profile_property *property = &section->properties[i];
        if (strcmp(property->name, name) == 0) {
            memory_wipe_string(property->value);
            free(property->value);
            property->value = copy;
            free(name);
            return i + 1;
        }
    }
    if (section->count == section->capacity) {
        section->capacity = section->capacity == 0 ? 8 : section->capacity * 2;
        section->properties = memory_resize_array(section->properties, section->capacity, sizeof *section->properties);
    }
    section->properties[section->count++] = (struct profile_property){.name = name, .value = copy};
    return section->count;
}

static enum status parse_continuation(struct parser *parser, struct text line, struct error *error)
{
    if (!parser->is_any_section) {
        return malformed(parser, "a property before the first [section]", error);
    }
    if (!parser->is_continuation) {
        return malformed(parser, "an indented line must follow a property", error);
    }
    const char *equals_sign = memchr(line.data, '=', line.length);
    if (parser->is_nested && (equals_sign == NULL || equals_sign == line.data)) {
        return malformed(parser, "expected \"key = value\" below a property without a value", error);
    }
    if (parser->section != 0 && parser->property != 0) {
        CHECK(parser->property <= parser->files->sections[parser->section - 1].count);
        struct profile_property *property =
            &parser->files->sections[parser->section - 1].properties[parser->property - 1];
        char *longer = memory_format("%s\n%.*s", property->value, (int)line.length, line.data);
        memory_wipe_string(property->value);
        free(property->value);
        property->value = longer;
    }
    return STATUS_OK;
}

static enum status parse_line(struct parser *parser, struct text line, struct error *error)
{
    struct text trimmed = trim(line);
    if (trimmed.length == 0 || is_comment(trimmed)) {
        return STATUS_OK;
    }
    if (is_blank(line.data[0])) {
        return parse_continuation(parser, trimmed, error);
    }
    if (trimmed.data[0] == '[') {
        return parse_section(parser, trimmed, error);
    }
    if (!parser->is_any_section) {
        return malformed(parser, "a property before the first [section]", error);
    }
    const char *equals_sign = memchr(trimmed.data, '=', trimmed.length);
    size_t key_length = equals_sign == NULL ? 0 : (size_t)(equals_sign - trimmed.data);
    struct text key = trim((struct text){trimmed.data, key_length});
    if (equals_sign == NULL || key.length == 0) {
        return malformed(parser, "expected \"key = value\"", error);
    }
    struct text value = cut_comment((struct text){equals_sign + 1, trimmed.length - key_length - 1});
    bool is_kept = parser->section != 0 && is_name(key) && memchr(value.data, '\0', value.length) == NULL;
    parser->property = is_kept ? set_property(&parser->files->sections[parser->section - 1], key, value) : 0;
    parser->is_continuation = true;
    parser->is_nested = value.length == 0;
    return STATUS_OK;
}

enum status profile_files_parse(struct profile_files *files, const char *text, size_t length, const char *name,
                                enum profile_file_kind kind, struct error *error)
{
    struct parser parser = {.files = files, .file = name, .kind = kind};
    size_t at = 0;
    CHECK(text != NULL || length == 0);
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        at = 3; /* a byte order mark */
    }
    while (at < length) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line_length = end == NULL ? length - at : (size_t)(end - (text + at));
        parser.line++;
        enum status status = parse_line(&parser, (struct text){text + at, line_length}, error);
        if (status != STATUS_OK) {
            return status;
        }
        at += line_length + 1;
    }
    return STATUS_OK;
}

const struct profile_section *profile_files_find(const struct profile_files *files, enum profile_section_kind kind,
                                                 const char *name)
{
    return find(files, kind, (struct text){name, strlen(name)});
}

const char *profile_get(const struct profile_section *section, const char *name)
{
    for (size_t i = 0; section != NULL && i < section->count; i++) {
        if (strcmp(section->properties[i].name, name) == 0) {
            return section->properties[i].value[0] == '\0' ? NULL : section->properties[i].value;
        }
    }
    return NULL;
}

char *profile_get_nested(const struct profile_section *section, const char *outer, const char *inner)
{
    const char *at = profile_get(section, outer);
    while (at != NULL && *at != '\0') {
        at += at[0] == '\n' ? 1 : 0;
        size_t length = strcspn(at, "\n");
        const char *equals_sign = memchr(at, '=', length);
        if (equals_sign != NULL && equals(trim((struct text){at, (size_t)(equals_sign - at)}), inner)) {
            struct text value = trim((struct text){equals_sign + 1, length - (size_t)(equals_sign - at) - 1});
            return value.length == 0 ? NULL : memory_copy(value.data, value.length);
        }
        at += length;
    }
    return NULL;
}
