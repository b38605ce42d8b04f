/* Following roles from profile to profile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "role_plan.h"

static struct profile_files s_files;
static struct role_plan s_plan;
static struct error s_error;

static int release(void **state)
{
    (void)state;
    profile_files_deinit(&s_files);
    return 0;
}

/* text: of a config file; the plan for [profile a]. */
static enum status make(const char *text)
{
    profile_files_deinit(&s_files);
    s_plan = (struct role_plan){0};
    s_error = (struct error){0};
    assert_int_equal(profile_files_parse(&s_files, text, strlen(text), "file", PROFILE_FILE_CONFIG, &s_error),
                     STATUS_OK);
    return role_plan_make(&s_files, "a", &s_plan, &s_error);
}

#define KEYS "aws_access_key_id = k\naws_secret_access_key = s\n"

static void roles_lead_to_their_base(void **state)
{
    (void)state;
    assert_int_equal(make("[profile a]\nrole_arn = 1\nsource_profile = b\n[profile b]\nrole_arn = 2\n"
                          "credential_source = Ec2InstanceMetadata\n"),
                     STATUS_OK);
    assert_int_equal(s_plan.count, 2);
    assert_string_equal(s_plan.hops[0].role_arn, "1");
    assert_string_equal(s_plan.hops[1].role_arn, "2");
    assert_int_equal(s_plan.base, ROLE_BASE_INSTANCE);
    assert_int_equal(make("[profile a]\nrole_arn = 1\nsource_profile = a\n" KEYS), STATUS_OK);
    assert_int_equal(s_plan.count, 1);
    assert_int_equal(s_plan.base, ROLE_BASE_KEYS);
    /* a source's own keys come before its role */
    assert_int_equal(make("[profile a]\nrole_arn = 1\nsource_profile = b\n[profile b]\nrole_arn = 2\n"
                          "source_profile = a\n" KEYS),
                     STATUS_OK);
    assert_int_equal(s_plan.count, 1);
    assert_string_equal(s_plan.profile->name, "b");
}

static void no_role_is_somebody_elses_matter(void **state)
{
    (void)state;
    assert_int_equal(make(""), STATUS_NOT_FOUND);
    assert_int_equal(make("[profile a]\n" KEYS), STATUS_NOT_FOUND);
    assert_int_equal(make("[profile a]\nrole_arn = 1\nweb_identity_token_file = /t\n"), STATUS_NOT_FOUND);
}

static void what_leads_nowhere_is_explained(void **state)
{
    (void)state;
    static const char *const s_cases[][2] = {
        {"[profile a]\nrole_arn = 1\n", "needs source_profile or credential_source"},
        {"[profile a]\nrole_arn = 1\nsource_profile = b\ncredential_source = Environment\n", "not both"},
        {"[profile a]\nrole_arn = 1\nsource_profile = b\n", "there is no source_profile \"b\""},
        {"[profile a]\nrole_arn = 1\ncredential_source = Moon\n", "\"Moon\""},
        {"[profile a]\nrole_arn = 1\nsource_profile = b\n[profile b]\nregion = r\n", "neither keys nor a role"},
        {"[profile a]\nrole_arn = 1\nsource_profile = b\n[profile b]\nsso_session = s\n", "sso_session"},
        {"[profile a]\nrole_arn = 1\nsource_profile = b\n[profile b]\nrole_arn = 2\nsource_profile = a\n",
         "leads back to \"a\""},
        {"[profile a]\nrole_arn = 1\nsource_profile = a\nmfa_serial = m\n" KEYS, "mfa_serial"},
        {"[profile a]\nrole_arn = 1\nsource_profile = a\nduration_seconds = 899\n" KEYS, "900 to 43200"},
        {"[profile a]\nrole_arn = 1\nsource_profile = a\nduration_seconds = 15m\n" KEYS, "900 to 43200"},
        {"[profile a]\nrole_arn = 1\nsource_profile = a\nrole_session_name = x y\n" KEYS, "role_session_name"},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        assert_int_equal(make(s_cases[i][0]), STATUS_INVALID_ARGUMENT);
        if (strstr(s_error.text, s_cases[i][1]) == NULL) {
            fail_msg("%s does not say %s", s_error.text, s_cases[i][1]);
        }
    }
}

static void a_chain_of_roles_has_an_end(void **state)
{
    (void)state;
    char text[2048] = "[profile a]\nrole_arn = 1\nsource_profile = p0\n";
    for (int i = 0; i < ROLE_HOPS_MAX; i++) {
        char *section = memory_format("[profile p%d]\nrole_arn = 1\nsource_profile = p%d\n", i, i + 1);
        (void)strcat(text, section);
        free(section);
    }
    assert_int_equal(make(text), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(s_error.text, "in a row"));
}

static void session_names_are_checked(void **state)
{
    (void)state;
    char name[66];
    memset(name, 'a', sizeof name);
    name[65] = '\0';
    assert_false(role_plan_is_session_name(name));
    name[64] = '\0';
    assert_true(role_plan_is_session_name(name));
    assert_true(role_plan_is_session_name("a_=,.@-+9"));
    assert_false(role_plan_is_session_name("a"));
    assert_false(role_plan_is_session_name("a/b"));
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(roles_lead_to_their_base),
        TEST(no_role_is_somebody_elses_matter),
        TEST(what_leads_nowhere_is_explained),
        TEST(a_chain_of_roles_has_an_end),
        TEST(session_names_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
