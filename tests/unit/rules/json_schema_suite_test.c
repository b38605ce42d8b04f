/* The official JSON Schema Test Suite, draft 2020-12, all required files: from the folder that
 * FERRY_JSON_SCHEMA_SUITE names (tools/fetch-json-schema-suite fetches it and prints it); without it this is skipped
 * on a developer's machine and fails in CI. Every case passes, but those whose schema is refused: exactly the ones
 * that are listed here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rules/json_schema.h"

#define FILES_EXPECTED 46
#define CASES_EXPECTED 1257

struct refusal {
    const char *file;
    const char *group;  /* its description */
    const char *reason; /* part of the error's text */
    bool is_used;
};

/* Why schemas are refused (docs/schema.md): they need other documents, base URIs within one, or dynamic scopes. */
#define ID_BELOW "$id: not supported below the root"
#define DYNAMIC_REF "$dynamicRef: not supported"
#define DYNAMIC_ANCHOR "$dynamicAnchor: not supported"
#define REMOTE "is not in this schema"
#define OTHER_DRAFT "no other draft is supported"

static struct refusal s_refusals[] = {
    {"anchor.json", "Location-independent identifier with absolute URI", ID_BELOW, false},
    {"anchor.json", "Location-independent identifier with base URI change in subschema", ID_BELOW, false},
    {"anchor.json", "same $anchor with different base uri", ID_BELOW, false},
    {"defs.json", "validate definition against metaschema", REMOTE, false},
    {"dynamicRef.json",
     "A $dynamicRef to a $dynamicAnchor in the same schema resource behaves like a normal $ref to an $anchor",
     DYNAMIC_REF, false},
    {"dynamicRef.json",
     "A $dynamicRef to an $anchor in the same schema resource behaves like a normal $ref to an $anchor",
     DYNAMIC_REF, false},
    {"dynamicRef.json",
     "A $ref to a $dynamicAnchor in the same schema resource behaves like a normal $ref to an $anchor",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json",
     "A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered "
     "when the schema is evaluated",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json", "A $dynamicRef without anchor in fragment behaves identical to $ref", DYNAMIC_ANCHOR, false},
    {"dynamicRef.json",
     "A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does "
     "not affect dynamic scope resolution",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json",
     "An $anchor with the same name as a $dynamicAnchor is not used for dynamic scope resolution",
     ID_BELOW, false},
    {"dynamicRef.json",
     "A $dynamicRef without a matching $dynamicAnchor in the same schema resource behaves like "
     "a normal $ref to $anchor",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json",
     "A $dynamicRef with a non-matching $dynamicAnchor in the same schema resource behaves like "
     "a normal $ref to $anchor",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json",
     "A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolves "
     "to the first $dynamicAnchor in the dynamic scope",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json",
     "A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor "
     "behaves like a normal $ref to $anchor",
     DYNAMIC_ANCHOR, false},
    {"dynamicRef.json", "multiple dynamic paths to the $dynamicRef keyword", ID_BELOW, false},
    {"dynamicRef.json", "after leaving a dynamic scope, it is not used by a $dynamicRef", ID_BELOW, false},
    {"dynamicRef.json", "strict-tree schema, guards against misspelled properties", DYNAMIC_ANCHOR, false},
    {"dynamicRef.json", "tests for implementation dynamic anchor and reference link", DYNAMIC_ANCHOR, false},
    {"dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $defs first", DYNAMIC_ANCHOR, false},
    {"dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $ref first", DYNAMIC_ANCHOR, false},
    {"dynamicRef.json", "$ref to $dynamicRef finds detached $dynamicAnchor", REMOTE, false},
    {"dynamicRef.json", "$dynamicRef points to a boolean schema", DYNAMIC_REF, false},
    {"dynamicRef.json", "$dynamicRef skips over intermediate resources - direct reference", ID_BELOW, false},
    {"ref.json", "remote ref, containing refs itself", REMOTE, false},
    {"ref.json", "Recursive references between schemas", ID_BELOW, false},
    {"ref.json", "refs with relative uris and defs", ID_BELOW, false},
    {"ref.json", "relative refs with absolute uris and defs", ID_BELOW, false},
    {"ref.json", "$id must be resolved against nearest parent, not just immediate parent", ID_BELOW, false},
    {"ref.json", "order of evaluation: $id and $ref", ID_BELOW, false},
    {"ref.json", "order of evaluation: $id and $anchor and $ref", ID_BELOW, false},
    {"ref.json", "URN ref with nested pointer ref", ID_BELOW, false},
    {"ref.json", "ref to if", ID_BELOW, false},
    {"ref.json", "ref to then", ID_BELOW, false},
    {"ref.json", "ref to else", ID_BELOW, false},
    {"ref.json", "ref with absolute-path-reference", ID_BELOW, false},
    {"refRemote.json", "remote ref", REMOTE, false},
    {"refRemote.json", "fragment within remote ref", REMOTE, false},
    {"refRemote.json", "anchor within remote ref", REMOTE, false},
    {"refRemote.json", "ref within remote ref", REMOTE, false},
    {"refRemote.json", "base URI change", ID_BELOW, false},
    {"refRemote.json", "base URI change - change folder", ID_BELOW, false},
    {"refRemote.json", "base URI change - change folder in subschema", ID_BELOW, false},
    {"refRemote.json", "root ref in remote ref", REMOTE, false},
    {"refRemote.json", "remote ref with ref to defs", REMOTE, false},
    {"refRemote.json", "Location-independent identifier in remote ref", REMOTE, false},
    {"refRemote.json", "retrieved nested refs resolve relative to their URI not $id", REMOTE, false},
    {"refRemote.json", "remote HTTP ref with different $id", REMOTE, false},
    {"refRemote.json", "remote HTTP ref with different URN $id", REMOTE, false},
    {"refRemote.json", "remote HTTP ref with nested absolute ref", REMOTE, false},
    {"refRemote.json", "$ref to $ref finds detached $anchor", REMOTE, false},
    {"unevaluatedItems.json", "unevaluatedItems with $dynamicRef", DYNAMIC_ANCHOR, false},
    {"unevaluatedProperties.json", "unevaluatedProperties with $dynamicRef", DYNAMIC_ANCHOR, false},
    {"vocabulary.json", "schema that uses custom metaschema with with no validation vocabulary", OTHER_DRAFT, false},
    {"vocabulary.json", "ignore unrecognized optional vocabulary", OTHER_DRAFT, false},
};

static size_t s_passed;
static size_t s_failed;
static size_t s_groups_refused;
static size_t s_cases_refused;

static struct refusal *find_refusal(const char *file, const char *group)
{
    for (size_t i = 0; i < sizeof s_refusals / sizeof s_refusals[0]; i++) {
        if (strcmp(s_refusals[i].file, file) == 0 && strcmp(s_refusals[i].group, group) == 0) {
            return &s_refusals[i];
        }
    }
    return NULL;
}

static void run_cases(const char *file, const char *description, const struct json_schema *schema, const json_t *cases)
{
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        struct error why = {0};
        bool is_valid = json_schema_validate(schema, json_object_get(one, "data"), &why);
        bool is_right = is_valid == json_is_true(json_object_get(one, "valid")) &&
                        (is_valid || why.status == STATUS_INVALID_ARGUMENT);
        if (!is_right) {
            print_message("%s, %s, %s: %s\n", file, description,
                          json_string_value(json_object_get(one, "description")), is_valid ? "valid" : why.text);
        }
        s_passed += is_right ? 1 : 0;
        s_failed += is_right ? 0 : 1;
    }
}

static void run_group(const char *file, const json_t *group)
{
    const char *description = json_string_value(json_object_get(group, "description"));
    const json_t *cases = json_object_get(group, "tests");
    struct refusal *refusal = find_refusal(file, description);
    struct json_schema *schema = NULL;
    struct error error = {0};
    enum status status = json_schema_compile(json_object_get(group, "schema"), &schema, &error);
    if (status == STATUS_OK) {
        run_cases(file, description, schema, cases);
        json_schema_destroy(schema);
        return;
    }
    s_groups_refused++;
    s_cases_refused += json_array_size(cases);
    if (refusal == NULL || strstr(error.text, refusal->reason) == NULL) {
        print_message("%s, %s: refused: %s\n", file, description, error.text);
        s_failed++;
        return;
    }
    refusal->is_used = true;
}

static void run_file(const char *path)
{
    json_error_t problem;
    json_t *groups = json_load_file(path, JSON_ALLOW_NUL, &problem);
    assert_true(json_is_array(groups));
    for (size_t i = 0; i < json_array_size(groups); i++) {
        run_group(strrchr(path, '/') + 1, json_array_get(groups, i));
    }
    json_decref(groups);
}

static void every_case_passes_or_its_schema_is_refused_as_listed(void **state)
{
    (void)state;
    const char *folder = getenv("FERRY_JSON_SCHEMA_SUITE");
    if (folder == NULL || folder[0] == '\0') {
        const char *is_ci = getenv("CI");
        if (is_ci != NULL && strcmp(is_ci, "true") == 0) {
            fail_msg("FERRY_JSON_SCHEMA_SUITE is not set: run tools/fetch-json-schema-suite and set it to what "
                     "it prints");
        }
        print_message("skipped: FERRY_JSON_SCHEMA_SUITE is not set (tools/fetch-json-schema-suite)\n");
        skip();
    }
    glob_t found;
    char *pattern = memory_format("%s/*.json", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    free(pattern);
    assert_int_equal(found.gl_pathc, FILES_EXPECTED);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        run_file(found.gl_pathv[i]);
    }
    globfree(&found);
    print_message("JSON Schema Test Suite, draft 2020-12: %zu cases passed, %zu failed, %zu in %zu refused schemas\n",
                  s_passed, s_failed, s_cases_refused, s_groups_refused);
    for (size_t i = 0; i < sizeof s_refusals / sizeof s_refusals[0]; i++) {
        if (!s_refusals[i].is_used) {
            fail_msg("%s, %s: listed as refused, but it is not: take it off the list", s_refusals[i].file,
                     s_refusals[i].group);
        }
    }
    assert_int_equal(s_failed, 0);
    assert_int_equal(s_passed + s_cases_refused, CASES_EXPECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_passes_or_its_schema_is_refused_as_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
