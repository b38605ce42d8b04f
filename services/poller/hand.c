/* See hand.h. */
#include "hand.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

#define MESSAGE_OF(node, member) LIST_ITEM(node, struct message, member)

void hand_init(struct hand *hand, bool is_ordered, size_t line_count)
{
    *hand = (struct hand){.messages = map_new(),
                          .lanes = is_ordered ? map_new() : NULL,
                          .lines = memory_alloc_array(line_count, sizeof *hand->lines),
                          .line_count = line_count};
    for (size_t i = 0; i < line_count; i++) {
        list_init(&hand->lines[i].messages);
    }
    list_init(&hand->leases);
}

size_t hand_count(const struct hand *hand)
{
    return map_count(hand->messages);
}

struct message *hand_find(const struct hand *hand, const char *message_id)
{
    return map_get(hand->messages, message_id);
}

/* --- states ------------------------------------------------------------------------------------------------------ */

static bool is_busy(enum message_state state)
{
    return state != MESSAGE_HELD && state != MESSAGE_GONE;
}

static size_t *count_of(struct hand *hand, enum message_state state)
{
    switch (state) {
    case MESSAGE_HELD:
        return &hand->held;
    case MESSAGE_FORWARDING:
        return &hand->forwarding;
    case MESSAGE_RUNNING:
        return &hand->running;
    case MESSAGE_RESTING:
        return &hand->resting;
    case MESSAGE_DEAD_LETTERING:
        return &hand->dead_lettering;
    case MESSAGE_SETTLING:
        return &hand->settling;
    case MESSAGE_GONE:
        break;
    }
    return NULL;
}

/* The only place where a state changes. */
static void set_state(struct hand *hand, struct message *message, enum message_state state)
{
    size_t *before = count_of(hand, message->state);
    size_t *after = count_of(hand, state);
    if (before != NULL) {
        CHECK(*before > 0);
        (*before)--;
    }
    if (after != NULL) {
        (*after)++;
    }
    if (message->lane != NULL) {
        message->lane->busy -= is_busy(message->state);
        message->lane->busy += is_busy(state);
    }
    message->state = state;
}

/* --- what is ready ------------------------------------------------------------------------------------------------ */

static void make_ready(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_HELD && list_is_empty(&message->in_ready));
    list_append(&hand->lines[message->line].messages, &message->in_ready);
    hand->lines[message->line].count++;
}

static void make_unready(struct hand *hand, struct message *message)
{
    if (!list_is_empty(&message->in_ready)) {
        list_remove(&message->in_ready);
        hand->lines[message->line].count--;
    }
    if (message->lane != NULL && message->lane->ready == message) {
        message->lane->ready = NULL;
    }
}

bool hand_is_ready(const struct message *message)
{
    return message->state == MESSAGE_HELD && !list_is_empty(&message->in_ready);
}

/* A lane's first message is ready when nothing of the lane is busy. An empty lane is freed. */
static void lane_refresh(struct hand *hand, struct lane *lane)
{
    struct message *first = NULL;
    if (list_is_empty(&lane->messages)) {
        CHECK(lane->ready == NULL && lane->busy == 0);
        (void)map_remove(hand->lanes, lane->group); /* the value is lane itself */
        free(lane->group);
        free(lane);
        return;
    }
    if (lane->busy == 0) {
        first = MESSAGE_OF(lane->messages.next, in_lane);
    }
    if (lane->ready == first) {
        return;
    }
    if (lane->ready != NULL) {
        make_unready(hand, lane->ready);
    }
    lane->ready = first;
    if (first != NULL) {
        make_ready(hand, first);
    }
}

static void lane_insert(struct hand *hand, struct message *message)
{
    const char *group = message_group(message);
    struct lane *lane = map_get(hand->lanes, group);
    if (lane == NULL) {
        lane = memory_alloc(sizeof *lane);
        list_init(&lane->messages);
        lane->group = memory_copy_string(group);
        (void)map_put(hand->lanes, group, lane); /* there was none */
    }
    struct list *before = &lane->messages;
    while (before->previous != &lane->messages &&
           sequence_compare(MESSAGE_OF(before->previous, in_lane)->delivery->sequence_number,
                            message->delivery->sequence_number) > 0) {
        before = before->previous;
    }
    list_insert_before(before, &message->in_lane);
    message->lane = lane;
}

struct message *hand_first_ready(const struct hand *hand, size_t line, int64_t now_ms)
{
    const struct list *head = &hand->lines[line].messages;
    for (struct list *node = head->next; node != head; node = node->next) {
        struct message *message = MESSAGE_OF(node, in_ready);
        if (message->not_before_ms <= now_ms) {
            return message;
        }
    }
    return NULL;
}

int64_t hand_next_ready_ms(const struct hand *hand, size_t line, int64_t now_ms)
{
    const struct list *head = &hand->lines[line].messages;
    int64_t next_ms = INT64_MAX;
    for (struct list *node = head->next; node != head; node = node->next) {
        const struct message *message = MESSAGE_OF(node, in_ready);
        if (message->not_before_ms > now_ms && message->not_before_ms < next_ms) {
            next_ms = message->not_before_ms;
        }
    }
    return next_ms;
}

struct message *hand_first_untried(const struct hand *hand, size_t line, uint64_t opening)
{
    const struct list *head = &hand->lines[line].messages;
    for (struct list *node = head->next; node != head; node = node->next) {
        struct message *message = MESSAGE_OF(node, in_ready);
        if (message->tried_in != opening) {
            return message;
        }
    }
    return NULL;
}

/* --- leases ------------------------------------------------------------------------------------------------------- */

void hand_lease_changed(struct hand *hand, struct message *message)
{
    list_remove(&message->in_leases);
    struct list *before = &hand->leases;
    while (before->previous != &hand->leases &&
           MESSAGE_OF(before->previous, in_leases)->lease.deadline_ms > message->lease.deadline_ms) {
        before = before->previous;
    }
    list_insert_before(before, &message->in_leases);
}

struct message *hand_first_lease(const struct hand *hand)
{
    return list_is_empty(&hand->leases) ? NULL : MESSAGE_OF(hand->leases.next, in_leases);
}

struct message *hand_next_lease(const struct hand *hand, const struct message *message)
{
    return message->in_leases.next == &hand->leases ? NULL : MESSAGE_OF(message->in_leases.next, in_leases);
}

/* --- in and out --------------------------------------------------------------------------------------------------- */

enum hand_added hand_add(struct hand *hand, struct sqs_message *delivery,
                         void (*release)(struct sqs_message *delivery), const struct lease *lease, size_t line,
                         struct message **out_message)
{
    struct message *message = hand_find(hand, delivery->message_id);
    if (message != NULL) {
        *out_message = message;
        if (delivery->receive_count < message->delivery->receive_count) {
            release(delivery);
            return HAND_OLDER_COPY;
        }
        hand->bytes -= message->delivery->json_length;
        hand->bytes += delivery->json_length;
        message_renew_delivery(message, delivery);
        message->lease = *lease;
        hand_lease_changed(hand, message);
        return HAND_NEWER_COPY;
    }
    message = message_new(delivery, release);
    message->lease = *lease;
    message->line = line;
    hand_take_back(hand, message);
    *out_message = message;
    return HAND_NEW;
}

void hand_take_back(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_GONE && hand_find(hand, message_id(message)) == NULL);
    (void)map_put(hand->messages, message_id(message), message); /* was not there */
    hand->bytes += message->delivery->json_length;
    set_state(hand, message, MESSAGE_HELD);
    hand_lease_changed(hand, message);
    if (hand->lanes != NULL && message_group(message) != NULL) {
        lane_insert(hand, message);
        lane_refresh(hand, message->lane);
    } else {
        make_ready(hand, message);
    }
}

/* Of a message that has become held: its lane's first is ready now, or it is. */
static void held_again(struct hand *hand, struct message *message)
{
    if (message->lane != NULL) {
        lane_refresh(hand, message->lane);
    } else {
        make_ready(hand, message);
    }
}

void hand_forward(struct hand *hand, struct message *message)
{
    CHECK(hand_is_ready(message));
    make_unready(hand, message);
    set_state(hand, message, MESSAGE_FORWARDING);
}

void hand_put_back(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_FORWARDING);
    set_state(hand, message, MESSAGE_HELD);
    held_again(hand, message);
}

void hand_run(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_FORWARDING);
    set_state(hand, message, MESSAGE_RUNNING);
}

void hand_rest(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_FORWARDING || message->state == MESSAGE_RUNNING ||
          message->state == MESSAGE_DEAD_LETTERING || hand_is_ready(message));
    make_unready(hand, message);
    set_state(hand, message, MESSAGE_RESTING);
}

void hand_wake(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_RESTING);
    set_state(hand, message, MESSAGE_HELD);
    held_again(hand, message);
}

void hand_dead_letter(struct hand *hand, struct message *message)
{
    CHECK(message->state == MESSAGE_RESTING);
    set_state(hand, message, MESSAGE_DEAD_LETTERING);
}

void hand_settle(struct hand *hand, struct message *message, bool is_completed)
{
    struct lane *lane = message->lane;
    CHECK(hand_is_ready(message) || (is_busy(message->state) && message->state != MESSAGE_SETTLING));
    make_unready(hand, message);
    set_state(hand, message, MESSAGE_SETTLING);
    if (lane != NULL && is_completed) {
        lane->busy--;
        list_remove(&message->in_lane);
        message->lane = NULL;
        lane_refresh(hand, lane);
    }
}

/* Out of the table, its lane and all lists; the table's reference becomes the caller's. lane_refresh is up to him. */
static void detach(struct hand *hand, struct message *message)
{
    CHECK(message->state != MESSAGE_GONE);
    make_unready(hand, message);
    set_state(hand, message, MESSAGE_GONE);
    list_remove(&message->in_lane);
    list_remove(&message->in_leases);
    message->lane = NULL;
    hand->bytes -= message->delivery->json_length;
    CHECK(map_remove(hand->messages, message_id(message)) == message);
}

void hand_remove_settled(struct hand *hand, struct message *message)
{
    CHECK(is_busy(message->state));
    struct lane *lane = message->lane;
    detach(hand, message);
    if (lane != NULL) {
        lane_refresh(hand, lane);
    }
    message_release(message);
}

static void leave(struct hand *hand, struct message *message, int seconds, const char *reason, int64_t now_ms,
                  struct list *out)
{
    detach(hand, message);
    message->leave_seconds = lease_has_lapsed(&message->lease, now_ms) ? LEAVE_AS_IS : seconds;
    message->leave_reason = reason;
    message->is_last_of_lane = false;
    list_remove(&message->in_work);
    list_append(out, &message->in_work);
}

void hand_leave(struct hand *hand, struct message *message, int seconds, const char *reason, int64_t now_ms,
                struct list *out)
{
    struct lane *lane = message->lane;
    if (lane == NULL) {
        leave(hand, message, seconds, reason, now_ms, out);
        return;
    }
    bool has_followers = false;
    struct list *node = lane->messages.previous;
    while (node != &message->in_lane) {
        struct message *follower = MESSAGE_OF(node, in_lane);
        node = node->previous;
        if (follower->state != MESSAGE_SETTLING) {
            leave(hand, follower, 0, "behind_in_group", now_ms, out);
            has_followers = true;
        }
    }
    leave(hand, message, seconds, reason, now_ms, out);
    message->is_last_of_lane = has_followers;
    lane_refresh(hand, lane);
}

static int compare_descending(const void *left, const void *right)
{
    const struct message *const *a = left;
    const struct message *const *b = right;
    return sequence_compare((*b)->delivery->sequence_number, (*a)->delivery->sequence_number);
}

void hand_leave_held(struct hand *hand, const char *reason, int64_t now_ms, struct list *out)
{
    size_t count = 0;
    size_t most = hand->held + hand->resting;
    if (most == 0) {
        return;
    }
    struct message **held = memory_alloc_array(most, sizeof(struct message *));
    size_t position = 0;
    const char *key = NULL;
    void *value = NULL;
    while (map_next(hand->messages, &position, &key, &value)) {
        struct message *message = value;
        if (message->state == MESSAGE_HELD || message->state == MESSAGE_RESTING) {
            CHECK(count < most);
            held[count++] = message;
        }
    }
    qsort(held, count, sizeof(struct message *), compare_descending);
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = held[i]->lane;
        leave(hand, held[i], 0, reason, now_ms, out);
        if (lane != NULL) {
            held[i]->is_last_of_lane = list_is_empty(&lane->messages);
            lane_refresh(hand, lane);
        }
    }
    free(held);
}

void hand_deinit(struct hand *hand)
{
    struct list gone;
    list_init(&gone);
    size_t position = 0;
    const char *key = NULL;
    void *value = NULL;
    while (map_next(hand->messages, &position, &key, &value)) {
        struct message *message = value;
        struct lane *lane = message->lane;
        detach(hand, message);
        if (lane != NULL) {
            lane_refresh(hand, lane);
        }
        list_append(&gone, &message->in_work);
    }
    for (struct list *node = list_take_first(&gone); node != NULL; node = list_take_first(&gone)) {
        message_release(MESSAGE_OF(node, in_work));
    }
    map_destroy(hand->messages);
    map_destroy(hand->lanes);
    free(hand->lines);
}
