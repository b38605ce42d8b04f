/* The scripted server: one thread, one request after the other. The lock guards what was remembered. */
#include "support_script.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/thread.h"

#define REQUESTS_MAX 16
#define REQUEST_MAX ((size_t)1 << 16)

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct script_answer *s_answers;
static size_t s_answer_count;
static struct script_request s_requests[REQUESTS_MAX];
static size_t s_request_count;
static int s_silent[REQUESTS_MAX];
static size_t s_silent_count;
static int s_listener;
static int s_port;
static int s_stop;
static pthread_t s_thread;

/* The value of a header in the head; 0: it has none. */
static size_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");
    return at == NULL ? 0 : (size_t)strtoul(at + strlen("\r\nContent-Length:"), NULL, 10);
}

/* false: it was closed in the middle. */
static bool read_request(int connection, char *text)
{
    size_t length = 0;
    while (length < REQUEST_MAX - 1) {
        ssize_t got = read(connection, text + length, REQUEST_MAX - 1 - length);
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
        text[length] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        if (end != NULL && length >= (size_t)(end - text) + 4 + content_length(text)) {
            return true;
        }
    }
    return false;
}

static void remember(char *text)
{
    struct script_request *request = &s_requests[s_request_count];
    char *line_end = strstr(text, "\r\n");
    char *head_end = strstr(text, "\r\n\r\n");
    (void)snprintf(request->line, sizeof request->line, "%.*s", (int)(line_end - text), text);
    request->head = memory_copy(line_end, (size_t)(head_end - line_end) + 2);
    request->body = memory_copy_string(head_end + 4);
}

static void write_answer(int connection, const struct script_answer *answer)
{
    const char *body = answer->body == NULL ? "" : answer->body;
    char *text = memory_format("HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
                               answer->status, strlen(body), answer->headers == NULL ? "" : answer->headers, body);
    (void)!write(connection, text, strlen(text));
    free(text);
}

static void serve(int connection)
{
    static char text[REQUEST_MAX];
    if (!read_request(connection, text)) {
        (void)close(connection);
        return;
    }
    pthread_mutex_lock(&s_lock);
    CHECK(s_request_count < REQUESTS_MAX);
    remember(text);
    const struct script_answer *answer = s_request_count < s_answer_count ? &s_answers[s_request_count] : NULL;
    s_request_count++;
    pthread_mutex_unlock(&s_lock);
    if (answer != NULL && answer->is_silent) {
        s_silent[s_silent_count++] = connection;
        return;
    }
    if (answer != NULL && answer->status != 0) {
        write_answer(connection, answer);
    }
    (void)close(connection);
}

static void thread_main(void *argument)
{
    (void)argument;
    struct pollfd waits[] = {{.fd = s_stop, .events = POLLIN}, {.fd = s_listener, .events = POLLIN}};
    while (poll(waits, 2, -1) > 0 && waits[0].revents == 0) {
        int connection = accept4(s_listener, NULL, NULL, SOCK_CLOEXEC);
        const struct timeval limit = {.tv_sec = 10};
        if (connection >= 0) {
            CHECK(setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
            serve(connection);
        }
    }
}

void script_start(const struct script_answer *answers, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    s_answers = answers;
    s_answer_count = count;
    s_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s_stop = eventfd(0, EFD_CLOEXEC);
    CHECK(s_listener >= 0 && s_stop >= 0);
    CHECK(bind(s_listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(s_listener, 16) == 0);
    CHECK(getsockname(s_listener, (struct sockaddr *)&address, &length) == 0);
    s_port = ntohs(address.sin_port);
    CHECK(thread_start(&s_thread, "script", 0, thread_main, NULL, NULL) == STATUS_OK);
}

void script_stop(void)
{
    const uint64_t one = 1;
    CHECK(write(s_stop, &one, sizeof one) == sizeof one);
    thread_join(s_thread);
    while (s_silent_count > 0) {
        (void)close(s_silent[--s_silent_count]);
    }
    (void)close(s_listener);
    (void)close(s_stop);
    for (size_t i = 0; i < s_request_count; i++) {
        free(s_requests[i].head);
        free(s_requests[i].body);
    }
    s_request_count = 0;
}

int script_port(void)
{
    return s_port;
}

const char *script_url(const char *path)
{
    static char url[256];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", s_port, path);
    return url;
}

size_t script_count(void)
{
    pthread_mutex_lock(&s_lock);
    size_t count = s_request_count;
    pthread_mutex_unlock(&s_lock);
    return count;
}

const struct script_request *script_request(size_t index)
{
    CHECK(index < script_count());
    return &s_requests[index]; /* complete, and never changed again */
}

bool script_has_header(size_t index, const char *line)
{
    char *wanted = memory_format("\r\n%s\r\n", line);
    bool is_there = strcasestr(script_request(index)->head, wanted) != NULL;
    free(wanted);
    return is_there;
}
