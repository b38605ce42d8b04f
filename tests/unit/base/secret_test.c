/* Tests of base/secret.h and the files it reads (base/file.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"

#define OVERLAP_MS 60000
#define LOOK_MS 1000 /* between two looks at the file */

static char s_folder[64];
static char s_path[128];
static char s_temporary[128];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(s_folder, sizeof s_folder, "/tmp/ferry-secret-XXXXXX");
    if (mkdtemp(s_folder) == NULL) {
        return -1;
    }
    (void)snprintf(s_path, sizeof s_path, "%s/token", s_folder);
    (void)snprintf(s_temporary, sizeof s_temporary, "%s/next", s_folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(s_path); /* some tests have done so */
    return rmdir(s_folder);
}

static void replace(const char *text)
{
    FILE *file = fopen(s_temporary, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(s_temporary, s_path), 0);
}

static struct secret *open_secret(int64_t overlap_ms)
{
    struct secret *secret = NULL;
    struct error error = {0};
    assert_int_equal(secret_new_from_file(s_path, overlap_ms, &secret, &error), STATUS_OK);
    return secret;
}

static void assert_value(char *value, const char *expected)
{
    if (expected == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_string_equal(value, expected);
    }
    secret_wipe(value);
}

static void a_text_stays_as_it_is(void **state)
{
    (void)state;
    struct secret *secret = secret_new("fixed");
    assert_false(secret_look_again(secret, 0));
    assert_value(secret_current(secret, 0), "fixed");
    assert_value(secret_previous(secret, 0), NULL);
    secret_destroy(secret);
}

static void a_changed_file_gives_the_new_value_and_the_old_one_for_the_overlap(void **state)
{
    (void)state;
    replace("first\n");
    struct secret *secret = open_secret(OVERLAP_MS);
    assert_value(secret_current(secret, 0), "first");
    replace("second\n");
    assert_value(secret_current(secret, LOOK_MS), "second");
    assert_value(secret_previous(secret, LOOK_MS + OVERLAP_MS - 1), "first");
    assert_value(secret_previous(secret, LOOK_MS + OVERLAP_MS), NULL);
    secret_destroy(secret);
}

static void an_overlap_of_nothing_ends_the_old_value_at_once(void **state)
{
    (void)state;
    replace("first");
    struct secret *secret = open_secret(0);
    replace("second");
    assert_value(secret_current(secret, LOOK_MS), "second");
    assert_value(secret_previous(secret, LOOK_MS), NULL);
    secret_destroy(secret);
}

static void the_file_is_looked_at_once_a_second_or_when_asked(void **state)
{
    (void)state;
    replace("first");
    struct secret *secret = open_secret(OVERLAP_MS);
    assert_value(secret_current(secret, 5000), "first");
    replace("second");
    assert_value(secret_current(secret, 5999), "first");
    assert_true(secret_look_again(secret, 5999));
    assert_false(secret_look_again(secret, 5999));
    assert_value(secret_current(secret, 5999), "second");
    secret_destroy(secret);
}

static void a_file_that_cannot_be_used_leaves_the_last_good_value(void **state)
{
    (void)state;
    replace("good");
    struct secret *secret = open_secret(OVERLAP_MS);
    assert_int_equal(unlink(s_path), 0);
    assert_false(secret_look_again(secret, 0));
    assert_value(secret_current(secret, 0), "good");
    replace("");
    assert_false(secret_look_again(secret, 0));
    replace(" \n");
    assert_false(secret_look_again(secret, 0));
    replace("two\nlines\n");
    assert_false(secret_look_again(secret, 0));
    assert_value(secret_current(secret, 0), "good");
    assert_value(secret_previous(secret, 0), NULL);
    replace("better");
    assert_true(secret_look_again(secret, 0));
    assert_value(secret_current(secret, 0), "better");
    secret_destroy(secret);
}

static void the_same_value_in_a_new_file_is_no_change(void **state)
{
    (void)state;
    replace("same");
    struct secret *secret = open_secret(OVERLAP_MS);
    replace("same\n");
    assert_false(secret_look_again(secret, 0));
    assert_value(secret_previous(secret, 0), NULL);
    secret_destroy(secret);
}

static void a_secret_needs_a_file_with_one_line(void **state)
{
    struct secret *secret = NULL;
    struct error error = {0};
    (void)state;
    assert_int_equal(secret_new_from_file(s_path, 0, &secret, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "cannot be read: No such file"));
    replace("\n");
    assert_int_equal(secret_new_from_file(s_path, 0, &secret, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "holds no secret"));
    replace("a\nb\n");
    assert_int_equal(secret_new_from_file(s_path, 0, &secret, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "holds more than one line"));
    assert_null(secret);
}

static void a_file_is_read_up_to_its_maximum(void **state)
{
    char *text = NULL;
    size_t length = 0;
    struct error error = {0};
    struct file_stamp stamp;
    (void)state;
    replace("12345");
    assert_int_equal(file_read(s_path, 5, &text, &length, &stamp, &error), STATUS_OK);
    assert_int_equal(length, 5);
    assert_string_equal(text, "12345");
    free(text);
    struct file_stamp found = file_stamp_of(s_path);
    assert_true(file_stamp_equal(&stamp, &found));
    assert_int_equal(file_read(s_path, 4, &text, &length, NULL, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "is longer than 4 bytes"));
    replace("12345");
    found = file_stamp_of(s_path);
    assert_false(file_stamp_equal(&stamp, &found)); /* the same bytes in another file */
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_text_stays_as_it_is),
        TEST(a_changed_file_gives_the_new_value_and_the_old_one_for_the_overlap),
        TEST(an_overlap_of_nothing_ends_the_old_value_at_once),
        TEST(the_file_is_looked_at_once_a_second_or_when_asked),
        TEST(a_file_that_cannot_be_used_leaves_the_last_good_value),
        TEST(the_same_value_in_a_new_file_is_no_change),
        TEST(a_secret_needs_a_file_with_one_line),
        TEST(a_file_is_read_up_to_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
