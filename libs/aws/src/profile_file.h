/* AWS's two INI files, ~/.aws/credentials and ~/.aws/config: sections of "key = value". Private to libs/aws. */
#ifndef AWS_SRC_PROFILE_FILE_H
#define AWS_SRC_PROFILE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/credentials.h"

#define PROFILE_FILE_MAX ((size_t)1 << 20) /* bytes */

enum profile_file_kind {
    PROFILE_FILE_CREDENTIALS, /* [name] */
    PROFILE_FILE_CONFIG       /* [profile name], [default]; other kinds of section are passed over */
};

/* One profile's properties, of both files. Owned; wiped on deinit. */
struct profile {
    bool is_found; /* some file has a section of this name */
    char *access_key_id;
    char *secret_access_key;
    char *session_token;
    char *region;
    char *indirection; /* the first property that gets credentials in another way: "role_arn" … */
};
void aws_profile_deinit(struct profile *profile);

/* Adds what text (of file `name`, for errors) says about the profile; properties that are set already stay.
 * MALFORMED: neither a section, a property, a continuation nor a comment, with file and line. */
MUST_CHECK enum status aws_profile_parse(const char *text, size_t length, const char *name, enum profile_file_kind kind,
                                     const char *profile_name, struct profile *profile, struct error *error);

/* Both files and the profile's name by options and environment. *out is the caller's to deinit. A file that is not
 * there is fine unless its path was given in options or environment. *out_is_asked (may be NULL): somebody named the
 * profile. */
MUST_CHECK enum status aws_profile_load(const struct aws_profile_options *options, struct profile *out, char **out_name,
                                    bool *out_is_asked, struct error *error);

#endif
