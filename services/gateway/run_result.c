/* See run_result.h. */
#include "run_result.h"

#include <string.h>

#include "base/memory.h"

void run_result_cut(char *text, size_t maximum)
{
    if (strnlen(text, maximum + 1) <= maximum) {
        return;
    }
    size_t length = maximum;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
        length--;
    }
    text[length] = '\0';
}

void run_result_take(struct temporal_close_result *close, struct watch_result *out_result)
{
    struct watch_result result = {.status = temporal_run_status_name(close->status), .run_id = close->run_id};
    const struct temporal_failure *application = temporal_failure_application(close->failure);
    const struct temporal_failure *failure = application != NULL ? application : temporal_failure_root(close->failure);
    close->run_id = NULL;
    if (failure != NULL) {
        result.failure_type = memory_copy_string(failure->type[0] != '\0' ? failure->type : failure->kind);
        run_result_cut(result.failure_type, RUN_RESULT_TYPE_MAX);
        result.failure_message = memory_copy_string(failure->message);
        result.non_retryable = application != NULL && application->non_retryable;
    } else if (close->reason != NULL) {
        result.failure_message = close->reason;
        close->reason = NULL;
    }
    if (result.failure_message != NULL) {
        run_result_cut(result.failure_message, RUN_RESULT_MESSAGE_MAX);
    }
    *out_result = result;
}
