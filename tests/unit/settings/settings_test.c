/* Where settings come from and which one wins; defaults; questions about them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "settings/settings.h"
#include "support.h"

static void nothing_at_all_gives_the_defaults(void **state)
{
    (void)state;
    struct settings *settings = support_load(NULL);
    assert_null(settings->path);
    assert_string_equal(settings->temporal.address, "localhost:7233");
    assert_string_equal(settings->temporal.namespace_, "default");
    assert_null(settings->temporal.api_key);
    assert_null(settings->temporal.api_key_file);
    assert_false(settings->temporal.tls);
    assert_int_equal(settings->queue_count, 0);
    assert_int_equal(settings->route_count, 1);
    const struct settings_route *route = settings_find_route(settings, "hello-world");
    assert_non_null(route);
    assert_string_equal(route->workflow, "helloWorld");
    assert_string_equal(route->task_queue, "hello-world-queue");
    assert_string_equal(route->id, "{MessageId}");
    assert_string_equal(route->id_prefix, "hello-world");
    assert_int_equal(route->input, SETTINGS_INPUT_MESSAGE);
    assert_int_equal(route->ack, SETTINGS_ACK_WORKER);
    assert_int_equal(route->order, SETTINGS_ORDER_AUTO);
    assert_int_equal(route->on_failed, SETTINGS_CLOSED_RETURN);
    assert_string_equal(settings->poller.admin_listen, "127.0.0.1:8081");
    assert_string_equal(settings->gateway.url, "http://localhost:8080");
    assert_string_equal(settings->gateway.listen, "127.0.0.1:8080");
    assert_null(settings->gateway.admin_listen);
    assert_null(settings->gateway.token);
    assert_int_equal(settings->gateway.max_body_bytes, 16777216);
    assert_int_equal(settings->gateway.max_connections, 10000);
    assert_int_equal(settings->gateway.max_connections_per_address, 0);
    assert_int_equal(settings->gateway.header_timeout_ms, 10000);
    assert_int_equal(settings->gateway.transfer_timeout_ms, 30000);
    assert_int_equal(settings->gateway.idle_timeout_ms, 75000);
    assert_string_equal(settings->worker.task_queue, "hello-world-queue");
    assert_int_equal(settings->worker.activities, 200);
    assert_int_equal(settings->worker.workflow_cache, 10000);
    assert_string_equal(settings->worker.admin_listen, "127.0.0.1:8082");
    assert_int_equal(settings->hello.work_ms, 1000);
    settings_destroy(settings);
}

static void reads_every_key_of_the_file(void **state)
{
    (void)state;
    support_write("secret", "s3cret\n");
    struct settings *settings = support_load(
        "temporal: { address: 'temporal:7000', namespace: orders, api_key_file: secret, tls: true, tls_ca: ca.pem,\n"
        "            tls_certificate: c.pem, tls_key: k.pem, tls_server_name: t.example }\n"
        "queues:\n"
        "  - url: http://localhost:9324/000000000000/orders.fifo\n"
        "    route: orders\n"
        "    visibility: 90s\n"
        "    wait: 5s\n"
        "    max_in_flight: 7\n"
        "    max_in_flight_bytes: 2MiB\n"
        "    receives: 2\n"
        "routes:\n"
        "  orders: { workflow: order, task_queue: orders-queue, id: '{MessageGroupId}-{MessageId}', id_prefix: o,\n"
        "            input: body, ack: completion, order: group, on_failed: delete, on_canceled: delete,\n"
        "            same_id: is_duplicate, execution_timeout: 12h, run_timeout: 10m, task_timeout: 10s }\n"
        "poller: { admin_listen: '127.0.0.1:1', grace: 1s }\n"
        "gateway: { url: 'https://gateway:1/x', listen: '[::1]:2', admin_listen: '127.0.0.1:3', auth: none,\n"
        "           token_file: secret, max_body: 1MiB, grace: 2s, max_connections: 7,\n"
        "           max_connections_per_address: 2, header_timeout: 1s, transfer_timeout: 2s, idle_timeout: 3s }\n"
        "worker: { task_queue: w, activities: 3, workflow_cache: 0, grace: 3s, admin_listen: none }\n"
        "hello: { work_ms: 0 }\n");
    assert_string_equal(settings->path, "ferry.yaml");
    assert_string_equal(settings->temporal.address, "temporal:7000");
    assert_string_equal(settings->temporal.api_key, "s3cret");
    assert_string_equal(settings->temporal.api_key_file, "secret");
    assert_true(settings->temporal.tls);
    assert_string_equal(settings->temporal.tls_server_name, "t.example");
    assert_int_equal(settings->gateway.max_connections, 7);
    assert_int_equal(settings->gateway.max_connections_per_address, 2);
    assert_int_equal(settings->gateway.header_timeout_ms, 1000);
    assert_int_equal(settings->gateway.transfer_timeout_ms, 2000);
    assert_int_equal(settings->gateway.idle_timeout_ms, 3000);
    assert_int_equal(settings->queue_count, 1);
    const struct settings_queue *queue = &settings->queues[0];
    assert_int_equal(queue->visibility_ms, 90000);
    assert_int_equal(queue->wait_ms, 5000);
    assert_int_equal(queue->max_in_flight, 7);
    assert_int_equal(queue->max_in_flight_bytes, 2097152);
    assert_int_equal(queue->receives, 2);
    const struct settings_route *route = settings_find_route(settings, "orders");
    assert_non_null(route);
    assert_string_equal(route->id_prefix, "o");
    assert_int_equal(route->input, SETTINGS_INPUT_BODY);
    assert_int_equal(route->order, SETTINGS_ORDER_GROUP);
    assert_int_equal(route->on_failed, SETTINGS_CLOSED_DELETE);
    assert_int_equal(route->on_canceled, SETTINGS_CLOSED_DELETE);
    assert_true(route->same_id_is_duplicate);
    assert_int_equal(route->execution_timeout_ms, 43200000);
    assert_int_equal(route->run_timeout_ms, 600000);
    assert_int_equal(route->task_timeout_ms, 10000);
    assert_null(settings_find_route(settings, "hello-world"));
    assert_int_equal(settings->poller.grace_ms, 1000);
    assert_string_equal(settings->gateway.url, "https://gateway:1/x");
    assert_string_equal(settings->gateway.admin_listen, "127.0.0.1:3");
    assert_string_equal(settings->gateway.token, "s3cret");
    assert_true(settings->gateway.auth_none);
    assert_int_equal(settings->gateway.grace_ms, 2000);
    assert_int_equal(settings->worker.workflow_cache, 0);
    assert_null(settings->worker.admin_listen);
    assert_int_equal(settings->hello.work_ms, 0);
    settings_destroy(settings);
}

static void a_route_of_ones_own_needs_only_its_workflow(void **state)
{
    (void)state;
    struct settings *settings = support_load("worker: { task_queue: mine }\nroutes: { orders: { workflow: order } }\n");
    const struct settings_route *route = settings_find_route(settings, "orders");
    assert_non_null(route);
    assert_string_equal(route->task_queue, "mine");
    assert_string_equal(route->id_prefix, "orders");
    assert_int_equal(route->ack, SETTINGS_ACK_COMPLETION);
    settings_destroy(settings);
}

static void a_tokens_file_is_kept_to_be_read_again(void **state)
{
    (void)state;
    support_write("secret", "from the file\n");
    support_write("other.yaml", "from the other\n");
    struct settings *settings = support_load("gateway: { token_file: secret, token_overlap: 90s }\n");
    assert_string_equal(settings->gateway.token, "from the file");
    assert_string_equal(settings->gateway.token_file, "secret");
    assert_int_equal(settings->gateway.token_overlap_ms, 90000);
    settings_destroy(settings);
    setenv("FERRY_API_TOKEN_FILE", "other.yaml", 1);
    settings = support_load("gateway: { token_file: secret }\n");
    assert_string_equal(settings->gateway.token, "from the other");
    assert_string_equal(settings->gateway.token_file, "other.yaml");
    settings_destroy(settings);
    unsetenv("FERRY_API_TOKEN_FILE");
    setenv("FERRY_API_TOKEN", "a text", 1);
    settings = support_load("gateway: { token_file: secret }\n");
    assert_string_equal(settings->gateway.token, "a text");
    assert_null(settings->gateway.token_file);
    settings_destroy(settings);
    unsetenv("FERRY_API_TOKEN");
}

static void certificates_come_from_the_file_or_the_environment(void **state)
{
    (void)state;
    setenv("FERRY_GATEWAY_TLS_KEY_PATH", "other.key", 1);
    setenv("FERRY_GATEWAY_CA_PATH", "trusted.pem", 1);
    setenv("FERRY_GATEWAY_CLIENT_CERT_PATH", "client.pem", 1);
    setenv("FERRY_GATEWAY_CLIENT_KEY_PATH", "client.key", 1);
    struct settings *settings = support_load("gateway: { url: 'https://g:1', tls_certificate: s.pem, tls_key: s.key, "
                                             "tls_client_ca: ca.pem, client_tls_ca: replaced }\n");
    const struct settings_gateway *gateway = &settings->gateway;
    assert_string_equal(gateway->tls_certificate, "s.pem");
    assert_string_equal(gateway->tls_key, "other.key");
    assert_string_equal(gateway->tls_client_ca, "ca.pem");
    assert_string_equal(gateway->client_tls_ca, "trusted.pem");
    assert_string_equal(gateway->client_tls_certificate, "client.pem");
    assert_string_equal(gateway->client_tls_key, "client.key");
    settings_destroy(settings);
}

static void the_built_in_route_goes_to_the_worker_as_well(void **state)
{
    (void)state;
    struct settings *settings = support_load("worker: { task_queue: mine }\n");
    assert_string_equal(settings_find_route(settings, "hello-world")->task_queue, "mine");
    settings_destroy(settings);
}

static void the_environment_stands_over_the_file(void **state)
{
    (void)state;
    setenv("TEMPORAL_ADDRESS", "elsewhere:1", 1);
    setenv("TEMPORAL_NAMESPACE", "other", 1);
    setenv("FERRY_QUEUE_URL", "http://localhost:1/0/b.fifo", 1);
    setenv("FERRY_ROUTE", "b", 1);
    setenv("FERRY_GATEWAY_URL", "http://g:1", 1);
    setenv("FERRY_LISTEN", "127.0.0.1:5", 1);
    setenv("FERRY_ADMIN_LISTEN", "127.0.0.1:6", 1);
    setenv("FERRY_API_TOKEN", "token", 1);
    struct settings *settings = support_load("temporal: { address: 'a:1', namespace: n }\n"
                                             "queues: [ { url: 'http://q:1/0/a', route: a, visibility: 30s } ]\n"
                                             "routes: { a: { workflow: a }, b: { workflow: b } }\n"
                                             "gateway: { url: 'http://a:1', listen: '127.0.0.1:1' }\n");
    assert_string_equal(settings->temporal.address, "elsewhere:1");
    assert_string_equal(settings->temporal.namespace_, "other");
    assert_int_equal(settings->queue_count, 1);
    assert_string_equal(settings->queues[0].url, "http://localhost:1/0/b.fifo");
    assert_string_equal(settings->queues[0].routes[0], "b");
    assert_int_equal(settings->queues[0].visibility_ms, 30000);
    assert_string_equal(settings->gateway.url, "http://g:1");
    assert_string_equal(settings->gateway.listen, "127.0.0.1:5");
    assert_string_equal(settings->gateway.admin_listen, "127.0.0.1:6");
    assert_string_equal(settings->poller.admin_listen, "127.0.0.1:6");
    assert_string_equal(settings->worker.admin_listen, "127.0.0.1:6");
    assert_string_equal(settings->gateway.token, "token");
    settings_destroy(settings);
}

static void an_empty_variable_is_none(void **state)
{
    (void)state;
    setenv("TEMPORAL_ADDRESS", "", 1);
    setenv("FERRY_CONFIG", "", 1);
    setenv("FERRY_QUEUE_URL", "", 1);
    struct settings *settings = support_load(NULL);
    assert_string_equal(settings->temporal.address, "localhost:7233");
    assert_int_equal(settings->queue_count, 0);
    settings_destroy(settings);
}

static void a_queue_comes_from_the_environment_alone(void **state)
{
    (void)state;
    setenv("FERRY_QUEUE_URL", "http://localhost:1/0/hello.fifo", 1);
    struct settings *settings = support_load(NULL);
    assert_int_equal(settings->queue_count, 1);
    assert_string_equal(settings->queues[0].routes[0], "hello-world");
    assert_int_equal(settings->queues[0].visibility_ms, 60000);
    assert_int_equal(settings->queues[0].max_in_flight, 500);
    assert_int_equal(settings->queues[0].max_in_flight_bytes, 67108864);
    settings_destroy(settings);
}

static void a_file_may_take_the_queue_variable_among_other_queues(void **state)
{
    (void)state;
    setenv("FERRY_QUEUE_URL", "http://localhost:1/0/x", 1);
    struct settings *settings = support_load("queues:\n"
                                             "  - { url: 'http://localhost:1/0/y' }\n"
                                             "  - { url: \"${FERRY_QUEUE_URL}\" }\n");
    assert_int_equal(settings->queue_count, 2);
    assert_string_equal(settings->queues[1].url, "http://localhost:1/0/x");
    settings_destroy(settings);
}

static void the_given_file_comes_before_the_variable_and_the_default(void **state)
{
    (void)state;
    struct settings *settings = NULL;
    struct error error = {0};
    support_write("ferry.yaml", "hello: { work_ms: 1 }\n");
    support_write("other.yaml", "hello: { work_ms: 2 }\n");
    setenv("FERRY_CONFIG", "other.yaml", 1);
    assert_int_equal(settings_load(NULL, &settings, &error), STATUS_OK);
    assert_int_equal(settings->hello.work_ms, 2);
    settings_destroy(settings);
    assert_int_equal(settings_load("ferry.yaml", &settings, &error), STATUS_OK);
    assert_int_equal(settings->hello.work_ms, 1);
    settings_destroy(settings);
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    support_write("secret", "  key \n\n");
    setenv("TEMPORAL_API_KEY_FILE", "secret", 1);
    setenv("FERRY_API_TOKEN_FILE", "secret", 1);
    struct settings *settings = support_load(NULL);
    assert_string_equal(settings->temporal.api_key, "  key");
    assert_string_equal(settings->gateway.token, "  key");
    settings_destroy(settings);
}

static void an_api_key_or_certificate_means_tls(void **state)
{
    (void)state;
    setenv("TEMPORAL_API_KEY", "key", 1);
    struct settings *settings = support_load(NULL);
    assert_true(settings->temporal.tls);
    settings_destroy(settings);
    unsetenv("TEMPORAL_API_KEY");
    setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "ca.pem", 1);
    settings = support_load(NULL);
    assert_true(settings->temporal.tls);
    assert_string_equal(settings->temporal.tls_ca, "ca.pem");
    settings_destroy(settings);
    unsetenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH");
    setenv("TEMPORAL_TLS", "true", 1);
    settings = support_load(NULL);
    assert_true(settings->temporal.tls);
    settings_destroy(settings);
}

static void order_follows_the_queue_unless_it_is_said(void **state)
{
    (void)state;
    char fifo_url[] = "http://localhost:1/0/a.fifo";
    char standard_url[] = "http://localhost:1/0/a";
    struct settings_queue fifo = {.url = fifo_url};
    struct settings_queue standard = {.url = standard_url};
    struct settings_route route = {.order = SETTINGS_ORDER_AUTO};
    assert_true(settings_queue_is_fifo(&fifo));
    assert_false(settings_queue_is_fifo(&standard));
    assert_int_equal(settings_effective_order(&fifo, &route), SETTINGS_ORDER_GROUP);
    assert_int_equal(settings_effective_order(&standard, &route), SETTINGS_ORDER_NONE);
    route.order = SETTINGS_ORDER_NONE;
    assert_int_equal(settings_effective_order(&fifo, &route), SETTINGS_ORDER_NONE);
}

static void knows_which_addresses_only_this_machine_reaches(void **state)
{
    (void)state;
    assert_true(settings_listen_is_loopback("127.0.0.1:8080"));
    assert_true(settings_listen_is_loopback("localhost:8080"));
    assert_true(settings_listen_is_loopback("[::1]:8080"));
    assert_true(settings_listen_is_loopback("unix:@ferry"));
    assert_false(settings_listen_is_loopback("0.0.0.0:8080"));
    assert_false(settings_listen_is_loopback("[::]:8080"));
    assert_false(settings_listen_is_loopback("10.0.0.1:8080"));
    assert_false(settings_listen_is_loopback("127.example.com:8080"));
}

static void a_queues_name_tells_its_kind(void **state)
{
    (void)state;
    assert_true(settings_url_is_fifo("http://q/1/dead.fifo"));
    assert_false(settings_url_is_fifo("http://q/1/dead.fifo.old"));
    assert_false(settings_url_is_fifo("fifo"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, support_setup, support_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queues_name_tells_its_kind),
        TEST(nothing_at_all_gives_the_defaults),
        TEST(reads_every_key_of_the_file),
        TEST(a_route_of_ones_own_needs_only_its_workflow),
        TEST(a_tokens_file_is_kept_to_be_read_again),
        TEST(certificates_come_from_the_file_or_the_environment),
        TEST(the_built_in_route_goes_to_the_worker_as_well),
        TEST(the_environment_stands_over_the_file),
        TEST(an_empty_variable_is_none),
        TEST(a_queue_comes_from_the_environment_alone),
        TEST(a_file_may_take_the_queue_variable_among_other_queues),
        TEST(the_given_file_comes_before_the_variable_and_the_default),
        TEST(secrets_come_from_files),
        TEST(an_api_key_or_certificate_means_tls),
        TEST(order_follows_the_queue_unless_it_is_said),
        TEST(knows_which_addresses_only_this_machine_reaches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
