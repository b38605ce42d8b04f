/* Reading profile files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile_file.h"
#include "support_vectors.h"

#define CASES_EXPECTED 65 /* in the pinned package */

static struct profile_files s_files;
static struct error s_error;

static int release(void **state)
{
    (void)state;
    profile_files_deinit(&s_files);
    s_error = (struct error){0};
    return 0;
}

static enum status parse(enum profile_file_kind kind, const char *text)
{
    return profile_files_parse(&s_files, text, strlen(text), "file", kind, &s_error);
}

static const struct profile_section *profile(const char *name)
{
    return profile_files_find(&s_files, PROFILE_SECTION_PROFILE, name);
}

static void a_profile_of_the_credentials_file_is_read(void **state)
{
    (void)state;
    const char *text = "\xEF\xBB\xBF# comment\r\n"
                       "[other]\naws_access_key_id = no\n"
                       "[ default ] ; behind\r\n"
                       "AWS_Access_Key_Id=AKID # note\r\n"
                       "aws_secret_access_key\t=  a/b+c=d#e;f \n"
                       "\n"
                       "aws_session_token = token\n"
                       "unknown = 1\n"
                       "empty =\n"
                       "odd=#kept\n"
                       "  # a comment of its own, not a continuation\n"
                       "[third]\naws_access_key_id = no\n";
    assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, text), STATUS_OK);
    const struct profile_section *found = profile("default");
    assert_non_null(found);
    assert_string_equal(profile_get(found, "aws_access_key_id"), "AKID");
    assert_string_equal(profile_get(found, "aws_secret_access_key"), "a/b+c=d#e;f");
    assert_string_equal(profile_get(found, "aws_session_token"), "token");
    assert_string_equal(profile_get(found, "odd"), "#kept");
    assert_null(profile_get(found, "empty"));
    assert_null(profile_get(found, "region"));
    assert_null(profile_get(NULL, "region"));
}

static void the_config_file_prefixes_its_profiles(void **state)
{
    (void)state;
    const char *text = "[default]\nregion = us-east-1\n"
                       "[profile  dev]\nregion = eu-west-1\nservices = s\ns3 =\n  max = 1\n  addressing = x\n"
                       "[dev]\nregion = wrong\n"
                       "[services s]\nsqs =\n  other = 1\n  endpoint_url = http://x:1/\nsts =\n endpoint_url =\n"
                       "[sso-session dev]\nregion = wrong\n";
    assert_int_equal(parse(PROFILE_FILE_CONFIG, text), STATUS_OK);
    assert_string_equal(profile_get(profile("dev"), "region"), "eu-west-1");
    assert_string_equal(profile_get(profile("default"), "region"), "us-east-1");
    assert_null(profile("s"));
    const struct profile_section *services = profile_files_find(&s_files, PROFILE_SECTION_SERVICES, "s");
    char *url = profile_get_nested(services, "sqs", "endpoint_url");
    assert_string_equal(url, "http://x:1/");
    free(url);
    assert_null(profile_get_nested(services, "sts", "endpoint_url"));
    assert_null(profile_get_nested(services, "s3", "endpoint_url"));
}

static void what_is_no_ini_file_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *where;
    } s_cases[] = {
        {"[p]\n\njust words\n", "file:3:"},
        {"key = value\n", "file:1:"},
        {"[p\nkey = value\n", "file:1:"},
        {"[p]\n= value\n", "file:2:"},
        {"[p]\n  indented = 1\n", "file:2:"},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, s_cases[i].text), STATUS_MALFORMED);
        assert_ptr_equal(strstr(s_error.text, s_cases[i].where), s_error.text);
        (void)release(NULL);
    }
}

static void an_error_never_quotes_a_line(void **state)
{
    (void)state;
    assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, "[p]\naws_secret_access_key SECRET\n"), STATUS_MALFORMED);
    assert_null(strstr(s_error.text, "SECRET"));
}

/* What our error says where the cases' own words are these. */
static const char *our_words(const char *theirs)
{
    static const char *const s_words[][2] = {
        {"Profile definition must end with ']'", "this section has no \"]\""},
        {"Expected a profile definition", "a property before the first [section]"},
        {"Property did not have a name", "expected \"key = value\""},
        {"Expected an '=' sign defining a property", "expected \"key = value\""},
        {"Expected a property definition", "an indented line must follow a property"},
        {"Expected a property definition, found continuation", "an indented line must follow a property"},
        {"Expected an '=' sign defining a sub-property", "expected \"key = value\" below a property without a value"},
        {"Sub-property did not have a name", "expected \"key = value\" below a property without a value"},
    };
    for (size_t i = 0; i < sizeof s_words / sizeof s_words[0]; i++) {
        if (strcmp(s_words[i][0], theirs) == 0) {
            return s_words[i][1];
        }
    }
    fail_msg("these cases expect an error that this test does not know: %s", theirs);
    return "";
}

static size_t count_sections(enum profile_section_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < s_files.count; i++) {
        count += s_files.sections[i].kind == kind ? 1 : 0;
    }
    return count;
}

static void expect_sections(const char *test, enum profile_section_kind kind, json_t *expected)
{
    const char *name;
    json_t *properties;
    if (count_sections(kind) != json_object_size(expected)) {
        fail_msg("%s: %zu sections, not %zu", test, count_sections(kind), json_object_size(expected));
    }
    json_object_foreach(expected, name, properties)
    {
        const struct profile_section *section = profile_files_find(&s_files, kind, name);
        if (section == NULL || section->count != json_object_size(properties)) {
            fail_msg("%s: [%s] is not what was expected", test, name);
            return;
        }
        const char *key;
        json_t *value;
        json_object_foreach(properties, key, value)
        {
            bool is_found = false;
            for (size_t i = 0; i < section->count; i++) {
                is_found = is_found || (strcmp(section->properties[i].name, key) == 0 &&
                                        strcmp(section->properties[i].value, json_string_value(value)) == 0);
            }
            if (!is_found) {
                fail_msg("%s: [%s] %s", test, name, key);
            }
        }
    }
}

static void every_published_case_parses_as_it_says(void **state)
{
    (void)state;
    json_t *root = NULL;
    json_t *tests = support_vectors("profile-parser-tests.json", &root);
    assert_int_equal(json_array_size(tests), CASES_EXPECTED);
    size_t index;
    json_t *test;
    json_array_foreach(tests, index, test)
    {
        const char *name = support_vector_text(test, "name");
        json_t *input = json_object_get(test, "input");
        json_t *output = json_object_get(test, "output");
        const char *problem = support_vector_text(output, "errorContaining");
        enum status status = parse(PROFILE_FILE_CONFIG, support_vector_text(input, "configFile"));
        if (status == STATUS_OK) {
            status = parse(PROFILE_FILE_CREDENTIALS, support_vector_text(input, "credentialsFile"));
        }
        if (problem[0] != '\0') {
            if (status != STATUS_MALFORMED || strstr(s_error.text, our_words(problem)) == NULL) {
                fail_msg("%s: \"%s\" was expected to be: %s", name, s_error.text, our_words(problem));
            }
        } else {
            if (status != STATUS_OK) {
                fail_msg("%s: %s", name, s_error.text);
            }
            json_t *config = json_object_get(output, "config");
            expect_sections(name, PROFILE_SECTION_PROFILE, json_object_get(config, "profiles"));
            expect_sections(name, PROFILE_SECTION_SSO_SESSION, json_object_get(config, "sso_sessions"));
        }
        (void)release(NULL);
    }
    json_decref(root);
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_profile_of_the_credentials_file_is_read),
        TEST(the_config_file_prefixes_its_profiles),
        TEST(what_is_no_ini_file_is_refused_with_its_line),
        TEST(an_error_never_quotes_a_line),
        TEST(every_published_case_parses_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
