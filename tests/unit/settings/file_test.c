/* Errors of the file: each names file, line, key path and what was expected. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support.h"

struct refusal {
    const char *text;
    const char *expected;
};

static void assert_all_refused(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        support_assert_refused(refusals[i].text, refusals[i].expected);
    }
}

#define ASSERT_ALL_REFUSED(list) assert_all_refused(list, sizeof(list) / sizeof((list)[0]))

static void unknown_keys_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"hello:\n  work: 5\n", "ferry.yaml:2: hello.work: unknown key; known here: work_ms"},
        {"temporals: {}\n",
         "ferry.yaml:1: temporals: unknown key; known here: temporal, worker, routes, queues, poller, gateway, "
         "hello"},
        {"routes:\n  a:\n    workflow: w\n    acks: start\n",
         "ferry.yaml:4: routes.a.acks: unknown key; known here: workflow, task_queue, namespace, same_id, "
         "input, ack, order, target, signal, id, id_prefix, on_failed, on_canceled, dead_letter_queue, "
         "max_attempts, backoff, backoff_max, execution_timeout, run_timeout, task_timeout, memo, "
         "search_attributes, priority, fairness_key, schema, filter, description, queue, group, "
         "deduplication_id, delay, webhook"},
    };
    ASSERT_ALL_REFUSED(refusals);
}

static void wrong_types_and_words_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"temporal: 5\n", "ferry.yaml:1: temporal: expected a mapping of keys to values"},
        {"queues: {}\n", "ferry.yaml:1: queues: expected a list of queues"},
        {"routes: []\n", "ferry.yaml:1: routes: expected a mapping of keys to values"},
        {"routes:\n  a:\n", "ferry.yaml:2: routes.a: expected the key \"workflow\": the workflow type to start"},
        {"routes:\n  orders:\n    workflow: w\n    ack: done\n",
         "ferry.yaml:4: routes.orders.ack: expected one of start, completion, worker, not \"done\""},
        {"hello: { work_ms: soon }\n",
         "ferry.yaml:1: hello.work_ms: expected a whole number from 0 to 600000, not \"soon\""},
        {"temporal: { tls: 7 }\n", "ferry.yaml:1: temporal.tls: expected true or false, not \"7\""},
        {"temporal: { address: nowhere }\n", "ferry.yaml:1: temporal.address: expected host:port, not \"nowhere\""},
        {"gateway: { listen: '8080' }\n",
         "ferry.yaml:1: gateway.listen: expected address:port, [address]:port or unix:path, not \"8080\""},
        {"gateway: { url: 'localhost:8080' }\n",
         "ferry.yaml:1: gateway.url: expected http://host[:port] or https://host[:port], not "
         "\"localhost:8080\""},
        {"queues:\n  - url: ftp://x/y\n",
         "ferry.yaml:2: queues[0].url: expected the URL of an SQS queue (https://host/account/name), not "
         "\"ftp://x/y\""},
        {"queues:\n  - url: http://localhost:9324\n",
         "ferry.yaml:2: queues[0].url: expected the URL of an SQS queue (https://host/account/name), not "
         "\"http://localhost:9324\""},
        {"routes:\n  'a b': { workflow: w }\n",
         "ferry.yaml:2: routes.a b: expected a route's name of 1 to 100 letters, digits, \".\", \"_\" or \"-\", "
         "not \"a b\""},
        {"routes: { a: { workflow: w, id: '{Body}' } }\n",
         "ferry.yaml:1: routes.a.id: unknown field {Body}: expected {MessageId}, {MessageGroupId}, "
         "{MessageDeduplicationId}, {SequenceNumber}, {attributes.NAME}, {event.NAME} or {body.PATH}"},
    };
    ASSERT_ALL_REFUSED(refusals);
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"queues: [ { url: 'http://q/0/a', visibility: 500ms } ]\n",
         "ferry.yaml:1: queues[0].visibility: expected a duration (500ms, 60s, 10m, 12h) from 1s to 12h, not "
         "\"500ms\""},
        {"queues: [ { url: 'http://q/0/a', visibility: 13h } ]\n",
         "ferry.yaml:1: queues[0].visibility: expected a duration (500ms, 60s, 10m, 12h) from 1s to 12h, not "
         "\"13h\""},
        {"queues: [ { url: 'http://q/0/a', wait: 21s } ]\n",
         "ferry.yaml:1: queues[0].wait: expected a duration (500ms, 60s, 10m, 12h) from 0 to 20s, not \"21s\""},
        {"queues: [ { url: 'http://q/0/a', max_in_flight: 0 } ]\n",
         "ferry.yaml:1: queues[0].max_in_flight: expected a whole number from 1 to 100000, not \"0\""},
        {"routes: { a: { workflow: w, task_timeout: 5m } }\n",
         "ferry.yaml:1: routes.a.task_timeout: expected a duration (500ms, 60s, 10m, 12h) from 0 to 2m, not "
         "\"5m\""},
        {"gateway: { max_connections: 0 }\n",
         "ferry.yaml:1: gateway.max_connections: expected a whole number from 1 to 1000000, not \"0\""},
        {"gateway: { header_timeout: 0 }\n",
         "ferry.yaml:1: gateway.header_timeout: expected a duration (500ms, 60s, 10m, 12h) from 100ms to 1h, not "
         "\"0\""},
        {"worker: { activities: 0 }\n",
         "ferry.yaml:1: worker.activities: expected a whole number from 1 to 10000, not \"0\""},
    };
    ASSERT_ALL_REFUSED(refusals);
}

static void missing_keys_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"queues:\n  - visibility: 60s\n", "ferry.yaml:2: queues[0]: expected the key \"url\": the queue's URL"},
        {"routes:\n  orders:\n    ack: start\n",
         "ferry.yaml:3: routes.orders: expected the key \"workflow\": the workflow type to start"},
    };
    ASSERT_ALL_REFUSED(refusals);
}

static void contradictions_of_targets_and_dead_letters_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"routes:\n  a:\n    workflow: w\n    on_failed: dead_letter\n",
         "ferry.yaml:4: routes.a.on_failed: expected the key \"dead_letter_queue\" with dead_letter"},
        {"routes:\n  a:\n    workflow: w\n    on_canceled: dead_letter\n",
         "ferry.yaml:4: routes.a.on_canceled: expected the key \"dead_letter_queue\" with dead_letter"},
        {"routes:\n  a:\n    workflow: w\n    backoff: 2m\n    backoff_max: 1m\n",
         "ferry.yaml:5: routes.a.backoff_max: backoff (120000 ms) is longer than backoff_max (60000 ms): set "
         "backoff_max, too"},
        {"routes:\n  a:\n    workflow: w\n    backoff: 2m\n",
         "ferry.yaml:4: routes.a.backoff: backoff (120000 ms) is longer than backoff_max (60000 ms): set "
         "backoff_max, too"},
        {"routes:\n  a:\n    workflow: w\n    priority: 9\n",
         "ferry.yaml:4: routes.a.priority: expected 1 to 5, or a template such as {attributes.priority}, not \"9\""},
        {"routes:\n  a:\n    workflow: w\n    target: signal\n",
         "ferry.yaml:4: routes.a.target: expected the key \"signal\": the signal's name"},
        {"routes:\n  a:\n    workflow: w\n    signal: s\n",
         "ferry.yaml:4: routes.a.signal: expected target: signal beside a signal's name"},
        {"routes:\n  a:\n    workflow: w\n    target: signal\n    signal: s\n    ack: completion\n",
         "ferry.yaml:6: routes.a.ack: expected ack: start with target: signal: the workflow lives on after the "
         "message"},
        {"queues:\n  - url: http://q/0/a\n    unmatched: dead_letter\n",
         "ferry.yaml:3: queues[0].unmatched: expected the key \"dead_letter_queue\" with dead_letter"},
        {"queues:\n  - url: http://q/0/a\n    dead_letter_queue: http://q/0/a\n",
         "ferry.yaml:3: queues[0].dead_letter_queue: expected another queue than this one"},
        {"queues:\n  - url: http://q/0/a\n    route: a\nroutes:\n  a:\n    workflow: w\n"
         "    dead_letter_queue: http://q/0/a\n",
         "ferry.yaml:3: queues[0].route: route \"a\" has this queue itself as its dead_letter_queue"},
    };
    ASSERT_ALL_REFUSED(refusals);
}

#define TWO_ROUTES "routes:\n  a: { workflow: w }\n  b: { workflow: w, order: none }\n"

static void contradictions_of_route_lists_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"queues:\n  - url: http://q/0/a\n    route: [a, c]\n" TWO_ROUTES,
         "ferry.yaml:3: queues[0].route[0]: route \"a\" has no filter and takes every message: expected it to be the "
         "last of the list"},
        {"queues:\n  - url: http://q/0/a\n    route: [a, a]\n" TWO_ROUTES,
         "ferry.yaml:3: queues[0].route[1]: expected each route once, found \"a\" again"},
        {"queues:\n  - url: http://q/0/a\n    route: [c]\n" TWO_ROUTES,
         "ferry.yaml:3: queues[0].route[0]: expected the name of a route below \"routes\", not \"c\""},
        {"queues:\n  - url: http://q/0/a.fifo\n    route: [f, b]\n" TWO_ROUTES
         "  f: { workflow: w, filter: '{\"body\":{\"a\":[1]}}' }\n",
         "ferry.yaml:3: queues[0].route[1]: expected one order for all routes of a queue, but \"f\" and \"b\" differ"},
        {"queues:\n  - url: http://q/0/a\n  - url: http://q/1/a\n",
         "ferry.yaml:3: queues[1]: expected a name for each queue of its own, found \"a\" again: give one of them "
         "a \"name\""},
    };
    ASSERT_ALL_REFUSED(refusals);
}

static void filters_and_schemas_are_checked(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"routes:\n  a:\n    workflow: w\n    filter: '{\"body\":{\"a\":[{\"like\":1}]}}'\n",
         "ferry.yaml:4: routes.a.filter: /body/a/0/like: not an operator; known are prefix, suffix, "
         "equals-ignore-case, wildcard, anything-but, numeric, exists and cidr"},
        {"routes:\n  a:\n    workflow: w\n    filter: '{'\n",
         "ferry.yaml:4: routes.a.filter: expected a JSON value, found something else at line 1, column 1"},
        {"routes:\n  a:\n    workflow: w\n    schema: nowhere\n",
         "ferry.yaml:4: routes.a.schema: nowhere cannot be read: No such file or directory"},
        {"routes:\n  a:\n    workflow: w\n    schema: secret\n",
         "ferry.yaml:4: routes.a.schema: secret: /type: expected null, boolean, integer, number, string, array or "
         "object, or a list of some of them"},
    };
    support_write("secret", "{\"type\": \"objects\"}");
    ASSERT_ALL_REFUSED(refusals);
}

static void what_describes_a_route_is_kept_as_it_is(void **state)
{
    (void)state;
    support_write("secret", "{ \"type\": \"object\" }\n");
    struct settings *settings =
        support_load("routes: { a: { workflow: w, schema: secret, description: 'A: all' }, b: { workflow: w } }\n");
    assert_string_equal(settings->routes[0].schema_text, "{ \"type\": \"object\" }\n");
    assert_string_equal(settings->routes[0].description, "A: all");
    assert_null(settings->routes[1].schema_text);
    assert_null(settings->routes[1].description);
    settings_destroy(settings);
    support_assert_refused("routes:\n  a:\n    workflow: w\n    description: ''\n",
                           "ferry.yaml:4: routes.a.description: expected a text of 1 to 1000 bytes, found 0");
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"queues:\n  - url: http://q/0/a\n    route: orders\n",
         "ferry.yaml:3: queues[0].route: expected the name of a route below \"routes\", not \"orders\""},
        {"routes:\n  a:\n    workflow: w\n    ack: start\n    order: group\n",
         "ferry.yaml:5: routes.a.order: order: group contradicts ack: start: the next message of a group would "
         "not wait for the run before it"},
        {"queues:\n  - url: http://q/0/a\n    route: a\nroutes: { a: { workflow: w, order: group } }\n",
         "ferry.yaml:3: queues[0].route: route \"a\" has order: group, which a standard queue cannot give"},
        {"queues:\n  - url: http://q/0/a.fifo\n    route: a\nroutes: { a: { workflow: w, ack: start } }\n",
         "ferry.yaml:3: queues[0].route: route \"a\" has ack: start, which keeps no order on a FIFO queue: say "
         "order: none, or another ack"},
        {"routes:\n  a:\n    workflow: w\n    id: '{MessageDeduplicationId}'\n",
         "ferry.yaml:4: routes.a.id: expected {MessageId} in \"{MessageDeduplicationId}\", or same_id: "
         "is_duplicate to say that messages with one ID are one message"},
        {"queues:\n  - url: http://q/0/a\n  - url: http://q/0/a\n",
         "ferry.yaml:3: queues[1].url: expected each queue once, found \"http://q/0/a\" again"},
        {"temporal:\n  tls_certificate: c.pem\n",
         "ferry.yaml:2: temporal.tls_certificate: expected a client certificate and its key together, found only "
         "the certificate"},
        {"gateway:\n  tls_certificate: c.pem\n",
         "ferry.yaml:2: gateway.tls_certificate: expected a certificate and its key together (tls_certificate and "
         "tls_key), found only the certificate"},
        {"gateway:\n  url: https://g\n  client_tls_key: c.key\n",
         "ferry.yaml:3: gateway.client_tls_key: expected a certificate and its key together (client_tls_certificate "
         "and client_tls_key), found only the key"},
        {"gateway:\n  tls_client_ca: ca.pem\n",
         "ferry.yaml:2: gateway.tls_client_ca: expected tls_certificate and tls_key beside it: without TLS no client "
         "shows a certificate"},
        {"gateway:\n  url: http://g:80\n  client_tls_ca: ca.pem\n",
         "ferry.yaml:3: gateway.client_tls_ca: expected an https:// URL in gateway.url beside it, found "
         "\"http://g:80\""},
        {"temporal:\n  tls: false\n  tls_ca: ca.pem\n",
         "ferry.yaml:2: temporal.tls: expected TLS with an API key, a certificate, a CA or a server name, found "
         "tls: false"},
    };
    ASSERT_ALL_REFUSED(refusals);
}

static void a_secret_file_must_hold_one(void **state)
{
    (void)state;
    support_write("secret", "\n");
    support_assert_refused("gateway:\n  token_file: secret\n",
                           "ferry.yaml:2: gateway.token_file: secret holds no secret");
    support_assert_refused("gateway:\n  token_file: nowhere\n",
                           "ferry.yaml:2: gateway.token_file: nowhere cannot be read: No such file or directory");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, support_setup, support_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_keys_are_refused),       TEST(wrong_types_and_words_are_refused),
        TEST(values_out_of_range_are_refused), TEST(missing_keys_are_refused),
        TEST(contradictions_are_refused),     TEST(contradictions_of_targets_and_dead_letters_are_refused),
        TEST(contradictions_of_route_lists_are_refused), TEST(filters_and_schemas_are_checked),
        TEST(what_describes_a_route_is_kept_as_it_is),
        TEST(a_secret_file_must_hold_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
