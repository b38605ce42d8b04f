/* What a refusal says to people. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "problem_text.h"

static const struct problem_source s_gateway = {.is_gateway = true, .address = "http://here:1"};
static const struct problem_source s_poller = {.address = "http://there:1", .had_token = true};

static void assert_said(const struct problem_source *source, int http_status, const char *body, enum status status,
                        const char *text)
{
    struct error error = {0};
    assert_int_equal(problem_text_set(source, http_status, body, strlen(body), &error), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.text, text);
}

static void a_problem_says_what_and_where_to_read_on(void **state)
{
    (void)state;
    assert_said(&s_gateway, 404,
                "{\"type\": \"/problems/workflow-not-found\", \"title\": \"There is none.\", \"detail\": \"ID x\"}",
                STATUS_NOT_FOUND, "There is none: ID x\nSee docs/errors.md#workflow-not-found");
    assert_said(&s_gateway, 409, "{\"title\": \"No\"}", STATUS_FAILED_PRECONDITION, "No");
    assert_said(&s_poller, 409, "{\"type\": \"/problems/x\", \"title\": \"No\", \"detail\": \"d\"}",
                STATUS_FAILED_PRECONDITION, "No: d\nSee docs/operating.md.");
}

static void a_token_is_asked_for_or_doubted(void **state)
{
    (void)state;
    struct error error = {0};
    const char *body = "{\"type\": \"/problems/unauthenticated\", \"title\": \"A token is needed\"}";
    assert_int_equal(problem_text_set(&s_gateway, 401, body, strlen(body), &error), STATUS_UNAUTHENTICATED);
    assert_non_null(strstr(error.text, "Set FERRY_API_TOKEN or FERRY_API_TOKEN_FILE"));
    assert_int_equal(problem_text_set(&s_poller, 401, body, strlen(body), &error), STATUS_UNAUTHENTICATED);
    assert_non_null(strstr(error.text, "does not know the token"));
}

static void what_is_no_problem_makes_the_address_doubtful(void **state)
{
    (void)state;
    assert_said(&s_gateway, 502, "<html>", STATUS_INTERNAL,
                "HTTP 502 without a problem's title: is http://here:1 the gateway's address?");
    assert_said(&s_poller, 404, "{\"type\": \"/problems/unknown-route\", \"title\": \"There is no such resource.\"}",
                STATUS_NOT_FOUND, "There is no such resource: is http://there:1 the poller's address?");
    assert_said(&s_poller, 404, "", STATUS_NOT_FOUND,
                "HTTP 404 without a problem's title: is http://there:1 the poller's address?");
}

static void statuses_are_never_bad_usage(void **state)
{
    (void)state;
    for (int http_status = 400; http_status < 600; http_status++) {
        struct error error = {0};
        enum status status = problem_text_set(&s_gateway, http_status, "{}", 2, &error);
        assert_int_not_equal(status, STATUS_INVALID_ARGUMENT);
        assert_int_not_equal(status, STATUS_OK);
    }
}

static void a_peers_text_is_cut_and_does_not_steer_the_terminal(void **state)
{
    (void)state;
    char body[2000] = "{\"title\": \"T\\u001b[2J\", \"type\": \"/problems/a\\u0007\", \"detail\": \"";
    size_t length = strlen(body);
    for (size_t i = 0; i < 500; i++) {
        (void)memcpy(body + length + 2 * i, "\xc3\xa4", 2);
    }
    (void)strcpy(body + length + 1000, "\"}");
    struct error error = {0};
    (void)problem_text_set(&s_gateway, 400, body, strlen(body), &error);
    assert_null(strchr(error.text, '\x1b'));
    assert_null(strchr(error.text, '\a'));
    assert_non_null(strstr(error.text, "..."));
    assert_true(utf8_is_valid(error.text, strlen(error.text)));
}

static void nobodys_answer_says_who_and_what_to_set(void **state)
{
    (void)state;
    const struct error refused = {.status = STATUS_UNAVAILABLE, .text = "connection refused"};
    struct error error = {0};
    assert_int_equal(problem_text_no_answer(&s_gateway, &refused, &error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(error.text, "no gateway answers at http://here:1: connection refused"));
    assert_non_null(strstr(error.text, "FERRY_GATEWAY_URL"));
    assert_int_equal(problem_text_no_answer(&s_poller, &refused, &error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(error.text, "poller.admin_listen"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_says_what_and_where_to_read_on),
        cmocka_unit_test(a_token_is_asked_for_or_doubted),
        cmocka_unit_test(what_is_no_problem_makes_the_address_doubtful),
        cmocka_unit_test(statuses_are_never_bad_usage),
        cmocka_unit_test(a_peers_text_is_cut_and_does_not_steer_the_terminal),
        cmocka_unit_test(nobodys_answer_says_who_and_what_to_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
