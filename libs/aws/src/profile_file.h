/* AWS's two INI files, ~/.aws/credentials and ~/.aws/config: sections of "key = value". Private to libs/aws. */
#ifndef AWS_SRC_PROFILE_FILE_H
#define AWS_SRC_PROFILE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/credentials.h"

#define PROFILE_FILE_MAX ((size_t)1 << 20) /* bytes */

enum profile_file_kind {
    PROFILE_FILE_CREDENTIALS, /* [name] */
    PROFILE_FILE_CONFIG       /* [profile name], [default], [sso-session name], [services name] */
};

enum profile_section_kind { PROFILE_SECTION_PROFILE, PROFILE_SECTION_SSO_SESSION, PROFILE_SECTION_SERVICES };

struct profile_property {
    char *name;  /* in lower case */
    char *value; /* lines that belong to it follow behind line feeds */
};

struct profile_section {
    enum profile_section_kind kind;
    bool is_prefixed; /* "[profile default]", which stands for "[default]" wherever both are there */
    char *name;
    struct profile_property *properties;
    size_t count;
    size_t capacity;
};

/* What both files say. Caller's storage, zeroed before its first use; values are wiped on deinit. */
struct profile_files {
    struct profile_section *sections;
    size_t count;
    size_t capacity;
};
void profile_files_deinit(struct profile_files *files);

/* Adds a file's text (`name` for errors). The config file comes first: a property that is there already is replaced.
 * Sections and properties whose names AWS does not allow are passed over. MALFORMED: neither a section, a property, a
 * continuation nor a comment, with file and line; files is then to be given up. */
MUST_CHECK enum status profile_files_parse(struct profile_files *files, const char *text, size_t length,
                                           const char *name, enum profile_file_kind kind, struct error *error);

/* NULL: there is none. */
const struct profile_section *profile_files_find(const struct profile_files *files, enum profile_section_kind kind,
                                                 const char *name);
/* NULL: it is not there, or empty. section may be NULL. */
const char *profile_get(const struct profile_section *section, const char *name);
/* A property inside a property, as `endpoint_url` below `sqs =`; to free. NULL likewise. */
char *profile_get_nested(const struct profile_section *section, const char *outer, const char *inner);

/* given, else what the environment says, else the file below ~/.aws; to free. NULL: there is no home. *out_is_asked:
 * somebody named it. */
char *profile_file_path(const char *given, enum profile_file_kind kind, bool *out_is_asked);
/* given, AWS_PROFILE or "default"; borrowed. */
const char *profile_name_choose(const char *given, bool *out_is_asked);

/* Both files by options (may be NULL) and environment. A file that is not there is fine unless somebody named it.
 * INVALID_ARGUMENT: it cannot be read, or does not parse. */
MUST_CHECK enum status profile_files_load(const struct aws_profile_options *options, struct profile_files *out,
                                          struct error *error);

#endif
