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

static struct profile s_profile;
static struct error s_error;

static int release(void **state)
{
    (void)state;
    aws_profile_deinit(&s_profile);
    s_error = (struct error){0};
    return 0;
}

static enum status parse(enum profile_file_kind kind, const char *name, const char *text)
{
    return aws_profile_parse(text, strlen(text), "file", kind, name, &s_profile, &s_error);
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
                       "[third]\naws_access_key_id = no\n";
    assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, "default", text), STATUS_OK);
    assert_true(s_profile.is_found);
    assert_string_equal(s_profile.access_key_id, "AKID");
    assert_string_equal(s_profile.secret_access_key, "a/b+c=d#e;f");
    assert_string_equal(s_profile.session_token, "token");
    assert_null(s_profile.region);
    assert_null(s_profile.indirection);
}

static void the_config_file_prefixes_its_profiles(void **state)
{
    (void)state;
    const char *text = "[default]\nregion = us-east-1\n"
                       "[profile  dev]\nregion = eu-west-1\nservices = s\ns3 =\n  max = 1\n  [odd\n"
                       "[dev]\nregion = wrong\n"
                       "[services s]\nsqs =\n  endpoint_url = x\n"
                       "[sso-session dev]\nregion = wrong\n";
    assert_int_equal(parse(PROFILE_FILE_CONFIG, "dev", text), STATUS_OK);
    assert_string_equal(s_profile.region, "eu-west-1");
    aws_profile_deinit(&s_profile);
    assert_int_equal(parse(PROFILE_FILE_CONFIG, "default", text), STATUS_OK);
    assert_string_equal(s_profile.region, "us-east-1");
    aws_profile_deinit(&s_profile);
    assert_int_equal(parse(PROFILE_FILE_CONFIG, "default", "[profile default]\nregion = a\n"), STATUS_OK);
    assert_string_equal(s_profile.region, "a");
    aws_profile_deinit(&s_profile);
    assert_int_equal(parse(PROFILE_FILE_CONFIG, "s", text), STATUS_OK);
    assert_false(s_profile.is_found);
}

static void what_was_read_first_stays(void **state)
{
    (void)state;
    assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, "p", "[p]\naws_access_key_id=a\n"), STATUS_OK);
    assert_int_equal(parse(PROFILE_FILE_CONFIG, "p", "[profile p]\naws_access_key_id=b\nregion=r\n"), STATUS_OK);
    assert_string_equal(s_profile.access_key_id, "a");
    assert_string_equal(s_profile.region, "r");
}

static void another_way_to_credentials_is_noticed(void **state)
{
    (void)state;
    assert_int_equal(parse(PROFILE_FILE_CONFIG, "p", "[profile p]\nrole_arn = arn:x\nsource_profile = q\n"), STATUS_OK);
    assert_string_equal(s_profile.indirection, "role_arn");
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
        assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, "p", s_cases[i].text), STATUS_MALFORMED);
        assert_ptr_equal(strstr(s_error.text, s_cases[i].where), s_error.text);
    }
}

static void an_error_never_quotes_a_line(void **state)
{
    (void)state;
    assert_int_equal(parse(PROFILE_FILE_CREDENTIALS, "p", "[p]\naws_secret_access_key SECRET\n"), STATUS_MALFORMED);
    assert_null(strstr(s_error.text, "SECRET"));
}

#define TEST(name) cmocka_unit_test_teardown(name, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_profile_of_the_credentials_file_is_read),
        TEST(the_config_file_prefixes_its_profiles),
        TEST(what_was_read_first_stays),
        TEST(another_way_to_credentials_is_noticed),
        TEST(what_is_no_ini_file_is_refused_with_its_line),
        TEST(an_error_never_quotes_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
