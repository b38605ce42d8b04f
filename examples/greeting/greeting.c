#include <stdio.h>
#include <temporal/connection.h>
#include <temporal/worker.h>

static json_t *greeting(struct temporal_activity *activity, const json_t *name)
{
    if (!json_is_string(name)) {
        return temporal_activity_fail_for_good(activity, "InvalidName", "a name is a string");
    }
    return json_sprintf("Hello, %s!", json_string_value(name));
}

static json_t *greet(struct temporal_workflow *workflow, const json_t *name)
{
    return temporal_workflow_execute_activity(workflow, "greeting", json_deep_copy(name),
                                              &(struct temporal_activity_options){.start_to_close_ms = 10000});
}

int main(int argc, char **argv)
{
    const char *address = argc > 1 ? argv[1] : "localhost:7233";
    struct error error = {0};
    struct temporal_connection *connection = NULL;
    struct temporal_worker *worker = NULL;
    if (temporal_connection_new(&(struct temporal_connection_options){.address = address}, &connection, &error) ||
        temporal_worker_new(connection, &(struct temporal_worker_options){.task_queue = "greetings"}, &worker,
                            &error)) {
        goto done;
    }
    temporal_worker_register_workflow(worker, "greet", greet);
    temporal_worker_register_activity(worker, "greeting", greeting, NULL);
    if (temporal_worker_run(worker, &error) == STATUS_OK) { /* until temporal_worker_stop() */
        puts("stopped");
    }
done:
    fputs(error.text, stderr);
    temporal_worker_destroy(worker);
    temporal_connection_destroy(connection);
    return error.status != STATUS_OK;
}
