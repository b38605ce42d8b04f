/* The summary of `ferry check`. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "settings/access.h"

static void tells_what_the_settings_mean_and_no_secret(void **state)
{
    (void)state;
    struct settings *settings = NULL;
    struct error error = {0};
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(clearenv(), 0);
    setenv("FERRY_QUEUE_URL", "http://localhost:1/0/hello.fifo", 1);
    setenv("FERRY_API_TOKEN", "hidden", 1);
    assert_int_equal(settings_load(NULL, &settings, &error), STATUS_OK);
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    check_print(settings, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text,
                        "file      none: defaults and environment\n"
                        "temporal  localhost:7233, namespace default\n"
                        "queue     http://localhost:1/0/hello.fifo -> hello-world, order group, visibility 1m\n"
                        "route     hello-world: workflow helloWorld on hello-world-queue, id "
                        "hello-world-{MessageId}, ack worker\n");
    free(text);
    settings_destroy(settings);
}

static void tells_where_events_are_put(void **state)
{
    (void)state;
    static char name[] = "in";
    static char queue[] = "https://sqs.eu-central-1.amazonaws.com/1/orders.fifo";
    static char group[] = "{body.customer}";
    static char deduplication[] = "{MessageId}";
    static char text_of[] = "x";
    struct settings_route route = {.name = name, .target = SETTINGS_TARGET_SQS, .queue = queue, .group = group,
                                   .deduplication_id = deduplication, .delay_ms = -1};
    struct settings settings = {.temporal = {.address = text_of, .namespace_ = text_of}, .routes = &route,
                                .route_count = 1};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    check_print(&settings, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "route     in: queue https://sqs.eu-central-1.amazonaws.com/1/orders.fifo, "
                                 "group {body.customer}, deduplication_id {MessageId}\n"));
    free(text);
}

static void tells_tokens_and_webhooks_by_name(void **state)
{
    (void)state;
    static char text_of[] = "x";
    static char ci[] = "ci";
    static char file[] = "/run/secrets/ci";
    static char orders[] = "orders";
    static char push[] = "push";
    static char origin[] = "https://app.example";
    static char *routes[] = {orders};
    static char *events[] = {push};
    static char *origins[] = {origin};
    struct settings_token tokens[] = {
        {.name = ci, .file = file, .routes = routes, .route_count = 1, .rate = 10, .rate_period_ms = 60000, .burst = 3,
         .verbs = SETTINGS_VERB_BIT(SETTINGS_VERB_EVENT) | SETTINGS_VERB_BIT(SETTINGS_VERB_READ)},
        {.name = text_of, .file = file, .verbs = SETTINGS_VERBS_ALL},
    };
    struct settings_webhook webhook = {.kind = SETTINGS_WEBHOOK_GITHUB, .secret_file = file, .events = events,
                                       .event_count = 1};
    struct settings_cors cors = {.origins = origins, .origin_count = 1};
    struct settings_route route = {.name = orders, .workflow = text_of, .task_queue = text_of, .id = text_of,
                                   .id_prefix = text_of, .webhook = &webhook};
    struct settings settings = {.temporal = {.address = text_of, .namespace_ = text_of}, .routes = &route,
                                .route_count = 1, .gateway = {.tokens = tokens, .token_count = 2, .cors = &cors}};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    check_print(&settings, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "token     ci: may event read, routes orders, rate 10 in 60 s, burst 3\n"
                                 "token     x: may do everything\n"
                                 "origins   https://app.example\n"
                                 "webhook   orders: github at /v1/webhooks/orders, events push\n"));
    assert_null(strstr(text, "/run/secrets"));
    free(text);
}

static void tells_keys_by_name_and_reads_their_files(void **state)
{
    (void)state;
    static char text_of[] = "x";
    static char first[] = "2026-11";
    static char second[] = "2026-10";
    static char file[] = "no/such/key";
    static char path[] = "ferry.yaml";
    struct settings_codec_key keys[] = {{.id = first, .file = file}, {.id = second, .file = file}};
    struct settings settings = {.path = path, .temporal = {.address = text_of, .namespace_ = text_of,
                                                           .codec_keys = keys, .codec_key_count = 2}};
    struct error error = {0};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    check_print(&settings, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "codec     aes_gcm, encrypts with the key \"2026-11\", decrypts with \"2026-10\"\n"));
    assert_null(strstr(text, file));
    free(text);
    assert_int_equal(check_key_files(&settings, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "ferry.yaml: temporal.codec: the key \"2026-11\": no/such/key cannot be read: "
                                    "No such file or directory");
    settings.temporal.codec_key_count = 0;
    assert_int_equal(check_key_files(&settings, &error), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_what_the_settings_mean_and_no_secret),
                                      cmocka_unit_test(tells_where_events_are_put),
                                      cmocka_unit_test(tells_tokens_and_webhooks_by_name),
                                      cmocka_unit_test(tells_keys_by_name_and_reads_their_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
