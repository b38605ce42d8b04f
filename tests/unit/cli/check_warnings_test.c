/* What a configuration allows and is seldom meant. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "check_warnings.h"

static char s_fifo[] = "http://localhost:1/0/orders.fifo";
static char s_standard[] = "http://localhost:1/0/orders";
static char s_name[] = "orders";
static char *s_routes[] = {s_name};

/* A configuration that nothing is to be said of. */
struct sample {
    struct settings_queue queue;
    struct settings_route route;
    struct settings settings;
};

static void prepare(struct sample *sample)
{
    static char listen[] = "127.0.0.1:8080";
    static char url[] = "http://localhost:8080";
    *sample = (struct sample){
        .queue = {.url = s_fifo, .name = s_name, .routes = s_routes, .route_count = 1, .visibility_ms = 60000,
                  .max_in_flight = 500},
        .route = {.name = s_name, .execution_timeout_ms = 3600000, .ack = SETTINGS_ACK_COMPLETION},
    };
    sample->settings = (struct settings){.queues = &sample->queue, .queue_count = 1, .routes = &sample->route,
                                         .route_count = 1,
                                         .gateway = {.listen = listen, .url = url, .long_polls = 1000}};
}

/* The ids of what is found, parted by blanks. */
/* The ids of all, each of which has this level. */
static void assert_found_at(const struct sample *sample, const char *level, const char *expected)
{
    char text[200] = "";
    size_t index = 0;
    const json_t *one = NULL;
    struct findings *findings = findings_new();
    check_warnings(&sample->settings, findings);
    json_array_foreach(findings_json(findings), index, one)
    {
        assert_string_equal(json_string_value(json_object_get(one, "level")), level);
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", index > 0 ? " " : "",
                       json_string_value(json_object_get(one, "id")));
    }
    assert_string_equal(text, expected);
    assert_int_equal(findings_count(findings, FINDING_WARNING) + findings_count(findings, FINDING_INFO),
                     json_array_size(findings_json(findings)));
    findings_destroy(findings);
}

static void assert_found(const struct sample *sample, const char *expected)
{
    assert_found_at(sample, "warning", expected);
}

static void a_sound_configuration_has_none(void **state)
{
    (void)state;
    struct sample sample;
    prepare(&sample);
    assert_found(&sample, "");
}

static void runs_of_a_group_must_end_within_the_lease(void **state)
{
    (void)state;
    struct sample sample;
    prepare(&sample);
    sample.route.execution_timeout_ms = 0;
    assert_found(&sample, "no-execution-timeout");
    sample.route.execution_timeout_ms = (int64_t)12 * 3600 * 1000;
    assert_found(&sample, "");
    sample.route.execution_timeout_ms++;
    assert_found(&sample, "runs-beyond-12h");
    sample.queue.url = s_standard;
    assert_found(&sample, "");
}

static void queues_of_one_kind_belong_together(void **state)
{
    (void)state;
    struct sample sample;
    prepare(&sample);
    sample.route.dead_letter_queue = s_standard;
    assert_found(&sample, "dead-letter-type");
    sample.queue.dead_letter_queue = s_standard;
    assert_found(&sample, "dead-letter-type dead-letter-type");
    sample.route.dead_letter_queue = s_fifo;
    sample.queue.dead_letter_queue = NULL;
    assert_found(&sample, "");
}

static void leases_and_filters_of_a_queue(void **state)
{
    (void)state;
    static char filter[] = "{}";
    struct sample sample;
    prepare(&sample);
    sample.queue.visibility_ms = 19999;
    assert_found(&sample, "visibility-short");
    sample.queue.visibility_ms = 20000;
    sample.route.filter = filter;
    assert_found(&sample, "unmatched-returns");
    sample.queue.unmatched = SETTINGS_CLOSED_DELETE;
    assert_found(&sample, "");
}

static void more_runs_than_long_polls_need_callbacks(void **state)
{
    (void)state;
    static char url[] = "http://10.0.0.1:8080";
    struct sample sample;
    prepare(&sample);
    sample.queue.max_in_flight = 1001;
    assert_found(&sample, "beyond-long-polls");
    sample.settings.gateway.callback_url = url;
    assert_found(&sample, "");
    sample.settings.gateway.callback_url = NULL;
    sample.route.ack = SETTINGS_ACK_START; /* nobody waits */
    assert_found(&sample, "");
}

static void tokens_and_open_doors(void **state)
{
    (void)state;
    static char token[] = "x";
    static char everywhere[] = "0.0.0.0:8080";
    char urls[][40] = {"http://localhost", "http://127.0.0.1:1/x", "https://gateway.example", "http://[::1]",
                       "http://gateway.example:8080/"};
    struct sample sample;
    prepare(&sample);
    sample.settings.gateway.token = token;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        sample.settings.gateway.url = urls[i];
        assert_found(&sample, i + 1 < sizeof urls / sizeof urls[0] ? "" : "token-in-clear");
    }
    prepare(&sample);
    sample.settings.gateway.auth_none = true;
    assert_found(&sample, "");
    sample.settings.gateway.listen = everywhere;
    assert_found(&sample, "gateway-open");
    sample.settings.gateway.auth_none = false;
    assert_found_at(&sample, "info", "gateway-no-token"); /* the gateway's environment may have one */
    sample.settings.gateway.token_count = 1;
    assert_found(&sample, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_configuration_has_none),
        cmocka_unit_test(runs_of_a_group_must_end_within_the_lease),
        cmocka_unit_test(queues_of_one_kind_belong_together),
        cmocka_unit_test(leases_and_filters_of_a_queue),
        cmocka_unit_test(more_runs_than_long_polls_need_callbacks),
        cmocka_unit_test(tokens_and_open_doors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
