/* What the null frontend answers: from a request's bytes to a reply's. Pure; one owner; times are passed in. */
#ifndef NULL_FRONTEND_ANSWERS_H
#define NULL_FRONTEND_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <grpc/status.h>

/* X(name): the methods that are served; everything else is UNIMPLEMENTED. */
#define ANSWERS_METHODS(X)                                                                                            \
    X(GetSystemInfo)                                                                                                  \
    X(DescribeNamespace)                                                                                              \
    X(StartWorkflowExecution)                                                                                         \
    X(SignalWithStartWorkflowExecution)                                                                               \
    X(SignalWorkflowExecution)                                                                                        \
    X(DescribeWorkflowExecution)                                                                                      \
    X(GetWorkflowExecutionHistory)                                                                                    \
    X(PollWorkflowTaskQueue)                                                                                          \
    X(PollActivityTaskQueue)                                                                                          \
    X(ShutdownWorker)

enum method {
#define ANSWERS_ENUM(name) METHOD_##name,
    ANSWERS_METHODS(ANSWERS_ENUM)
#undef ANSWERS_ENUM
    METHOD_COUNT,
};

extern const char *const method_names[METHOD_COUNT];

struct answers_options {
    size_t most_runs;
    int64_t close_delay_ms; /* from a run's start to its end */
    int64_t wall_offset_ms; /* wall clock minus the clock of now_ms: for the times that answers tell */
};

struct answers;

struct answers *answers_new(const struct answers_options *options);
void answers_destroy(struct answers *answers); /* NULL is fine */
size_t answers_run_count(const struct answers *answers);

struct answer {
    int64_t again_ms; /* > 0: nothing yet; ask again then. Else this is the answer: */
    grpc_status_code code;
    const char *message; /* constant */
    uint8_t *bytes;      /* free() them. The reply, or with another code than OK the value of grpc-status-details-bin */
    size_t length;
};

/* until_ms: when a long poll ends without news. */
void answers_give(struct answers *answers, enum method method, const uint8_t *request, size_t length, int64_t now_ms,
                  int64_t until_ms, struct answer *out_answer);

#endif
