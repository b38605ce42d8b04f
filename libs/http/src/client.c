/* The client: its calls, their lists, and how transfers that ended are told. curl's sockets are in sockets.c, requests
 * in call.c, responses in response.c. */
#include "http/client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/memory.h"
#include "call.h"
#include "sockets.h"

#define CLIENT_CONNECTIONS_PER_HOST 64
#define CLIENT_CONNECT_TIMEOUT_MS 5000
#define CLIENT_HOSTS 4 /* kept connections: as many as so many hosts may have */

/* Loop's thread; sockets_wakeup() alone is called from others. */
struct http_client {
    struct loop *loop;
    CURLM *multi;
    struct sockets sockets;
    struct call_settings settings;
    size_t free_max;
    size_t free_count;
    struct list free_calls;
    struct list running;
    struct list failed; /* told with the loop's next turn: never inside http_client_send */
    size_t in_flight;
};

static pthread_once_t s_curl_once = PTHREAD_ONCE_INIT;
static CURLcode s_curl_failed = CURLE_FAILED_INIT;

static void initialise_curl(void)
{
    s_curl_failed = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Calls done and keeps the call for later. */
static void tell(struct http_call *call, const struct http_response *response, const struct error *error)
{
    struct http_client *client = call->client;
    call->state = CALL_TELLING;
    client->in_flight--;
    call->done(call->user, response, error);
    call->state = CALL_FREE;
    call_recycle(call);
    if (client->free_count < client->free_max) {
        list_prepend(&client->free_calls, &call->node);
        client->free_count++;
    } else {
        call_destroy(call);
    }
}

static void stop_transfer(struct http_call *call)
{
    struct http_client *client = call->client;
    loop_timer_stop(client->loop, &call->deadline);
    list_remove(&call->node);
    CHECK(curl_multi_remove_handle(client->multi, call->easy) == CURLM_OK);
}

static void tell_failure(struct http_call *call, enum status status, const char *text)
{
    struct error error = {0};
    (void)error_set(&error, status, "%s", text);
    tell(call, NULL, &error);
}

static void deadline_came(void *argument)
{
    struct http_call *call = argument;
    CHECK(call->state == CALL_RUNNING);
    stop_transfer(call);
    tell_failure(call, STATUS_DEADLINE_EXCEEDED, "no response before the deadline");
}

static void tell_ended(struct http_call *call, CURLcode code)
{
    struct http_response response = {0};
    struct http_header *headers = NULL;
    struct error error = {0};
    stop_transfer(call);
    if (call_result(call, code, &response, &headers, &error) == STATUS_OK) {
        tell(call, &response, NULL);
    } else {
        tell(call, NULL, &error);
    }
    free(headers);
}

/* true: some done was called, so that timers and posts may be due that nobody knew of before. */
static bool tell_all_ended(struct http_client *client)
{
    bool told = false;
    int left = 0;
    const CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        CHECK(message->msg == CURLMSG_DONE);
        CURLcode code = message->data.result;
        char *call = NULL;
        CHECK(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call) == CURLE_OK);
        tell_ended((struct http_call *)(void *)call, code);
        told = true;
    }
    return told;
}

static bool tell_all_failed(struct http_client *client)
{
    struct list now;
    struct list *node = NULL;
    bool told = false;
    list_init(&now);
    while ((node = list_take_first(&client->failed)) != NULL) {
        list_append(&now, node); /* those that fail meanwhile wait for the next turn */
    }
    while ((node = list_take_first(&now)) != NULL) {
        struct http_call *call = LIST_ITEM(node, struct http_call, node);
        struct error failure = call->failure;
        tell(call, NULL, &failure);
        told = true;
    }
    return told;
}

static void source_wait(void *user, int64_t timeout_ms)
{
    struct http_client *client = user;
    bool told = tell_all_failed(client);
    sockets_run_due(&client->sockets);
    told = tell_all_ended(client) || told;
    sockets_wait(&client->sockets, told ? 0 : timeout_ms);
    (void)tell_all_ended(client);
}

static void source_wakeup(void *user)
{
    struct http_client *client = user;
    sockets_wakeup(&client->sockets);
}

/* curl takes http_proxy, https_proxy, all_proxy and no_proxy from the environment, as every tool does; but loopback is
 * never behind a proxy, whatever no_proxy says. */
static char *make_no_proxy(void)
{
    static const char loopback[] = "localhost,127.0.0.0/8,::1";
    const char *given = getenv("no_proxy");
    given = given != NULL ? given : getenv("NO_PROXY");
    if (given == NULL || given[0] == '\0') {
        return memory_copy_string(loopback);
    }
    return strcmp(given, "*") == 0 ? memory_copy_string(given) : memory_format("%s,%s", given, loopback);
}

static void copy_settings(struct http_client *client, const struct http_client_options *options)
{
    const char *user_agent = options->user_agent != NULL ? options->user_agent : "ferry/" FERRY_VERSION;
    client->settings = (struct call_settings){
        .user_agent = memory_copy_string(user_agent),
        .no_proxy = make_no_proxy(),
        .connect_timeout_ms =
            options->connect_timeout_ms > 0 ? (long)options->connect_timeout_ms : CLIENT_CONNECT_TIMEOUT_MS,
        .sockets = &client->sockets,
    };
}

static void client_free(struct http_client *client)
{
    struct list *node = NULL;
    while ((node = list_take_first(&client->free_calls)) != NULL) {
        call_destroy(LIST_ITEM(node, struct http_call, node));
    }
    (void)curl_multi_cleanup(client->multi); /* closes the kept connections, through sockets_close */
    sockets_deinit(&client->sockets);
    free(client->settings.user_agent);
    free(client->settings.no_proxy);
    free(client);
}

enum status http_client_new(struct loop *loop, const struct http_client_options *options,
                            struct http_client **out_client, struct error *error)
{
    (void)pthread_once(&s_curl_once, initialise_curl);
    CURLM *multi = s_curl_failed == CURLE_OK ? curl_multi_init() : NULL;
    if (multi == NULL) {
        return error_set(error, STATUS_INTERNAL, "curl cannot be initialised");
    }
    struct http_client *client = memory_alloc(sizeof *client);
    long per_host = options->max_connections_per_host > 0 ? options->max_connections_per_host
                                                          : CLIENT_CONNECTIONS_PER_HOST;
    client->loop = loop;
    client->multi = multi;
    client->free_max = (size_t)per_host;
    list_init(&client->free_calls);
    list_init(&client->running);
    list_init(&client->failed);
    copy_settings(client, options);
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, per_host * CLIENT_HOSTS);
    enum status status = sockets_init(&client->sockets, multi, error);
    if (status != STATUS_OK) {
        client_free(client);
        return status;
    }
    loop_set_source(loop, &(struct loop_source){.wait = source_wait, .wakeup = source_wakeup, .user = client});
    *out_client = client;
    return STATUS_OK;
}

void http_client_destroy(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    while (client->in_flight > 0) {
        while (!list_is_empty(&client->running)) {
            struct http_call *call = LIST_ITEM(client->running.next, struct http_call, node);
            stop_transfer(call);
            tell_failure(call, STATUS_CANCELED, "the client was closed");
        }
        (void)tell_all_failed(client);
    }
    loop_set_source(client->loop, NULL);
    client_free(client);
}

static struct http_call *take_call(struct http_client *client)
{
    struct list *node = list_take_first(&client->free_calls);
    if (node == NULL) {
        struct http_call *call = call_new(client, &client->settings);
        CHECK(call != NULL); /* only for want of memory */
        return call;
    }
    client->free_count--;
    return LIST_ITEM(node, struct http_call, node);
}

struct http_call *http_client_send(struct http_client *client, const struct http_request *request, http_done_fn *done,
                                   void *user)
{
    struct http_call *call = take_call(client);
    CHECK(done != NULL);
    call->done = done;
    call->user = user;
    client->in_flight++;
    error_init(&call->failure);
    enum status status = call_prepare(call, request, &call->failure);
    if (status == STATUS_OK && request->deadline_ms <= clock_monotonic_ms()) {
        status = error_set(&call->failure, STATUS_DEADLINE_EXCEEDED, "the deadline had passed before the request");
    }
    if (status == STATUS_OK && curl_multi_add_handle(client->multi, call->easy) != CURLM_OK) {
        status = error_set(&call->failure, STATUS_INTERNAL, "curl does not take the request");
    }
    if (status != STATUS_OK) {
        call->state = CALL_FAILED;
        list_append(&client->failed, &call->node);
        sockets_wakeup(&client->sockets); /* the loop shall not wait first */
        return call;
    }
    call->state = CALL_RUNNING;
    list_append(&client->running, &call->node);
    if (request->deadline_ms != INT64_MAX) {
        loop_timer_start(client->loop, &call->deadline, request->deadline_ms, deadline_came, call);
    }
    return call;
}

void http_call_cancel(struct http_call *call)
{
    struct http_client *client = call->client;
    CHECK(call->state == CALL_RUNNING || call->state == CALL_FAILED);
    if (call->state == CALL_RUNNING) {
        stop_transfer(call);
    } else {
        list_remove(&call->node);
    }
    client->in_flight--;
    call->state = CALL_FREE;
    call_recycle(call);
    list_prepend(&client->free_calls, &call->node);
    client->free_count++;
}

size_t http_client_in_flight(const struct http_client *client)
{
    return client->in_flight;
}
