/* One message in hand: its newest delivery, its lease, its run. Counted references, since calls under way outlive a
 * message's stay in hand. The loop's thread owns all of it. */
#ifndef POLLER_MESSAGE_H
#define POLLER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/sqs_message.h"
#include "base/list.h"
#include "lease.h"

enum message_state {
    MESSAGE_HELD,           /* waits: for its turn in its lane, for the circuit, for more to be sent with it */
    MESSAGE_FORWARDING,     /* in a request to the gateway */
    MESSAGE_RUNNING,        /* its run is open */
    MESSAGE_RESTING,        /* waits for its back-off, then for a renewal, before its next attempt or dead letter */
    MESSAGE_DEAD_LETTERING, /* its dead letter is being sent */
    MESSAGE_SETTLING,       /* its delete is under way */
    MESSAGE_GONE            /* not in hand any more: settled, or leaving unsettled */
};
const char *message_state_name(enum message_state state); /* "held" … */

/* What follows when a message has rested. */
enum message_step { MESSAGE_STEP_ATTEMPT, MESSAGE_STEP_DEAD_LETTER };

/* Why a message is not settled by its run: for its dead letter and for operators. The texts are its own. */
struct setback {
    const char *reason; /* a constant: "failed", "rejected" … */
    char *detail;       /* a sentence; NULL: none, so the next two */
    char *failure_type;
    char *failure_message;
};

struct consumer;
struct lane;
struct message_trace;
struct wait_call;

/* What a wait knows of a run (waiter.h). The texts are the message's. */
struct run_watch {
    struct list link; /* in the waiter's pool or in one of its calls */
    struct wait_call *call; /* the waiter's; NULL: in the pool */
    char *workflow_id;
    char *first_run_id;
    const char *route; /* the settings'; says in which namespace the run is. NULL: not known */
    bool is_watched;
};

struct message {
    unsigned references;
    enum message_state state; /* changed by hand.c alone */
    struct sqs_message *delivery; /* the newest */
    void (*release_delivery)(struct sqs_message *delivery);
    struct consumer *consumer; /* whose it is; NULL in tests of the pure parts */
    struct lease lease;
    unsigned handle_version; /* how many newer handles have come */
    bool is_renewing;        /* a renewal is under way */

    bool must_go_alone;       /* its batch was answered 413 */
    bool asks_attempt;        /* the next forward asks for another run after run_id */
    bool asks_anew;           /* it starts counting anew: an operator's retry */
    int64_t not_before_ms;    /* clock_monotonic_ms: held, not forwarded before; resting, until then */
    unsigned failures;        /* forwards in a row that failed */
    unsigned alone_failures;  /* of these, while other messages were accepted */
    uint64_t accepted_before; /* the circuit's count of accepted messages at the last failure */
    uint64_t tried_in;        /* the opening of the circuit in which it was tried; 0: none */

    struct lane *lane;     /* NULL: none */
    struct list in_lane;   /* ascending SequenceNumber */
    struct list in_ready;  /* may be forwarded now */
    struct list in_leases; /* ascending deadline */
    struct list in_work;   /* the consumer's list of deletes, of resting ones, of returns, or of returned ones */
    size_t line;           /* its place among the queue's routes: what is ready is kept apart by it */

    struct message_trace *trace; /* message_trace.h; NULL: tracing is off */
    struct run_watch watch;
    char *run_id;        /* the chain's last that is known; NULL: none */
    int64_t attempt;     /* of that run; 0: none */
    int64_t received_ms; /* clock_monotonic_ms */

    enum message_step step;     /* resting, dead-lettering: what it is for */
    bool is_rest_over;          /* resting: the renewal before the step is under way */
    bool is_dead_letter_bare;   /* the queue refused it with our attribute: it goes without */
    unsigned dead_letter_tries; /* sends in a row that failed */
    struct setback *setback;    /* NULL: none */
    const char *stuck_reason;   /* a constant, for operators: what it waits for beside its turn; NULL: nothing */

    int leave_seconds;        /* leaving: the visibility to give; LEAVE_AS_IS: no call */
    bool is_last_of_lane;     /* leaving: the others of its lane must be confirmed first */
    bool is_return_sent;      /* in the return call that is under way */
    bool is_taken_back;       /* an operator's order is about to be done to it after it had been returned */
    bool is_completed;        /* settling: the chain is Completed, whatever the delete answers */
    const char *leave_reason; /* a constant */
    int64_t delete_retry_ms;  /* settling: clock_monotonic_ms of the next try */
    unsigned delete_attempts;
};

#define LEAVE_AS_IS (-1)

/* Takes the delivery; release frees it. One reference is the caller's. */
struct message *message_new(struct sqs_message *delivery, void (*release)(struct sqs_message *delivery));
struct message *message_acquire(struct message *message);
void message_release(struct message *message); /* NULL is fine */

/* Copies the texts; "" counts as NULL. */
void message_set_setback(struct message *message, const char *reason, const char *detail, const char *failure_type,
                         const char *failure_message);

/* The newest handle: takes the delivery, keeps everything else. */
void message_renew_delivery(struct message *message, struct sqs_message *delivery);

const char *message_id(const struct message *message);
const char *message_group(const struct message *message); /* NULL: none */

/* <0, 0, >0, as decimal numbers of any length; NULL or "" comes before every number. */
int sequence_compare(const char *left, const char *right);

#endif
