/* Finding and reading the published cases. */
#include "support_vectors.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

json_t *support_vectors(const char *name, json_t **out_root)
{
    const char *folder = getenv("FERRY_AWS_VECTORS");
    const char *ci = getenv("CI");
    if (folder == NULL || folder[0] == '\0') {
        if (ci != NULL && strcmp(ci, "true") == 0) {
            fail_msg("FERRY_AWS_VECTORS is not set");
        }
        print_message("skipped: set FERRY_AWS_VECTORS=$(tools/fetch-aws-vectors)\n");
        skip();
    }
    char *path = memory_format("%s/%s", folder, name);
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL) {
        fail_msg("%s: %s", path, error.text);
    }
    free(path);
    json_t *tests = json_object_get(root, "tests");
    assert_true(json_is_array(tests));
    *out_root = root;
    return tests;
}

const char *support_vector_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}
