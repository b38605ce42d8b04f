/* See operator.h. */
#include "operator.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/check.h"
#include "base/memory.h"
#include "consumer_operator.h"
#include "http/server.h"
#include "service/bearer_token.h"

#define LANES_DEFAULT 100
#define LANES_MAX 1000
#define LIMIT_DIGITS_MAX 4

/* Made on the main thread and fixed. */
struct operator {
    struct loop *loop;
    struct poller *poller;
    const struct settings *settings;
    struct secret *token; /* NULL: none is configured */
};

struct request {
    struct operator *operator;
    struct http_exchange *exchange;
    void (*run)(struct request *request); /* on the loop's thread; answers */
    enum operator_order order;
    bool is_pause;
    size_t limit;
};

/* --- who is let in ------------------------------------------------------------------------------------------------ */

/* false: it has answered. */
static bool admit(const struct operator *operator, struct http_exchange *exchange)
{
    const char *listen = operator->settings->poller.admin_listen;
    if (operator->token == NULL) {
        if (listen != NULL && settings_listen_is_loopback(listen)) {
            return true;
        }
        http_exchange_problem(exchange, 403, "token-not-configured", "This address needs a token",
                              "poller.admin_listen is no loopback address and no token is configured: set "
                              "FERRY_API_TOKEN or gateway.token_file, or listen on loopback",
                              0);
        return false;
    }
    return service_admit_token(exchange, operator->token);
}

/* --- answers, on the loop's thread -------------------------------------------------------------------------------- */

static void reply_json(struct request *request, json_t *take)
{
    char *text = json_dumps(take, JSON_COMPACT);
    CHECK(text != NULL);
    http_exchange_reply(request->exchange, 200, "application/json", NULL, 0, text, strlen(text));
    free(text);
    json_decref(take);
}

/* The queue that the path names; NULL: it has answered. */
static struct consumer *find_queue(struct request *request)
{
    const char *name = http_exchange_parameter(request->exchange, "queue");
    struct consumer *consumer = poller_find_consumer(request->operator->poller, name);
    if (consumer == NULL) {
        http_exchange_problem(request->exchange, 404, "unknown-queue", "There is no such queue",
                              "GET /v1/queues, or ferry queue ls, names the queues of this poller", 0);
    }
    return consumer;
}

static void run_list(struct request *request)
{
    struct poller *poller = request->operator->poller;
    json_t *queues = json_array();
    for (size_t i = 0; i < poller_consumer_count(poller); i++) {
        CHECK(json_array_append_new(queues, consumer_describe(poller_consumer(poller, i))) == 0);
    }
    reply_json(request, json_pack("{s:o}", "queues", queues));
}

static void run_lanes(struct request *request)
{
    const struct consumer *consumer = find_queue(request);
    if (consumer != NULL) {
        reply_json(request, json_pack("{s:s, s:o}", "queue", consumer_name(consumer), "lanes",
                                      consumer_describe_lanes(consumer, request->limit)));
    }
}

static void run_pause(struct request *request)
{
    struct consumer *consumer = find_queue(request);
    if (consumer != NULL) {
        consumer_set_paused(consumer, request->is_pause);
        reply_json(request, json_pack("{s:s, s:b}", "queue", consumer_name(consumer), "paused", request->is_pause));
    }
}

static void run_order(struct request *request)
{
    struct error error = {0};
    const char *id = http_exchange_parameter(request->exchange, "messageId");
    struct consumer *consumer = find_queue(request);
    if (consumer == NULL) {
        return;
    }
    switch (consumer_order(consumer, id, request->order, &error)) {
    case STATUS_OK:
        reply_json(request, json_pack("{s:s, s:s, s:s}", "queue", consumer_name(consumer), "messageId", id, "order",
                                      operator_order_name(request->order)));
        break;
    case STATUS_NOT_FOUND:
        http_exchange_problem(request->exchange, 404, "message-not-in-hand", "The message is not in hand", error.text,
                              0);
        break;
    default:
        http_exchange_problem(request->exchange, 409, "not-in-this-state", "Not in the message's present state",
                              error.text, 0);
        break;
    }
}

static void run(void *argument)
{
    struct request *request = argument;
    request->run(request);
    free(request);
}

/* --- requests, on the admin server's thread ----------------------------------------------------------------------- */

/* NULL: not let in, and answered. */
static struct request *request_new(struct http_exchange *exchange, void *user, void (*run_it)(struct request *request))
{
    struct operator *operator = user;
    if (!admit(operator, exchange)) {
        return NULL;
    }
    struct request *request = memory_alloc(sizeof *request);
    request->operator = operator;
    request->exchange = exchange;
    request->run = run_it;
    return request;
}

static void post(struct request *request)
{
    if (request != NULL) {
        loop_post(request->operator->loop, run, request);
    }
}

static void handle_list(struct http_exchange *exchange, void *user)
{
    post(request_new(exchange, user, run_list));
}

static bool read_limit(const char *text, size_t *out_limit)
{
    size_t limit = 0;
    size_t length = text != NULL ? strlen(text) : 0;
    if (text == NULL) {
        *out_limit = LANES_DEFAULT;
        return true;
    }
    if (length == 0 || length > LIMIT_DIGITS_MAX || strspn(text, "0123456789") != length) {
        return false;
    }
    for (; *text != '\0'; text++) {
        limit = limit * 10 + (size_t)(*text - '0');
    }
    *out_limit = limit;
    return limit >= 1 && limit <= LANES_MAX;
}

static void handle_lanes(struct http_exchange *exchange, void *user)
{
    size_t limit = 0;
    struct request *request = request_new(exchange, user, run_lanes);
    if (request != NULL && !read_limit(http_exchange_query(exchange, "limit"), &limit)) {
        http_exchange_problem(exchange, 400, "invalid-request", "The request is not valid",
                              "limit: expected a number from 1 to 1000", 0);
        free(request);
        return;
    }
    if (request != NULL) {
        request->limit = limit;
    }
    post(request);
}

static void pause_or_resume(struct http_exchange *exchange, void *user, bool is_pause)
{
    struct request *request = request_new(exchange, user, run_pause);
    if (request != NULL) {
        request->is_pause = is_pause;
    }
    post(request);
}

static void handle_pause(struct http_exchange *exchange, void *user)
{
    pause_or_resume(exchange, user, true);
}

static void handle_resume(struct http_exchange *exchange, void *user)
{
    pause_or_resume(exchange, user, false);
}

static void order(struct http_exchange *exchange, void *user, enum operator_order wanted)
{
    struct request *request = request_new(exchange, user, run_order);
    if (request != NULL) {
        request->order = wanted;
    }
    post(request);
}

static void handle_retry(struct http_exchange *exchange, void *user)
{
    order(exchange, user, OPERATOR_RETRY);
}

static void handle_skip(struct http_exchange *exchange, void *user)
{
    order(exchange, user, OPERATOR_SKIP);
}

static void handle_dead_letter(struct http_exchange *exchange, void *user)
{
    order(exchange, user, OPERATOR_DEAD_LETTER);
}

const struct service_api_route operator_routes[] = {
    {.method = "GET", .path = "/v1/queues", .handler = handle_list},
    {.method = "GET", .path = "/v1/queues/{queue}/lanes", .queries = {"limit"}, .handler = handle_lanes},
    {.method = "POST", .path = "/v1/queues/{queue}/pause", .must_reach_all = true, .handler = handle_pause},
    {.method = "POST", .path = "/v1/queues/{queue}/resume", .must_reach_all = true, .handler = handle_resume},
    {.method = "POST", .path = "/v1/queues/{queue}/messages/{messageId}/retry", .handler = handle_retry},
    {.method = "POST", .path = "/v1/queues/{queue}/messages/{messageId}/skip", .handler = handle_skip},
    {.method = "POST", .path = "/v1/queues/{queue}/messages/{messageId}/dead-letter", .handler = handle_dead_letter},
};
const size_t operator_route_count = sizeof operator_routes / sizeof operator_routes[0];

/* --- made and freed ----------------------------------------------------------------------------------------------- */

struct operator *operator_new(struct loop *loop, struct poller *poller, const struct settings *settings,
                              struct secret *token)
{
    struct operator *operator = memory_alloc(sizeof *operator);
    operator->loop = loop;
    operator->poller = poller;
    operator->settings = settings;
    operator->token = token;
    return operator;
}

void operator_destroy(struct operator *operator)
{
    if (operator == NULL) {
        return;
    }
    loop_run_once(operator->loop, 0); /* what was posted before service_set_api(NULL) is answered */
    free(operator);
}
