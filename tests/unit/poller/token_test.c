/* Which token is sent while the two ends of a connection learn of a new one at different times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "token.h"

#define OVERLAP_MS 60000

static char s_folder[64];
static char s_path[128];
static struct secret *s_secret;
static struct token s_token;

static void write_token(const char *text)
{
    FILE *file = fopen(s_path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int open_token(void **state)
{
    (void)state;
    (void)snprintf(s_folder, sizeof s_folder, "/tmp/ferry-token-XXXXXX");
    assert_non_null(mkdtemp(s_folder));
    (void)snprintf(s_path, sizeof s_path, "%s/token", s_folder);
    write_token("old");
    assert_int_equal(secret_new_from_file(s_path, OVERLAP_MS, &s_secret, NULL), STATUS_OK);
    token_init(&s_token, s_secret, OVERLAP_MS);
    return 0;
}

static int close_token(void **state)
{
    (void)state;
    secret_destroy(s_secret);
    (void)unlink(s_path);
    return rmdir(s_folder);
}

static void assert_sent(int64_t now_ms, const char *expected)
{
    char *sent = token_take(&s_token, now_ms);
    assert_string_equal(sent, expected);
    secret_wipe(sent);
}

static void without_a_secret_nothing_is_sent(void **state)
{
    struct token none;
    (void)state;
    token_init(&none, NULL, 0);
    token_refused(&none, 0);
    assert_null(token_take(&none, 0));
}

static void a_refusal_finds_a_changed_file_at_once(void **state)
{
    (void)state;
    assert_sent(0, "old");
    write_token("newer");
    assert_sent(500, "old"); /* the file was looked at less than a second ago */
    token_refused(&s_token, 600);
    assert_sent(600, "newer");
}

static void the_token_before_is_sent_while_the_gateway_does_not_know_the_new_one(void **state)
{
    (void)state;
    write_token("newer");
    assert_sent(1000, "newer");
    token_refused(&s_token, 1001);
    assert_sent(1001, "old");
    token_refused(&s_token, 1002); /* of a request that was sent with the new one */
    assert_sent(1002, "old");
    assert_sent(1001 + OVERLAP_MS / 2 - 1, "old");
    assert_sent(1001 + OVERLAP_MS / 2, "newer"); /* by now it should */
}

static void a_refusal_of_the_token_before_brings_the_new_one_back(void **state)
{
    (void)state;
    write_token("newer");
    assert_sent(1000, "newer");
    token_refused(&s_token, 1001);
    assert_sent(1001, "old");
    token_refused(&s_token, 5000); /* the gateway takes no old one, and knows the new one */
    assert_sent(5000, "newer");
}

static void a_wrong_token_that_never_changed_is_sent_again(void **state)
{
    (void)state;
    token_refused(&s_token, 1000);
    assert_sent(1000, "old");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_token, close_token)
    const struct CMUnitTest tests[] = {
        TEST(without_a_secret_nothing_is_sent),
        TEST(a_refusal_finds_a_changed_file_at_once),
        TEST(the_token_before_is_sent_while_the_gateway_does_not_know_the_new_one),
        TEST(a_refusal_of_the_token_before_brings_the_new_one_back),
        TEST(a_wrong_token_that_never_changed_is_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
