/* The wait request of the gateway and its answer: runs to wait for, chains that have closed. Pure. */
#ifndef POLLER_RUNS_H
#define POLLER_RUNS_H

#include <stdint.h>

#include "answer.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "message.h"
#include "verdict.h"

#define RUNS_REQUEST_MAX ((size_t)8 << 20) /* bytes: 1,000 runs of 1,000-byte IDs fit, each byte escaped */
#define RUNS_WAIT_MAX 1000                 /* runs in one request: the gateway's limit */

/* watches: struct run_watch.link. INVALID_ARGUMENT: an ID is not UTF-8. TOO_LARGE: over out's maximum. */
MUST_CHECK enum status runs_request(struct buffer *out, const struct list *watches, int64_t wait_ms,
                                    struct error *error);

struct closed_run {
    const char *workflow_id; /* the texts: "" when not said */
    const char *first_run_id;
    const char *run_id; /* the chain's last */
    const char *failure_type;
    const char *failure_message;
    enum run_status status;
    bool is_non_retryable;
};
struct closed_runs {
    struct answer_texts texts;
    struct closed_run *entries;
    size_t count;
};
MUST_CHECK enum status closed_runs_parse(const char *body, size_t length, struct closed_runs *out_runs,
                                         struct error *error); /* MALFORMED */
void closed_runs_deinit(struct closed_runs *runs);

#endif
