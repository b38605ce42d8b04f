/* See support.h. */
#include "support.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

#define HEAD_MAX ((size_t)65536)

void answer_take(void *user, const struct http_response *response, const struct error *error)
{
    struct answer *answer = user;
    answer->done_count++;
    if (response == NULL) {
        answer->error = *error;
        return;
    }
    assert_null(error);
    answer->status = response->status;
    answer->body = memory_copy(response->body, response->body_length);
    answer->body_length = response->body_length;
    if (answer->wanted_header != NULL) {
        answer->header = memory_copy_string(http_response_header(response, answer->wanted_header));
    }
}

void answer_clear(struct answer *answer)
{
    free(answer->body);
    free(answer->header);
    *answer = (struct answer){0};
}

void test_client_open(struct test_client *test)
{
    struct error error = {0};
    struct http_client_options options = {0};
    test->loop = loop_new();
    assert_int_equal(http_client_new(test->loop, &options, &test->client, &error), STATUS_OK);
}

void test_client_close(struct test_client *test)
{
    http_client_destroy(test->client);
    loop_destroy(test->loop);
}

void test_client_run(struct test_client *test, const int *count, int goal)
{
    int64_t end_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    while (*count < goal) {
        assert_true(clock_monotonic_ms() < end_ms);
        loop_run_once(test->loop, 1000);
    }
}

void test_client_call(struct test_client *test, struct http_request request, struct answer *answer)
{
    if (request.deadline_ms == 0) {
        request.deadline_ms = clock_monotonic_ms() + SUPPORT_PATIENCE_MS;
    }
    assert_non_null(http_client_send(test->client, &request, answer_take, answer));
    assert_int_equal(answer->done_count, 0);
    test_client_run(test, &answer->done_count, 1);
}

char *url_of(int port, const char *path)
{
    return memory_format("http://127.0.0.1:%d%s", port, path);
}

int raw_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    struct timeval patience = {.tv_sec = SUPPORT_PATIENCE_MS / 1000};
    assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return descriptor;
}

void raw_send(int descriptor, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t sent = send(descriptor, text, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the peer has closed: what it said before is what the test looks at */
        }
        text += sent;
        length -= (size_t)sent;
    }
}

char *raw_receive_to_end(int descriptor)
{
    struct buffer received;
    char piece[4096];
    ssize_t length = 0;
    buffer_init(&received, HEAD_MAX * 4);
    while ((length = recv(descriptor, piece, sizeof piece, 0)) > 0) {
        assert_true(buffer_append(&received, piece, (size_t)length));
    }
    assert_true(length == 0 || errno == ECONNRESET); /* not that the patience ran out */
    size_t ignored = 0;
    return buffer_take(&received, &ignored);
}

/* Reads byte by byte up to the empty line. */
static size_t receive_head(int descriptor, char *head)
{
    size_t length = 0;
    head[0] = '\0';
    while (length < HEAD_MAX - 1 && strstr(head + (length < 4 ? 0 : length - 4), "\r\n\r\n") == NULL) {
        if (recv(descriptor, head + length, 1, 0) != 1) {
            break;
        }
        length++;
        head[length] = '\0';
    }
    return length;
}

char *raw_receive_response(int descriptor)
{
    char *text = memory_alloc(HEAD_MAX * 4);
    size_t length = receive_head(descriptor, text);
    const char *given = strcasestr(text, "content-length:");
    size_t body = given != NULL ? strtoul(given + strlen("content-length:"), NULL, 10) : 0;
    size_t end = length + body;
    while (length < end) {
        ssize_t more = recv(descriptor, text + length, end - length, 0);
        assert_true(more > 0);
        length += (size_t)more;
    }
    return text;
}

char *raw_talk(int port, const char *text)
{
    int descriptor = raw_connect(port);
    raw_send(descriptor, text);
    char *answer = raw_receive_to_end(descriptor);
    (void)close(descriptor);
    return answer;
}

static void scripted_peer_main(void *user)
{
    struct scripted_peer *peer = user;
    for (;;) {
        int connection = accept4(peer->listening, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) {
            return;
        }
        char *head = memory_alloc(HEAD_MAX);
        (void)receive_head(connection, head);
        free(peer->request);
        peer->request = head;
        peer->accepted++;
        (void)!send(connection, peer->bytes, peer->length, MSG_NOSIGNAL);
        char byte = 0;
        if (peer->habit != PEER_CLOSES) {
            while (recv(connection, &byte, 1, 0) > 0 && peer->habit == PEER_IS_SILENT) {
                ;
            }
        }
        (void)close(connection);
    }
}

void scripted_peer_start(struct scripted_peer *peer, const char *bytes, size_t length, enum peer_habit habit)
{
    struct error error = {0};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *peer = (struct scripted_peer){.bytes = bytes, .length = length, .habit = habit};
    peer->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listening, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listening, 8), 0);
    assert_int_equal(getsockname(peer->listening, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(thread_start(&peer->thread, "peer", 0, scripted_peer_main, peer, &error), STATUS_OK);
}

void scripted_peer_stop(struct scripted_peer *peer)
{
    (void)shutdown(peer->listening, SHUT_RDWR); /* ends accept() */
    thread_join(peer->thread);
    (void)close(peer->listening);
}

int reserve_port(int *out_descriptor)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *out_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*out_descriptor, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(*out_descriptor, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}
