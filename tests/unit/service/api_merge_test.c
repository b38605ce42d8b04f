/* One answer out of those of several processes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "api_merge.h"

static const struct service_api_route GET_ROUTE = {.method = "GET", .path = "/v1/things"};
static const struct service_api_route POST_ROUTE = {.method = "POST", .path = "/v1/things/{thing}/poke"};
static const struct service_api_route ALL_ROUTE = {.method = "POST", .path = "/v1/stop", .must_reach_all = true};

static struct api_answer answer(int status, const char *body)
{
    return (struct api_answer){.status = status, .body = body, .length = body != NULL ? strlen(body) : 0};
}

static void expect(const struct service_api_route *route, const struct api_answer *answers, size_t count, int status,
                   const char *body)
{
    struct api_merged merged = {0};
    api_merge(route, answers, count, &merged);
    assert_int_equal(merged.status, status);
    if (body != NULL) {
        assert_null(merged.problem);
        assert_string_equal(merged.body, body);
    } else {
        assert_non_null(merged.problem);
        assert_null(merged.body);
    }
    api_merged_deinit(&merged);
}

static void lists_are_put_together_with_the_process_of_each_element(void **state)
{
    (void)state;
    const struct api_answer answers[] = {
        answer(200, "{\"queue\":\"q\",\"lanes\":[{\"group\":\"a\"},{\"group\":\"b\"}]}"),
        answer(200, "{\"queue\":\"q\",\"lanes\":[]}"),
        answer(200, "{\"queue\":\"q\",\"lanes\":[{\"group\":\"c\"}]}"),
    };
    expect(&GET_ROUTE, answers, 3, 200,
           "{\"lanes\":[{\"group\":\"a\",\"process\":1},"
           "{\"group\":\"b\",\"process\":1},{\"group\":\"c\",\"process\":3}]}");
}

static void a_list_says_how_many_processes_are_silent(void **state)
{
    (void)state;
    const struct api_answer answers[] = {answer(0, NULL), answer(200, "{\"queues\":[{\"name\":\"q\"}]}")};
    expect(&GET_ROUTE, answers, 2, 200, "{\"queues\":[{\"name\":\"q\",\"process\":2}],\"silent\":1}");
    expect(&GET_ROUTE, answers, 1, 503, NULL);
}

static void an_answer_that_is_no_list_adds_nothing(void **state)
{
    (void)state;
    const struct api_answer answers[] = {answer(200, "no JSON"), answer(200, "{\"a\":1}")};
    expect(&GET_ROUTE, answers, 2, 200, "{}");
}

static void the_process_that_knows_the_thing_is_heard(void **state)
{
    (void)state;
    const struct api_answer one[] = {answer(404, "no"), answer(200, "done"), answer(404, "no")};
    expect(&POST_ROUTE, one, 3, 200, "done");
    const struct api_answer conflict[] = {answer(404, "no"), answer(409, "open"), answer(0, NULL)};
    expect(&POST_ROUTE, conflict, 3, 409, "open");
    const struct api_answer none[] = {answer(404, "no"), answer(404, "neither")};
    expect(&POST_ROUTE, none, 2, 404, "no");
    const struct api_answer refused[] = {answer(401, "token"), answer(401, "token")};
    expect(&POST_ROUTE, refused, 2, 401, "token");
    expect(&GET_ROUTE, refused, 2, 401, "token");
}

static void a_silent_process_may_be_the_one_that_knows_the_thing(void **state)
{
    (void)state;
    const struct api_answer answers[] = {answer(404, "no"), answer(0, NULL)};
    expect(&POST_ROUTE, answers, 2, 503, NULL);
}

static void what_all_must_do_is_done_when_all_have_done_it(void **state)
{
    (void)state;
    const struct api_answer all[] = {answer(200, "done"), answer(200, "done")};
    expect(&ALL_ROUTE, all, 2, 200, "done");
    const struct api_answer one_silent[] = {answer(200, "done"), answer(0, NULL)};
    expect(&ALL_ROUTE, one_silent, 2, 503, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_put_together_with_the_process_of_each_element),
        cmocka_unit_test(a_list_says_how_many_processes_are_silent),
        cmocka_unit_test(an_answer_that_is_no_list_adds_nothing),
        cmocka_unit_test(the_process_that_knows_the_thing_is_heard),
        cmocka_unit_test(a_silent_process_may_be_the_one_that_knows_the_thing),
        cmocka_unit_test(what_all_must_do_is_done_when_all_have_done_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
