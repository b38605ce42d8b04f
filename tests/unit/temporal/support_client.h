/* A client's connection to a server in this process that answers what each test tells it to. */
#ifndef SUPPORT_CLIENT_H
#define SUPPORT_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "../rpc/support_server.h"
#include "temporal/client.h"

#define CLIENT_STEPS_MAX 8

/* Each call takes the next step; the last one stays. */
struct client_step {
    grpc_status_code code;
    const char *message;
    const ProtobufCMessage *reply;  /* NULL: an empty message */
    const ProtobufCMessage *detail; /* with an error */
    bool is_held;
};

/* Steps are the test's until client_ready(); what was recorded is the test's after client_recorded(). */
struct client_fixture {
    struct test_server *server;
    struct temporal_connection *connection; /* to the namespace "shop", as "me" */
    struct client_step steps[CLIENT_STEPS_MAX];
    size_t step_count;
    size_t next; /* server's thread */
    char *methods[CLIENT_STEPS_MAX];
    uint8_t *bodies[CLIENT_STEPS_MAX];
    size_t body_lengths[CLIENT_STEPS_MAX];
    char *metadata[CLIENT_STEPS_MAX]; /* temporal-namespace */
};

/* order-1, run-1 */
extern const struct temporal_run client_some_run;

/* A test whose *state is a fixture with one step: an empty reply. */
#define CLIENT_CASE(name) cmocka_unit_test_setup_teardown(name, client_set_up, client_tear_down)

int client_set_up(void **state);
int client_tear_down(void **state);

/* What was written into the steps is seen by the server's thread; returns a deadline far enough away. */
int64_t client_ready(struct client_fixture *fixture);
/* The server's thread is done with that many calls, and what it recorded is seen here. */
void client_recorded(struct client_fixture *fixture, int calls);
bool client_body_has(const struct client_fixture *fixture, size_t index, const char *text);

/* The end of an asynchronous call; what a test's callback keeps of its result belongs to it. */
struct client_end {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ends;
    enum status status; /* of the last */
    struct temporal_start_result start;
    struct temporal_update_result update;
    struct temporal_history_result history;
};

void client_end_init(struct client_end *end);
/* The last thing that a callback does; any thread. */
void client_end_record(struct client_end *end, enum status status);
/* A callback of temporal_client_history_async(), whose user is a struct client_end. */
void client_end_record_history(void *user, enum status status, struct temporal_history_result *result,
                               const struct error *error);
enum status client_end_await(struct client_end *end);
void client_end_deinit(struct client_end *end);

#endif
