/* What the files of the consumer share. One struct, one owner (the loop's thread), one place where things are set going
 * (consumer_pump); whoever changes something calls consumer_wake. */
#ifndef POLLER_CONSUMER_INTERNAL_H
#define POLLER_CONSUMER_INTERNAL_H

#include "base/backoff.h"
#include "base/log.h"
#include "base/random.h"
#include "circuit.h"
#include "consumer.h"
#include "consumer_metrics.h"
#include "event_results.h"
#include "hand.h"
#include "message_trace.h"
#include "messages/routing.h"
#include "receive_plan.h"

#define EVENTS_BATCH_MAX 32                   /* messages in one request to the gateway */
#define EVENTS_BATCH_BYTES ((size_t)4 << 20)  /* raw messages in one request; a longer one goes alone */
#define EVENTS_REQUEST_MAX ((size_t)64 << 20) /* bytes */

#define CALL_MS 10000          /* how long a call to SQS may take, its retries included */
#define LOG_INTERVAL_MS 30000  /* the same trouble is logged once in this time */
#define CIRCUIT_JITTER 0.2
#define CUT_SECONDS 30         /* shutdown: the lease that running messages keep */

enum consumer_phase {
    CONSUMER_RUNNING,
    CONSUMER_DRAINING, /* no new receives or forwards; what is held is handed back */
    CONSUMER_CUTTING,  /* no renewals; the leases of running messages are cut */
    CONSUMER_DRAINED
};

struct receive_call {
    struct list link;
    struct consumer *consumer;
    struct sqs_call *call;
    int64_t start_boot_ms;
    int asked;
    char attempt_id[RANDOM_UUID_SIZE];
};

/* One route of the queue: its circuit, and the requests that go to it. Its messages stand in the hand's line of the
 * same number. */
struct outlet {
    struct consumer *consumer;
    const struct settings_route *route;
    size_t line;
    struct circuit circuit;
    size_t forward_calls;
    int64_t forward_due_ms; /* 0: nothing is waiting to be sent with more */
    struct http_call *probe;
    struct log_limiter limiter;
    struct metric_gauge *circuit_open;
};

struct forward_call {
    struct list link;
    struct consumer *consumer;
    struct outlet *outlet;
    struct http_call *call;
    int64_t sent_ms;
    int http_status; /* of the answer; 0: there was none */
    size_t count;
    struct message *messages[EVENTS_BATCH_MAX]; /* a reference each */
};

/* A batch of deletes or visibility changes. */
struct batch_call {
    struct list link;
    struct consumer *consumer;
    struct sqs_call *call;
    size_t *open_calls; /* the consumer's count of such calls */
    int64_t start_boot_ms;
    bool ends_rest; /* renewals before a next attempt or a dead letter */
    size_t count;
    struct message *messages[SQS_BATCH_MAX]; /* a reference each */
    unsigned versions[SQS_BATCH_MAX];        /* of the handles that were sent */
    int seconds[SQS_BATCH_MAX];
};

/* A dead letter that is being sent. */
struct dead_letter_call {
    struct list link;
    struct consumer *consumer;
    struct sqs_call *call;
    struct message *message; /* a reference */
};

struct consumer {
    struct consumer_options options;
    const struct settings_queue *queue;
    const char *name;    /* the queue's, for logs and metrics */
    struct routing routing;
    struct outlet *outlets; /* one for each of the queue's routes */
    size_t outlet_count;    /* also the hand's line of what no route takes */
    char *quoted_source; /* the queue's URL as JSON */
    int visibility_seconds;
    int wait_seconds;
    bool is_fifo;
    bool is_paused; /* by an operator: receives and forwards nothing, what is held is handed back */
    enum consumer_phase phase;
    struct consumer_metrics metrics;
    struct loop_timer timer;
    struct hand hand;

    /* consumer_receive.c */
    struct receive_plan plan;
    struct list receives; /* receive_call.link */
    size_t receive_calls;
    size_t outstanding_messages; /* what open receives may bring */
    struct backoff receive_backoff;
    int64_t receive_not_before_ms;
    bool is_idle;
    char lost_attempt_id[RANDOM_UUID_SIZE]; /* "": none. Repeated, so that SQS gives the same messages again */
    struct log_limiter receive_limiter;
    char receive_problem[ERROR_TEXT_SIZE]; /* "": none */

    /* consumer_forward.c */
    struct list forwards; /* forward_call.link, of all outlets */
    size_t forward_calls;

    /* consumer_rest.c, consumer_dead_letter.c */
    struct list resting;      /* message.in_work, by not_before_ms */
    struct list dead_letters; /* dead_letter_call.link */
    size_t dead_letter_calls;
    struct log_limiter dead_letter_limiter;

    /* consumer_settle.c, consumer_lease.c */
    struct list batches;   /* batch_call.link, all kinds */
    struct list deletes;   /* message.in_work, settling */
    int64_t delete_due_ms;
    size_t delete_calls;
    struct list returns; /* message.in_work, gone; the list owns the table's reference */
    size_t return_waiting;
    size_t return_calls; /* 0 or 1 */
    int64_t return_not_before_ms;
    struct list returned; /* message.in_work, gone: at SQS with a visibility, for operators. Oldest first */
    size_t returned_count;
    size_t returned_bytes;
    size_t renew_calls;
    size_t cut_calls;
    struct log_limiter settle_limiter;
    struct log_limiter lease_limiter;

    /* consumer.c */
    struct sqs_call *attributes_call;
    int64_t attributes_due_ms; /* INT64_MAX: answered */
    struct backoff attributes_backoff;
    char attributes_problem[ERROR_TEXT_SIZE]; /* "": none */
    int64_t stop_polls_ms;    /* draining: open receives are not waited for any longer */
    int64_t stop_forwards_ms; /* draining: open receives and forwards are given up then */
    bool is_cut;              /* cutting: the cuts were sent */
    int64_t oldest_due_ms;    /* when to look for the oldest message again */
};

void consumer_wake(struct consumer *consumer); /* consumer_pump runs in the loop's next turn */
void consumer_changed(struct consumer *consumer);
int64_t consumer_oldest_seconds(const struct consumer *consumer); /* age of the oldest message in hand; 0: none */

void consumer_receive_pump(struct consumer *consumer, int64_t now_ms);
void consumer_receive_give_up(struct consumer *consumer);

struct outlet *consumer_outlet_of(const struct consumer *consumer, const struct message *message); /* NULL: none */
const char *consumer_route_name(const struct consumer *consumer, const struct message *message);    /* NULL: none */

void consumer_outlets_init(struct consumer *consumer);
void consumer_forward_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms);
int64_t consumer_forward_next_ms(const struct consumer *consumer, int64_t now_ms);
/* The request's answer; user: its struct forward_call. */
void consumer_on_forwarded(void *user, const struct http_response *response, const struct error *error);
void consumer_forward_put_back(struct forward_call *forward, bool must_go_alone); /* its messages are held again */
void consumer_forward_end(struct forward_call *forward);                           /* releases them */
/* The messages are held again. */
void consumer_forward_give_up(struct consumer *consumer);
void consumer_probes_give_up(struct consumer *consumer);
bool consumer_circuits_are_closed(const struct consumer *consumer);

/* Does what the verdict on a forwarded message says. failure_type, failure_message: for its dead letter; "": none. */
void consumer_follow(struct consumer *consumer, struct message *message, const struct verdict *verdict,
                     const struct run_end *end, const char *failure_type, const char *failure_message);
/* It can never be accepted: a dead letter where there is a queue for it, else it is returned. class: one word. */
void consumer_reject(struct consumer *consumer, struct message *message, const char *class, const char *detail);
/* Of messages that no route takes. */
void consumer_unmatched_pump(struct consumer *consumer, int64_t now_ms);

/* The message rests until due_ms; then its lease is renewed; then the step is taken. */
void consumer_rest(struct consumer *consumer, struct message *message, enum message_step step, int64_t due_ms);
void consumer_rest_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms);
int64_t consumer_rest_next_ms(const struct consumer *consumer, int64_t now_ms);
/* Resting: another step, and now. */
void consumer_rest_change(struct consumer *consumer, struct message *message, enum message_step step);
/* The renewal at the rest's end: granted, refused, or failed for now. */
void consumer_rest_renewed(struct consumer *consumer, struct message *message);
void consumer_rest_refused(struct consumer *consumer, struct message *message);
void consumer_rest_again(struct consumer *consumer, struct message *message);

/* The dead-letter queue for this message; NULL: none. */
const char *consumer_dead_letter_url(const struct consumer *consumer, const struct message *message);
void consumer_dead_letter_send(struct consumer *consumer, struct message *message);
void consumer_dead_letter_give_up(struct consumer *consumer);

/* A message whose run or start is settled: deletes it. */
void consumer_settle(struct consumer *consumer, struct message *message, bool is_completed);
void consumer_settle_pump(struct consumer *consumer, int64_t now_ms);
int64_t consumer_settle_next_ms(const struct consumer *consumer);

/* The message leaves hand unsettled, with what is behind it. */
void consumer_leave(struct consumer *consumer, struct message *message, int seconds, const char *reason);
void consumer_leave_held(struct consumer *consumer, const char *reason);
void consumer_return_pump(struct consumer *consumer, int64_t now_ms);
/* A message with this ID came again: a return of it that was not sent yet is dropped. */
void consumer_return_forget(struct consumer *consumer, const char *message_id);
/* Those whose visibility is over are forgotten; what is left may be taken back by its handle. NULL: not there. */
void consumer_returned_pump(struct consumer *consumer, int64_t boot_ms);
struct message *consumer_returned_find(const struct consumer *consumer, const char *message_id);
/* In hand again, held; its lease ends with the visibility that it was returned with. */
void consumer_returned_take_back(struct consumer *consumer, struct message *message);
void consumer_returned_drop_all(struct consumer *consumer);
/* Something of this group with a lower SequenceNumber is on its way out. */
bool consumer_return_is_ahead(const struct consumer *consumer, const struct message *message);

void consumer_lapse_pump(struct consumer *consumer, int64_t boot_ms);
void consumer_renew_pump(struct consumer *consumer, int64_t now_ms, int64_t boot_ms);
void consumer_renew(struct batch_call *batch, int64_t now_ms, int64_t boot_ms); /* sends it */
void consumer_cut(struct consumer *consumer, int64_t now_ms);
int64_t consumer_lease_next_ms(const struct consumer *consumer, int64_t now_ms, int64_t boot_ms);

struct batch_call *consumer_batch_new(struct consumer *consumer, size_t *open_calls);
void consumer_batch_add(struct batch_call *batch, struct message *message, int seconds);
void consumer_batch_end(struct batch_call *batch); /* releases the messages */
void consumer_batch_change_visibility(struct batch_call *batch, int64_t deadline_ms, sqs_batch_done_fn *done);
/* What became of an entry, whether the whole call failed or only it. */
bool consumer_entry_failed(const struct sqs_batch_result *result, const struct sqs_error *error, size_t index,
                           enum sqs_error_class *out_class);
bool consumer_class_is_retryable(enum sqs_error_class class);
unsigned consumer_jitter(void);
/* How long to gather requests into batches: little while little is under way, since then latency counts; a millisecond
 * more for each message under way, since then calls count. */
int64_t consumer_gather_ms(const struct consumer *consumer, int64_t least_ms, int64_t most_ms);

#endif
