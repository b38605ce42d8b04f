/* Where the profile files are, and reading them. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "file_text.h"
#include "profile_file.h"

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

char *profile_file_path(const char *given, enum profile_file_kind kind, bool *out_is_asked)
{
    bool is_credentials = kind == PROFILE_FILE_CREDENTIALS;
    const char *path = given;
    if (path == NULL) {
        path = variable(is_credentials ? "AWS_SHARED_CREDENTIALS_FILE" : "AWS_CONFIG_FILE");
    }
    *out_is_asked = path != NULL;
    const char *home = variable("HOME");
    if (path == NULL) {
        return home == NULL ? NULL : memory_format("%s/.aws/%s", home, is_credentials ? "credentials" : "config");
    }
    if (strncmp(path, "~/", 2) == 0 && home != NULL) {
        return memory_format("%s%s", home, path + 1);
    }
    return memory_copy_string(path);
}

const char *profile_name_choose(const char *given, bool *out_is_asked)
{
    const char *name = given != NULL ? given : variable("AWS_PROFILE");
    *out_is_asked = name != NULL;
    return name != NULL ? name : "default";
}

static enum status load_file(const char *given, enum profile_file_kind kind, struct profile_files *files,
                             struct error *error)
{
    bool is_asked = false;
    char *path = profile_file_path(given, kind, &is_asked);
    if (path == NULL) {
        return STATUS_OK;
    }
    struct buffer text;
    buffer_init(&text, PROFILE_FILE_MAX);
    struct error local = {0};
    enum status status = file_text_read(path, &text, &local);
    if (status == STATUS_OK) {
        status = profile_files_parse(files, text.data, text.length, path, kind, &local);
    } else if (status == STATUS_NOT_FOUND && !is_asked) {
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        status = error_set(error, STATUS_INVALID_ARGUMENT, "%s", local.text);
    }
    memory_wipe(text.data, text.capacity);
    buffer_deinit(&text);
    free(path);
    return status;
}

enum status profile_files_load(const struct aws_profile_options *options, struct profile_files *out,
                               struct error *error)
{
    static const struct aws_profile_options s_none;
    if (options == NULL) {
        options = &s_none;
    }
    struct profile_files files = {0};
    enum status status = load_file(options->config_file, PROFILE_FILE_CONFIG, &files, error);
    if (status == STATUS_OK) {
        status = load_file(options->credentials_file, PROFILE_FILE_CREDENTIALS, &files, error);
    }
    if (status != STATUS_OK) {
        profile_files_deinit(&files);
        return status;
    }
    *out = files;
    return STATUS_OK;
}
