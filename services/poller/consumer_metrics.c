/* See consumer_metrics.h. */
#include "consumer_metrics.h"

#include "aws/sqs_client.h"

static const double RECEIVE_COUNT_BOUNDS[] = {1, 2, 3, 5, 10, 20, 50, 100};
static const double AGE_BOUNDS[] = {0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400, 345600};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct metric_counter *counter(const struct consumer_metrics *of, const char *name, const char *help,
                                      const char *label, const char *value)
{
    const struct metric_label labels[] = {{"queue", of->queue}, {label, value}, {NULL, NULL}};
    return metrics_counter(of->metrics, name, help, labels);
}

static struct metric_gauge *gauge(const struct consumer_metrics *of, const char *name, const char *help,
                                  const char *label, const char *value)
{
    const struct metric_label labels[] = {{"queue", of->queue}, {label, value}, {NULL, NULL}};
    return metrics_gauge(of->metrics, name, help, labels);
}

static struct metric_counter *rejected(const struct consumer_metrics *of, const char *class)
{
    return counter(of, "ferry_poller_messages_rejected",
                   "Messages that can never be accepted, by the class of what is wrong", "class", class);
}

static struct metric_counter *unmatched(const struct consumer_metrics *of, const char *action)
{
    return counter(of, "ferry_poller_messages_unmatched", "Messages that no route takes, by what was done", "action",
                   action);
}

static struct metric_counter *dead_letters(const struct consumer_metrics *of, const char *reason)
{
    return counter(of, "ferry_poller_dead_letters", "Dead letters that SQS has confirmed", "reason", reason);
}

static struct metric_counter *dead_letters_failed(const struct consumer_metrics *of, const char *class)
{
    return counter(of, "ferry_poller_dead_letters_failed",
                   "Sends of dead letters that failed, by the class of the error", "class", class);
}

/* Words that are known from the start have their series from the start: a counter that comes into being as 1 has not
 * grown in Prometheus' eyes, and the first dead letter would go unseen. */
static void init_words(const struct consumer_metrics *out)
{
    static const char *const reasons[] = {"failed",   "timed_out", "canceled", "terminated",
                                          "rejected", "unmatched", "operator"};
    static const char *const rejections[] = {"template", "not_json", "schema", "too_large", "bad_event", "envelope"};
    static const char *const actions[] = {"return", "delete", "dead_letter"};
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        (void)dead_letters(out, reasons[i]);
    }
    for (int class = SQS_ERROR_THROTTLED; class <= SQS_ERROR_FINAL; class++) {
        (void)dead_letters_failed(out, sqs_error_class_name((enum sqs_error_class)class));
    }
    for (size_t i = 0; i < COUNT_OF(rejections); i++) {
        (void)rejected(out, rejections[i]);
    }
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        (void)unmatched(out, actions[i]);
    }
}

static void init_gauges(struct consumer_metrics *out)
{
    static const char in_hand[] = "ferry_poller_messages_in_hand";
    static const char help[] = "Messages in hand by what they wait for";
    out->held = gauge(out, in_hand, help, "state", "held");
    out->forwarding = gauge(out, in_hand, help, "state", "forwarding");
    out->running = gauge(out, in_hand, help, "state", "running");
    out->resting = gauge(out, in_hand, help, "state", "resting");
    out->dead_lettering = gauge(out, in_hand, help, "state", "dead_lettering");
    out->settling = gauge(out, in_hand, help, "state", "settling");
    out->bytes = gauge(out, "ferry_poller_bytes_in_hand", "Raw bytes of the messages in hand", NULL, NULL);
    out->oldest_seconds = gauge(out, "ferry_poller_oldest_message_seconds",
                                "Age of the oldest message in hand, counted from its sending; 0: none", NULL, NULL);
    out->paused = gauge(out, "ferry_poller_paused", "1: an operator has paused the queue", NULL, NULL);
}

void consumer_metrics_init(struct consumer_metrics *out, struct metrics *metrics, const char *queue)
{
    static const char receives[] = "ferry_poller_receives";
    static const char receives_help[] = "ReceiveMessage calls by result";
    static const char settled[] = "ferry_poller_messages_settled";
    static const char settled_help[] = "Messages settled by how";
    static const char renewals[] = "ferry_poller_lease_renewals";
    static const char renewals_help[] = "Renewals of message visibility by result";
    const struct metric_label queue_only[] = {{"queue", queue}, {NULL, NULL}};
    *out = (struct consumer_metrics){.metrics = metrics, .queue = queue};
    out->receives = counter(out, receives, receives_help, "result", "messages");
    out->receives_empty = counter(out, receives, receives_help, "result", "empty");
    out->receives_failed = counter(out, receives, receives_help, "result", "failed");
    out->received = counter(out, "ferry_poller_messages_received", "Deliveries received", NULL, NULL);
    out->received_again =
        counter(out, "ferry_poller_messages_received_again", "Copies of messages in hand", NULL, NULL);
    out->damaged = counter(out, "ferry_poller_messages_damaged", "Deliveries whose MD5 was wrong", NULL, NULL);
    out->deleted = counter(out, settled, settled_help, "how", "deleted");
    out->already_gone = counter(out, settled, settled_help, "how", "already_gone");
    out->renewed = counter(out, renewals, renewals_help, "result", "renewed");
    out->renewals_failed = counter(out, renewals, renewals_help, "result", "failed");
    out->renewals_refused = counter(out, renewals, renewals_help, "result", "refused");
    out->lapsed = counter(out, "ferry_poller_leases_lapsed", "Messages whose lease ran out in hand", NULL, NULL);
    out->forwards_failed =
        counter(out, "ferry_poller_forwards_failed", "Events requests that were not answered 200", NULL, NULL);
    out->attempts = counter(out, "ferry_poller_attempts", "Further attempts asked for after a run that failed", NULL,
                            NULL);
    for (size_t i = 0; i < CONSUMER_OUTCOMES; i++) {
        out->outcomes[i] = counter(out, "ferry_poller_messages_forwarded", "Forwarded messages by the gateway's word",
                                   "outcome", event_outcome_name((enum event_outcome)i));
    }
    out->age_seconds = metrics_histogram(metrics, "ferry_poller_message_age_seconds",
                                         "Time from a message's sending to its receipt", AGE_BOUNDS,
                                         COUNT_OF(AGE_BOUNDS), queue_only);
    out->receive_count = metrics_histogram(metrics, "ferry_poller_message_receive_count",
                                           "ApproximateReceiveCount of received messages", RECEIVE_COUNT_BOUNDS,
                                           COUNT_OF(RECEIVE_COUNT_BOUNDS), queue_only);
    out->forward_seconds = metrics_histogram(metrics, "ferry_poller_forward_seconds",
                                             "Time of an events request to the gateway", metrics_latency_bounds,
                                             metrics_latency_bound_count, queue_only);
    init_gauges(out);
    init_words(out);
}

void consumer_metrics_limits(const struct consumer_metrics *metrics, int64_t messages, int64_t bytes)
{
    metric_gauge_set(gauge(metrics, "ferry_poller_messages_in_hand_limit",
                           "What max_in_flight lets into hand; resting messages have as much room besides", NULL,
                           NULL),
                     messages);
    metric_gauge_set(gauge(metrics, "ferry_poller_bytes_in_hand_limit", "What max_in_flight_bytes lets into hand",
                           NULL, NULL),
                     bytes);
}

void consumer_metrics_returned(const struct consumer_metrics *metrics, const char *reason)
{
    metric_counter_add(counter(metrics, "ferry_poller_messages_returned", "Messages that left hand unsettled",
                               "reason", reason),
                       1);
}

void consumer_metrics_rejected(const struct consumer_metrics *metrics, const char *class)
{
    metric_counter_add(rejected(metrics, class), 1);
}

void consumer_metrics_unmatched(const struct consumer_metrics *metrics, const char *action)
{
    metric_counter_add(unmatched(metrics, action), 1);
}

void consumer_metrics_dead_letter(const struct consumer_metrics *metrics, const char *reason)
{
    metric_counter_add(dead_letters(metrics, reason), 1);
}

void consumer_metrics_dead_letter_failed(const struct consumer_metrics *metrics, const char *class)
{
    metric_counter_add(dead_letters_failed(metrics, class), 1);
}

void consumer_metrics_order(const struct consumer_metrics *metrics, const char *order)
{
    metric_counter_add(
        counter(metrics, "ferry_poller_operator_orders", "What operators did to single messages", "order", order), 1);
}

struct metric_gauge *consumer_metrics_circuit(const struct consumer_metrics *metrics, const char *route)
{
    return gauge(metrics, "ferry_poller_circuit_open", "1: the target takes no messages", "route", route);
}
