/* See temporal/cancel_token.h. */
#include "cancel_token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

struct temporal_cancel_token {
    atomic_int references;
    pthread_mutex_t mutex; /* guards what follows */
    struct list places;    /* of the calls under way */
    bool is_canceled;
};

struct temporal_cancel_token *temporal_cancel_token_new(void)
{
    struct temporal_cancel_token *token = memory_alloc(sizeof *token);
    atomic_init(&token->references, 1);
    CHECK(pthread_mutex_init(&token->mutex, NULL) == 0);
    list_init(&token->places);
    return token;
}

struct temporal_cancel_token *cancel_token_retain(struct temporal_cancel_token *token)
{
    if (token != NULL) {
        (void)atomic_fetch_add(&token->references, 1);
    }
    return token;
}

void temporal_cancel_token_release(struct temporal_cancel_token *token)
{
    if (token != NULL && atomic_fetch_sub(&token->references, 1) == 1) {
        pthread_mutex_destroy(&token->mutex);
        free(token);
    }
}

void temporal_cancel_token_cancel(struct temporal_cancel_token *token)
{
    pthread_mutex_lock(&token->mutex);
    token->is_canceled = true;
    for (struct list *node = token->places.next; node != &token->places; node = node->next) {
        rpc_call_cancel(*LIST_ITEM(node, struct cancel_token_place, node)->rpc);
    }
    pthread_mutex_unlock(&token->mutex);
}

void cancel_token_begin(struct cancel_token_place *place, struct temporal_cancel_token *token)
{
    if (token != NULL) {
        pthread_mutex_lock(&token->mutex);
        place->token = cancel_token_retain(token);
    }
}

void cancel_token_enter(struct cancel_token_place *place, struct rpc_call **rpc)
{
    struct temporal_cancel_token *token = place->token;
    place->rpc = rpc;
    list_append(&token->places, &place->node);
    if (token->is_canceled) {
        rpc_call_cancel(*rpc);
    }
    pthread_mutex_unlock(&token->mutex);
}

void cancel_token_leave(struct cancel_token_place *place)
{
    struct temporal_cancel_token *token = place->token;
    if (token != NULL) {
        pthread_mutex_lock(&token->mutex);
        list_remove(&place->node);
        pthread_mutex_unlock(&token->mutex);
        place->token = NULL;
        temporal_cancel_token_release(token);
    }
}
