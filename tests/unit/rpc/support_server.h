/* A gRPC server inside the test process, on gRPC C core: every call goes to one handler, on the server's thread. */
#ifndef TESTS_RPC_SUPPORT_SERVER_H
#define TESTS_RPC_SUPPORT_SERVER_H

#include <grpc/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_server;
struct test_call;

/* Ends with exactly one of test_call_reply, test_call_fail and test_call_hold. Runs under test_server_lock. */
typedef void test_handler_fn(void *user, struct test_call *call);

/* port 0: any free one. The same port may be used again after test_server_stop. */
struct test_server *test_server_start(int port, test_handler_fn *handler, void *user);
int test_server_port(const struct test_server *server);
const char *test_server_address(const struct test_server *server); /* "127.0.0.1:port" */
void test_server_stop(struct test_server *server);                 /* cuts what is open. NULL is fine */

const char *test_call_method(const struct test_call *call);
const uint8_t *test_call_body(const struct test_call *call, size_t *out_length);
/* The first value under that key as text, to be freed; NULL: there is none. */
char *test_call_metadata(const struct test_call *call, const char *key);

void test_call_reply(struct test_call *call, const void *body, size_t length);
/* details: the value of grpc-status-details-bin; length 0: none. */
void test_call_fail(struct test_call *call, grpc_status_code code, const char *message, const void *details,
                    size_t length);
/* Never answers: ends when the client gives up. */
void test_call_hold(struct test_call *call);

/* For what handler and test share. */
void test_server_lock(struct test_server *server);
void test_server_unlock(struct test_server *server);

/* Blocks until the handler has worked off that many calls, or so many held calls were given up. */
void test_server_await_calls(struct test_server *server, int count);
void test_server_await_given_up(struct test_server *server, int count);
int test_server_call_count(struct test_server *server);

#endif
