/* Fuzzes the reading of AWS's profile files, both kinds, one after the other as they are loaded, and what follows from
 * them: which roles to take on. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "profile_file.h"
#include "role_plan.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void use(const struct profile_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct profile_section *section = &files->sections[i];
        CHECK(profile_files_find(files, section->kind, section->name) == section);
        for (size_t j = 0; j < section->count; j++) {
            CHECK(strchr(section->properties[j].name, '=') == NULL);
            const char *value = profile_get(section, section->properties[j].name);
            CHECK(value == NULL || value[0] != '\0');
        }
        free(profile_get_nested(section, "sqs", "endpoint_url"));
        struct role_plan plan = {0};
        struct error error = {0};
        if (role_plan_make(files, section->name, &plan, &error) == STATUS_OK) {
            CHECK(plan.count >= 1 && plan.count <= ROLE_HOPS_MAX && plan.profile != NULL);
            CHECK(plan.hops[0].role_arn != NULL);
        } else {
            CHECK(error.status == STATUS_NOT_FOUND || error.status == STATUS_INVALID_ARGUMENT);
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    struct profile_files files = {0};
    struct error error = {0};
    enum status status = profile_files_parse(&files, text, size, "file", PROFILE_FILE_CONFIG, &error);
    if (status == STATUS_OK) {
        status = profile_files_parse(&files, text, size, "file", PROFILE_FILE_CREDENTIALS, &error);
    }
    CHECK(status == STATUS_OK || status == STATUS_MALFORMED);
    CHECK(error.status == status);
    use(&files);
    profile_files_deinit(&files);
    return 0;
}
