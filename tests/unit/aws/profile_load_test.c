/* Where the profile files are, and reading both. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile_file.h"
#include "support.h"
#include "support_vectors.h"

#define LOCATIONS_EXPECTED 9 /* in the pinned package */
#define LOCATIONS_OF_WINDOWS 5

static int prepare(void **state)
{
    (void)state;
    support_clear_environment();
    return 0;
}

static int release(void **state)
{
    (void)state;
    support_remove_home();
    return 0;
}

static void set_environment(const json_t *test)
{
    static const char *const s_names[] = {"HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE"};
    const json_t *environment = json_object_get(test, "environment");
    for (size_t i = 0; i < sizeof s_names / sizeof s_names[0]; i++) {
        const char *value = support_vector_text(environment, s_names[i]);
        assert_int_equal(value[0] == '\0' ? unsetenv(s_names[i]) : setenv(s_names[i], value, 1), 0);
    }
}

/* Those of Windows are left out by their platform: Ferry runs on Linux. */
static void every_published_location_is_found(void **state)
{
    (void)state;
    json_t *root = NULL;
    json_t *tests = support_vectors("file-location-tests.json", &root);
    assert_int_equal(json_array_size(tests), LOCATIONS_EXPECTED);
    char *home = strdup(getenv("HOME"));
    size_t left_out = 0;
    size_t index;
    json_t *test;
    json_array_foreach(tests, index, test)
    {
        if (strcmp(support_vector_text(test, "platform"), "windows") == 0) {
            print_message("left out, since it is of Windows: %s\n", support_vector_text(test, "name"));
            left_out++;
            continue;
        }
        set_environment(test);
        bool is_asked = false;
        char *config = profile_file_path(NULL, PROFILE_FILE_CONFIG, &is_asked);
        char *credentials = profile_file_path(NULL, PROFILE_FILE_CREDENTIALS, &is_asked);
        assert_string_equal(config, support_vector_text(test, "configLocation"));
        assert_string_equal(credentials, support_vector_text(test, "credentialsLocation"));
        const char *profile = support_vector_text(test, "profile");
        assert_string_equal(profile_name_choose(NULL, &is_asked), profile[0] == '\0' ? "default" : profile);
        free(config);
        free(credentials);
    }
    assert_int_equal(left_out, LOCATIONS_OF_WINDOWS);
    assert_int_equal(setenv("HOME", home, 1), 0);
    free(home);
    json_decref(root);
}

static void both_files_are_one_and_the_credentials_file_wins(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    struct profile_files files = {0};
    support_write_file(".aws/config", "[profile p]\na = config\nb = config\n", path);
    support_write_file(".aws/credentials", "[p]\na = credentials\n", path);
    assert_int_equal(profile_files_load(NULL, &files, NULL), STATUS_OK);
    const struct profile_section *profile = profile_files_find(&files, PROFILE_SECTION_PROFILE, "p");
    assert_string_equal(profile_get(profile, "a"), "credentials");
    assert_string_equal(profile_get(profile, "b"), "config");
    profile_files_deinit(&files);
}

static void no_files_are_fine_unless_they_were_named(void **state)
{
    (void)state;
    struct profile_files files = {0};
    struct error error = {0};
    assert_int_equal(profile_files_load(NULL, &files, &error), STATUS_OK);
    assert_int_equal(files.count, 0);
    assert_int_equal(setenv("AWS_CONFIG_FILE", "~/nowhere", 1), 0);
    assert_int_equal(profile_files_load(NULL, &files, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "/nowhere"));
    assert_int_equal(unsetenv("HOME"), 0);
    assert_int_equal(unsetenv("AWS_CONFIG_FILE"), 0);
    assert_int_equal(profile_files_load(NULL, &files, NULL), STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_published_location_is_found),
        TEST(both_files_are_one_and_the_credentials_file_wins),
        TEST(no_files_are_fine_unless_they_were_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
