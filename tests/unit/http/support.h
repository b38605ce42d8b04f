/* For the tests of libs/http: a client with its loop, raw sockets as clients, and scripted peers as servers. */
#ifndef HTTP_TEST_SUPPORT_H
#define HTTP_TEST_SUPPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "http/client.h"
#include "http/server.h"

#define SUPPORT_PATIENCE_MS 30000 /* a test that waits so long has failed */

/* What a done callback saw, copied. */
struct answer {
    int done_count;
    int status; /* 0: no response */
    struct error error;
    char *body;
    size_t body_length;
    char *header; /* the value of the header that wanted_header names; NULL: not there */
    const char *wanted_header;
};

void answer_take(void *answer, const struct http_response *response, const struct error *error);
void answer_clear(struct answer *answer);

struct test_client {
    struct loop *loop;
    struct http_client *client;
};

void test_client_open(struct test_client *test);
void test_client_close(struct test_client *test);
/* Runs the loop until *count reaches goal. */
void test_client_run(struct test_client *test, const int *count, int goal);
/* A whole call: send, run, answer. deadline_ms 0: SUPPORT_PATIENCE_MS from now. */
void test_client_call(struct test_client *test, struct http_request request, struct answer *answer);

/* "http://127.0.0.1:PORT" + path; free() it. */
char *url_of(int port, const char *path);

int raw_connect(int port);
void raw_send(int descriptor, const char *text);
/* Everything until the peer closes; free() it. */
char *raw_receive_to_end(int descriptor);
/* One response: the head, and a body as long as Content-Length says; free() it. */
char *raw_receive_response(int descriptor);
/* raw_connect, raw_send, raw_receive_to_end, close. */
char *raw_talk(int port, const char *text);

/* What a scripted peer does behind its answer. */
enum peer_habit {
    PEER_CLOSES,       /* at once */
    PEER_IS_SILENT,    /* reads on and says nothing until the other side closes */
    PEER_CLOSES_ON_MORE /* when the next request comes */
};

/* A server that takes connections one after the other, reads each one's request head and writes the same bytes. */
struct scripted_peer {
    int listening;
    int port;
    const char *bytes;
    size_t length;
    enum peer_habit habit;
    pthread_t thread;
    char *request; /* the last request's head, to be looked at after scripted_peer_stop; free() it */
    int accepted;
};

void scripted_peer_start(struct scripted_peer *peer, const char *bytes, size_t length, enum peer_habit habit);
void scripted_peer_stop(struct scripted_peer *peer);

/* A port that is bound and not listening: connections to it are refused while the descriptor is open. */
int reserve_port(int *out_descriptor);

#endif
