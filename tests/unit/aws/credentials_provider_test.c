/* Providers of credentials: waiting, keeping, refreshing, and the sources one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "credentials_provider.h"
#include "http/client.h"
#include "support.h"

static struct loop *s_loop;
static struct http_client *s_http;

/* What the last done brought. */
static struct answer {
    int count;
    enum status status;
    char key[64];
    char secret[64];
    char token[64];
    char text[ERROR_TEXT_SIZE];
} s_answer;

static int prepare(void **state)
{
    (void)state;
    support_clear_environment();
    s_loop = loop_new();
    assert_int_equal(http_client_new(s_loop, &(struct http_client_options){0}, &s_http, NULL), STATUS_OK);
    s_answer = (struct answer){0};
    return 0;
}

static int release(void **state)
{
    (void)state;
    http_client_destroy(s_http);
    loop_destroy(s_loop);
    support_remove_home();
    return 0;
}

static void on_answer(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    (void)user;
    assert_true((credentials == NULL) != (error == NULL));
    s_answer.count++;
    s_answer.status = error == NULL ? STATUS_OK : error->status;
    if (error != NULL) {
        (void)snprintf(s_answer.text, sizeof s_answer.text, "%s", error->text);
        return;
    }
    (void)snprintf(s_answer.key, sizeof s_answer.key, "%s", credentials->access_key_id);
    (void)snprintf(s_answer.secret, sizeof s_answer.secret, "%s", credentials->secret_access_key);
    (void)snprintf(s_answer.token, sizeof s_answer.token, "%s",
                   credentials->session_token == NULL ? "" : credentials->session_token);
}

static enum status ask(struct aws_credentials_provider *provider)
{
    struct aws_credentials_request request = {0};
    s_answer = (struct answer){0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    assert_int_equal(s_answer.count, 0); /* never inside the call */
    while (s_answer.count == 0) {
        loop_run_once(s_loop, 1000);
    }
    return s_answer.status;
}

static enum status ask_and_destroy(struct aws_credentials_provider *provider)
{
    enum status status = ask(provider);
    aws_credentials_provider_destroy(provider);
    return status;
}

/* A source that is answered by the test. */
struct fake_provider {
    struct aws_credentials_provider base;
    int loads;
};

static struct fake_provider *s_fake;
static int s_fake_deinits;

static void fake_load(struct aws_credentials_provider *provider)
{
    ((struct fake_provider *)(void *)provider)->loads++;
}

static void fake_deinit(struct aws_credentials_provider *provider)
{
    (void)provider;
    s_fake_deinits++;
}

static const struct aws_credentials_class s_fake_class = {.name = "fake", .load = fake_load, .deinit = fake_deinit};

static struct aws_credentials_provider *fake_new(void)
{
    s_fake = memory_alloc(sizeof *s_fake);
    s_fake_deinits = 0;
    aws_credentials_provider_init(&s_fake->base, &s_fake_class, s_loop);
    return &s_fake->base;
}

static void fake_answer(const char *key, int64_t expires_wall_ms)
{
    struct aws_credentials credentials;
    aws_credentials_init(&credentials, key, "secret", "token", expires_wall_ms);
    aws_credentials_loaded(&s_fake->base, &credentials, NULL);
    aws_credentials_deinit(&credentials);
}

static void fake_fail(enum status status)
{
    struct error error = {0};
    (void)error_set(&error, status, "source is down");
    aws_credentials_loaded(&s_fake->base, NULL, &error);
}

static void drain(void)
{
    for (int i = 0; i < 3; i++) {
        loop_run_once(s_loop, 0);
    }
}

static void one_load_answers_everyone_who_waits(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = fake_new();
    struct aws_credentials_request requests[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        aws_credentials_provider_get(provider, &requests[i], on_answer, NULL);
    }
    aws_credentials_request_cancel(&requests[1]);
    assert_int_equal(s_fake->loads, 1);
    fake_answer("AKID", AWS_CREDENTIALS_NEVER_EXPIRE);
    assert_int_equal(s_answer.count, 0);
    drain();
    assert_int_equal(s_answer.count, 2);
    assert_string_equal(s_answer.key, "AKID");
    assert_string_equal(s_answer.token, "token");
    assert_non_null(aws_credentials_provider_current(provider));
    assert_int_equal(ask(provider), STATUS_OK);
    assert_int_equal(s_fake->loads, 1);
    aws_credentials_provider_destroy(provider);
}

static void a_failure_is_told_and_the_next_question_loads_anew(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = fake_new();
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_fail(STATUS_UNAVAILABLE);
    drain();
    assert_int_equal(s_answer.count, 1);
    assert_int_equal(s_answer.status, STATUS_UNAVAILABLE);
    assert_null(aws_credentials_provider_current(provider));
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    assert_int_equal(s_fake->loads, 2);
    fake_answer("AKID", AWS_CREDENTIALS_NEVER_EXPIRE);
    drain();
    assert_int_equal(s_answer.status, STATUS_OK);
    aws_credentials_provider_destroy(provider);
}

#define MINUTE_MS INT64_C(60000)

/* The test's clock. */
static int64_t s_now_ms;
static int64_t test_wall_ms(void)
{
    return s_now_ms;
}

/* Loaded once, for an hour; then `left_ms` before its expiry. */
static struct aws_credentials_provider *with_keys_that_expire_in(int64_t left_ms)
{
    struct aws_credentials_provider *provider = fake_new();
    struct aws_credentials_request request = {0};
    s_now_ms = clock_wall_ms();
    provider->wall_ms = test_wall_ms;
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_answer("OLD", s_now_ms + 60 * MINUTE_MS);
    drain();
    assert_non_null(aws_credentials_provider_current(provider));
    assert_int_equal(s_fake->loads, 1);
    s_now_ms += 60 * MINUTE_MS - left_ms;
    return provider;
}

/* behaviour 8: the source is down in the advisory window */
static void fifteen_minutes_ahead_keys_are_renewed_in_the_background(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = with_keys_that_expire_in(15 * MINUTE_MS);
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "OLD");
    assert_int_equal(s_fake->loads, 1);
    s_now_ms += MINUTE_MS;
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "OLD");
    assert_int_equal(s_fake->loads, 2);
    fake_fail(STATUS_UNAVAILABLE);
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "OLD");
    assert_int_equal(s_fake->loads, 2); /* not again at once */
    s_now_ms += MINUTE_MS;
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "OLD");
    assert_int_equal(s_fake->loads, 3);
    fake_answer("NEW", s_now_ms + 60 * MINUTE_MS);
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "NEW");
    assert_int_equal(s_fake->loads, 3);
    assert_int_equal(s_answer.count, 1);
    aws_credentials_provider_destroy(provider);
}

/* behaviour 8: the source is down in the mandatory window */
static void ten_minutes_ahead_who_asks_waits_and_gets_the_error(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = with_keys_that_expire_in(10 * MINUTE_MS);
    struct aws_credentials_request request = {0};
    assert_null(aws_credentials_provider_current(provider));
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    drain();
    assert_int_equal(s_answer.count, 1); /* that of the first load */
    fake_fail(STATUS_UNAVAILABLE);
    drain();
    assert_int_equal(s_answer.count, 2);
    assert_int_equal(s_answer.status, STATUS_UNAVAILABLE);
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    assert_int_equal(s_fake->loads, 3);
    fake_answer("NEW", s_now_ms + 60 * MINUTE_MS);
    drain();
    assert_int_equal(s_answer.status, STATUS_OK);
    assert_string_equal(s_answer.key, "NEW");
    aws_credentials_provider_destroy(provider);
}

static void keys_that_come_with_little_time_left_are_used_for_it(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = with_keys_that_expire_in(10 * MINUTE_MS);
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_answer("SHORT", s_now_ms + 8 * MINUTE_MS);
    drain();
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "SHORT");
    assert_int_equal(s_fake->loads, 3); /* and something longer is looked for */
    fake_fail(STATUS_UNAVAILABLE);
    s_now_ms += 6 * MINUTE_MS + MINUTE_MS / 2;
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "SHORT");
    fake_fail(STATUS_UNAVAILABLE);
    s_now_ms += MINUTE_MS;
    assert_null(aws_credentials_provider_current(provider));
    aws_credentials_provider_destroy(provider);
}

static void only_the_keys_that_were_refused_are_given_up(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = with_keys_that_expire_in(30 * MINUTE_MS);
    struct aws_credentials_request request = {0};
    uint64_t refused = aws_credentials_provider_current(provider)->generation;
    aws_credentials_provider_invalidate(provider, refused);
    assert_null(aws_credentials_provider_current(provider));
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_answer("NEW", s_now_ms + 60 * MINUTE_MS);
    drain();
    aws_credentials_provider_invalidate(provider, refused); /* a second call that was signed with the old ones */
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "NEW");
    assert_int_equal(s_fake->loads, 2);
    aws_credentials_provider_destroy(provider);
}

static void a_chain_renews_what_its_member_would_have_kept(void **state)
{
    (void)state;
    struct aws_credentials_provider *fake = fake_new();
    struct aws_credentials_provider *provider = aws_credentials_provider_new_chain(s_loop, &fake, 1);
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_answer("OLD", clock_wall_ms() + 14 * MINUTE_MS);
    drain();
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "OLD");
    assert_int_equal(s_fake->loads, 2);
    fake_fail(STATUS_UNAVAILABLE);
    drain();
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "OLD");
    provider->next_refresh_wall_ms = 0;
    assert_non_null(aws_credentials_provider_current(provider));
    assert_int_equal(s_fake->loads, 3);
    fake_answer("NEW", clock_wall_ms() + 60 * MINUTE_MS);
    drain();
    assert_string_equal(aws_credentials_provider_current(provider)->access_key_id, "NEW");
    aws_credentials_provider_destroy(provider);
}

static void expired_keys_are_never_given_out(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = fake_new();
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_answer("OLD", clock_wall_ms() + 1000);
    drain();
    assert_int_equal(s_answer.status, STATUS_UNAUTHENTICATED);
    assert_null(aws_credentials_provider_current(provider));
    aws_credentials_provider_destroy(provider);
}

static void invalidated_keys_are_loaded_anew(void **state)
{
    (void)state;
    struct aws_credentials_provider *fake = fake_new();
    struct aws_credentials_provider *provider = aws_credentials_provider_new_chain(s_loop, &fake, 1);
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    fake_answer("ONE", AWS_CREDENTIALS_NEVER_EXPIRE);
    drain();
    aws_credentials_provider_invalidate(provider, 0);
    assert_null(aws_credentials_provider_current(provider));
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    assert_int_equal(s_fake->loads, 2);
    fake_answer("TWO", AWS_CREDENTIALS_NEVER_EXPIRE);
    drain();
    assert_string_equal(s_answer.key, "TWO");
    aws_credentials_provider_destroy(provider);
    assert_int_equal(s_fake_deinits, 1);
}

static void destroying_cancels_who_waits(void **state)
{
    (void)state;
    struct aws_credentials_provider *provider = fake_new();
    struct aws_credentials_request request = {0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    aws_credentials_provider_destroy(provider);
    assert_int_equal(s_answer.count, 1);
    assert_int_equal(s_answer.status, STATUS_CANCELED);
    aws_credentials_provider_destroy(NULL);
}

static void static_keys_are_given(void **state)
{
    (void)state;
    struct aws_credentials credentials;
    aws_credentials_init(&credentials, "AKID", "secret", "", AWS_CREDENTIALS_NEVER_EXPIRE);
    assert_null(credentials.session_token);
    struct aws_credentials_provider *provider = aws_credentials_provider_new_static(s_loop, &credentials);
    aws_credentials_deinit(&credentials);
    assert_int_equal(ask_and_destroy(provider), STATUS_OK);
    assert_string_equal(s_answer.key, "AKID");
    assert_string_equal(s_answer.secret, "secret");
    assert_string_equal(s_answer.token, "");
}

static void the_environment_gives_keys_and_token(void **state)
{
    (void)state;
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_environment(s_loop)), STATUS_NOT_FOUND);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKENV", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_environment(s_loop)), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(s_answer.text, "AWS_SECRET_ACCESS_KEY"));
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "s", 1), 0);
    assert_int_equal(setenv("AWS_SESSION_TOKEN", "t", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_environment(s_loop)), STATUS_OK);
    assert_string_equal(s_answer.key, "AKENV");
    assert_string_equal(s_answer.token, "t");
}

static void a_profile_gives_keys_of_the_default_files(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_NOT_FOUND);
    support_write_file(".aws/credentials",
                       "[default]\naws_access_key_id=AKDEF\naws_secret_access_key=s\n[dev]\naws_access_key_id=AKDEV\n",
                       path);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_OK);
    assert_string_equal(s_answer.key, "AKDEF");
    assert_int_equal(setenv("AWS_PROFILE", "dev", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(s_answer.text, "aws_secret_access_key"));
    support_write_file(".aws/config", "[profile dev]\naws_secret_access_key=s2\n", path);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_OK);
    assert_string_equal(s_answer.key, "AKDEV");
    assert_string_equal(s_answer.secret, "s2");
    assert_int_equal(setenv("AWS_PROFILE", "none", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(s_answer.text, "\"none\""));
}

static void ways_that_are_not_supported_are_named(void **state)
{
    (void)state;
    static const char *const s_ways[] = {"sso_session", "sso_start_url", "login_session", "credential_process"};
    for (size_t i = 0; i < sizeof s_ways / sizeof s_ways[0]; i++) {
        char path[SUPPORT_PATH_SIZE];
        char *text = memory_format("[default]\n%s = x\n", s_ways[i]);
        support_write_file(".aws/config", text, path);
        free(text);
        struct aws_credentials_provider *provider = aws_credentials_provider_new_default(s_loop, s_http);
        assert_int_equal(ask_and_destroy(provider), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(s_answer.text, s_ways[i]));
    }
}

static void files_that_were_named_must_be_there_and_parse(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    support_write_file("mine", "[default]\naws_access_key_id=AKMINE\naws_secret_access_key=s\n", path);
    const struct aws_profile_options given = {.credentials_file = path, .profile = "default"};
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, &given)), STATUS_OK);
    assert_string_equal(s_answer.key, "AKMINE");
    assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", "~/mine", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_OK);
    assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/at/all", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(s_answer.text, "/nowhere/at/all"));
    support_write_file("broken", "words\n", path);
    assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_profile(s_loop, NULL)), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(s_answer.text, "broken:1:"));
}

static void the_default_chain_prefers_the_environment(void **state)
{
    (void)state;
    char path[SUPPORT_PATH_SIZE];
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_default(s_loop, s_http)), STATUS_NOT_FOUND);
    assert_non_null(
        strstr(s_answer.text, "environment, profile's role, web identity, profile, container, instance metadata"));
    support_write_file(".aws/credentials", "[default]\naws_access_key_id=AKFILE\naws_secret_access_key=s\n", path);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_default(s_loop, s_http)), STATUS_OK);
    assert_string_equal(s_answer.key, "AKFILE");
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKENV", 1), 0);
    /* configured, but wrong: the chain stops there */
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_default(s_loop, s_http)), STATUS_INVALID_ARGUMENT);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "s", 1), 0);
    assert_int_equal(ask_and_destroy(aws_credentials_provider_new_default(s_loop, s_http)), STATUS_OK);
    assert_string_equal(s_answer.key, "AKENV");
}

static void a_chain_tells_which_source_answered(void **state)
{
    (void)state;
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKENV", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "s", 1), 0);
    struct aws_credentials_provider *provider = aws_credentials_provider_new_default(s_loop, s_http);
    assert_string_equal(aws_credentials_provider_name(provider), "chain");
    assert_int_equal(ask(provider), STATUS_OK);
    assert_string_equal(aws_credentials_provider_source(provider), "environment");
    aws_credentials_provider_destroy(provider);
    provider = aws_credentials_provider_new_environment(s_loop);
    assert_string_equal(aws_credentials_provider_source(provider), "environment");
    aws_credentials_provider_destroy(provider);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_load_answers_everyone_who_waits),
        TEST(a_failure_is_told_and_the_next_question_loads_anew),
        TEST(fifteen_minutes_ahead_keys_are_renewed_in_the_background),
        TEST(ten_minutes_ahead_who_asks_waits_and_gets_the_error),
        TEST(keys_that_come_with_little_time_left_are_used_for_it),
        TEST(only_the_keys_that_were_refused_are_given_up),
        TEST(a_chain_renews_what_its_member_would_have_kept),
        TEST(expired_keys_are_never_given_out),
        TEST(invalidated_keys_are_loaded_anew),
        TEST(destroying_cancels_who_waits),
        TEST(static_keys_are_given),
        TEST(the_environment_gives_keys_and_token),
        TEST(a_profile_gives_keys_of_the_default_files),
        TEST(ways_that_are_not_supported_are_named),
        TEST(files_that_were_named_must_be_there_and_parse),
        TEST(the_default_chain_prefers_the_environment),
        TEST(a_chain_tells_which_source_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
