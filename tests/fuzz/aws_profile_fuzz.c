/* Fuzzes the reading of AWS's profile files, both kinds. */
#include "base/check.h"
#include "profile_file.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void read_as(enum profile_file_kind kind, const char *text, size_t size)
{
    struct profile profile = {0};
    struct error error = {0};
    enum status status = aws_profile_parse(text, size, "file", kind, "default", &profile, &error);
    CHECK(status == STATUS_OK || status == STATUS_MALFORMED);
    CHECK(error.status == status);
    bool has_any = profile.access_key_id != NULL || profile.secret_access_key != NULL || profile.region != NULL ||
                   profile.session_token != NULL || profile.indirection != NULL;
    CHECK(profile.is_found || !has_any);
    aws_profile_deinit(&profile);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    read_as(PROFILE_FILE_CREDENTIALS, (const char *)data, size);
    read_as(PROFILE_FILE_CONFIG, (const char *)data, size);
    return 0;
}
