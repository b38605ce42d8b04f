/* Reading AWS's profile files. */
#include "profile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

void aws_profile_deinit(struct profile *profile)
{
    memory_wipe_string(profile->access_key_id);
    memory_wipe_string(profile->secret_access_key);
    memory_wipe_string(profile->session_token);
    free(profile->access_key_id);
    free(profile->secret_access_key);
    free(profile->session_token);
    free(profile->region);
    free(profile->indirection);
    *profile = (struct profile){0};
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

static bool equals_any_case(struct text text, const char *string)
{
    return text.length == strlen(string) && strncasecmp(text.data, string, text.length) == 0;
}

/* A comment behind a value or section starts with white space and '#' or ';'. */
static struct text cut_comment(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        bool is_mark = text.data[i] == '#' || text.data[i] == ';';
        if (is_mark && (i == 0 || is_blank(text.data[i - 1]))) {
            text.length = i;
        }
    }
    return trim(text);
}

struct parser {
    const char *file;
    int line;
    enum profile_file_kind kind;
    const char *profile_name;
    struct profile *profile;
    bool is_ours;         /* inside the section that is looked for */
    bool is_any_section;  /* after the first [section] */
    bool is_continuation; /* an indented line may follow: a property came before */
};

static bool is_section_ours(const struct parser *parser, struct text name)
{
    if (parser->kind == PROFILE_FILE_CREDENTIALS) {
        return equals(name, parser->profile_name);
    }
    static const char s_prefix[] = "profile";
    size_t prefix = sizeof s_prefix - 1;
    if (name.length > prefix && memcmp(name.data, s_prefix, prefix) == 0 && is_blank(name.data[prefix])) {
        return equals(trim((struct text){name.data + prefix, name.length - prefix}), parser->profile_name);
    }
    return equals(name, "default") && strcmp(parser->profile_name, "default") == 0;
}

static enum status parse_section(struct parser *parser, struct text line, struct error *error)
{
    const char *end = memchr(line.data, ']', line.length);
    if (end == NULL) {
        return error_set(error, STATUS_MALFORMED, "%s:%d: this section has no \"]\"", parser->file, parser->line);
    }
    struct text name = trim((struct text){line.data + 1, (size_t)(end - line.data) - 1});
    parser->is_ours = is_section_ours(parser, name);
    parser->profile->is_found = parser->profile->is_found || parser->is_ours;
    parser->is_any_section = true;
    parser->is_continuation = false;
    return STATUS_OK;
}

static void set(char **out, struct text value)
{
    if (*out == NULL && value.length > 0) {
        *out = memory_copy(value.data, value.length);
    }
}

static void keep_property(struct parser *parser, struct text key, struct text value)
{
    static const char *const s_indirections[] = {"role_arn",    "credential_process", "web_identity_token_file",
                                                 "sso_session", "sso_start_url",      "sso_account_id",
                                                 "login_session"};
    struct profile *profile = parser->profile;
    if (equals_any_case(key, "aws_access_key_id")) {
        set(&profile->access_key_id, value);
    } else if (equals_any_case(key, "aws_secret_access_key")) {
        set(&profile->secret_access_key, value);
    } else if (equals_any_case(key, "aws_session_token")) {
        set(&profile->session_token, value);
    } else if (equals_any_case(key, "region")) {
        set(&profile->region, value);
    }
    for (size_t i = 0; i < sizeof s_indirections / sizeof s_indirections[0]; i++) {
        if (equals_any_case(key, s_indirections[i])) {
            set(&profile->indirection, (struct text){s_indirections[i], strlen(s_indirections[i])});
        }
    }
}

static enum status parse_line(struct parser *parser, struct text line, struct error *error)
{
    struct text trimmed = trim(line);
    if (trimmed.length == 0 || line.data[0] == '#' || line.data[0] == ';') {
        return STATUS_OK;
    }
    if (is_blank(line.data[0])) { /* belongs to the property before: sub-properties of services, nothing we read */
        bool is_comment = trimmed.data[0] == '#' || trimmed.data[0] == ';';
        if (parser->is_continuation || is_comment) {
            return STATUS_OK;
        }
        return error_set(error, STATUS_MALFORMED, "%s:%d: an indented line must follow a property", parser->file,
                         parser->line);
    }
    if (trimmed.data[0] == '[') {
        return parse_section(parser, trimmed, error);
    }
    const char *equals_sign = memchr(trimmed.data, '=', trimmed.length);
    size_t key_length = equals_sign == NULL ? 0 : (size_t)(equals_sign - trimmed.data);
    struct text key = trim((struct text){trimmed.data, key_length});
    if (key.length == 0) {
        return error_set(error, STATUS_MALFORMED, "%s:%d: expected \"key = value\"", parser->file, parser->line);
    }
    if (!parser->is_any_section) {
        return error_set(error, STATUS_MALFORMED, "%s:%d: a property before the first [section]", parser->file,
                         parser->line);
    }
    parser->is_continuation = true;
    if (parser->is_ours) {
        struct text value = {equals_sign + 1, trimmed.length - key_length - 1};
        keep_property(parser, key, cut_comment(trim(value)));
    }
    return STATUS_OK;
}

enum status aws_profile_parse(const char *text, size_t length, const char *name, enum profile_file_kind kind,
                          const char *profile_name, struct profile *profile, struct error *error)
{
    struct parser parser = {.file = name, .kind = kind, .profile_name = profile_name, .profile = profile};
    size_t at = 0;
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

/* NOT_FOUND: no such file. */
static enum status read_file(const char *path, struct buffer *out, struct error *error)
{
    enum status status = STATUS_OK;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_INVALID_ARGUMENT;
        return error_set(error, status, "%s: %s", path, strerrordesc_np(errno));
    }
    char chunk[4096];
    ssize_t got;
    while ((got = read(file, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: %s", path, strerrordesc_np(errno));
            break;
        }
        if (!buffer_append(out, chunk, (size_t)got)) {
            status = error_set(error, STATUS_INVALID_ARGUMENT, "%s: longer than %zu bytes", path, out->maximum);
            break;
        }
    }
    memory_wipe(chunk, sizeof chunk);
    (void)close(file); /* only read from */
    return status;
}

/* given, else the variable's value, else below ~/.aws; NULL: there is no home. */
static char *choose_path(const char *given, const char *variable, const char *file, bool *out_is_asked)
{
    const char *path = given != NULL ? given : getenv(variable);
    *out_is_asked = path != NULL && path[0] != '\0';
    const char *home = getenv("HOME");
    if (!*out_is_asked) {
        return home == NULL || home[0] == '\0' ? NULL : memory_format("%s/.aws/%s", home, file);
    }
    if (strncmp(path, "~/", 2) == 0 && home != NULL) {
        return memory_format("%s%s", home, path + 1);
    }
    return memory_copy_string(path);
}

static enum status load_file(const char *given, enum profile_file_kind kind, const char *profile_name,
                             struct profile *profile, struct error *error)
{
    bool is_credentials = kind == PROFILE_FILE_CREDENTIALS;
    bool is_asked = false;
    char *path = choose_path(given, is_credentials ? "AWS_SHARED_CREDENTIALS_FILE" : "AWS_CONFIG_FILE",
                             is_credentials ? "credentials" : "config", &is_asked);
    if (path == NULL) {
        return STATUS_OK;
    }
    struct buffer text;
    buffer_init(&text, PROFILE_FILE_MAX);
    enum status status = read_file(path, &text, error);
    if (status == STATUS_OK) {
        status = aws_profile_parse(text.data, text.length, path, kind, profile_name, profile, error);
        if (status == STATUS_MALFORMED && error != NULL) {
            error->status = STATUS_INVALID_ARGUMENT;
        }
        status = status == STATUS_MALFORMED ? STATUS_INVALID_ARGUMENT : status;
    } else if (status == STATUS_NOT_FOUND && is_asked) {
        status = STATUS_INVALID_ARGUMENT;
        if (error != NULL) {
            error->status = status;
        }
    } else if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
        error_init(error);
    }
    memory_wipe(text.data, text.capacity);
    buffer_deinit(&text);
    free(path);
    return status;
}

enum status aws_profile_load(const struct aws_profile_options *options, struct profile *out, char **out_name,
                         bool *out_is_asked, struct error *error)
{
    static const struct aws_profile_options s_none;
    if (options == NULL) {
        options = &s_none;
    }
    const char *name = options->profile != NULL ? options->profile : getenv("AWS_PROFILE");
    bool is_asked = name != NULL && name[0] != '\0';
    if (!is_asked) {
        name = "default";
    }
    struct error local = {0};
    struct profile profile = {0};
    enum status status = load_file(options->credentials_file, PROFILE_FILE_CREDENTIALS, name, &profile, &local);
    if (status == STATUS_OK) {
        status = load_file(options->config_file, PROFILE_FILE_CONFIG, name, &profile, &local);
    }
    if (status != STATUS_OK) {
        aws_profile_deinit(&profile);
        if (error != NULL) {
            *error = local;
        }
        return status;
    }
    *out = profile;
    *out_name = memory_copy_string(name);
    if (out_is_asked != NULL) {
        *out_is_asked = is_asked;
    }
    return STATUS_OK;
}
