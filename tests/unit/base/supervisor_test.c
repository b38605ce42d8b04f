/* Tests of base/supervisor.h, with shells as children. Children tell the test what happened by writing lines into a
 * FIFO, whose path they find in the variable SAY: nothing here depends on time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/supervisor.h"
#include "base/thread.h"
#include "support.h"

#define CHILDREN_MAX 3

struct fixture {
    char folder[40];
    char path[64];
    char say[80]; /* "SAY=" and the path */
    FILE *heard;
    struct supervisor_child children[CHILDREN_MAX];
    const char *arguments[CHILDREN_MAX][4];
    const char *environment[3];
    struct supervisor *supervisor;
    pthread_t thread;
    enum status status;
    struct error error;
};

static const struct log_options s_quiet = {
    .service = "test", .level = LOG_LEVEL_ERROR, .format = LOG_FORMAT_TEXT, .file_descriptor = STDERR_FILENO};

static void run(void *argument)
{
    struct fixture *fixture = argument;
    fixture->status = supervisor_run(fixture->supervisor, &fixture->error);
}

static int make_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/ferry-supervisor-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL) {
        return -1;
    }
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/fifo", fixture->folder);
    (void)snprintf(fixture->say, sizeof fixture->say, "SAY=%s", fixture->path);
    if (mkfifo(fixture->path, 0600) != 0) {
        return -1;
    }
    int descriptor = open(fixture->path, O_RDWR | O_CLOEXEC); /* for writing as well: never an end of file */
    fixture->heard = fdopen(descriptor, "r");
    fixture->environment[0] = fixture->say;
    fixture->environment[1] = "FERRY_TEST_REPLACED=new";
    *state = fixture;
    return fixture->heard == NULL ? -1 : 0;
}

static int drop_fixture(void **state)
{
    struct fixture *fixture = *state;
    supervisor_destroy(fixture->supervisor);
    (void)fclose(fixture->heard);
    unlink(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static void add_child(struct fixture *fixture, size_t index, const char *name, const char *script)
{
    fixture->arguments[index][0] = "/bin/sh";
    fixture->arguments[index][1] = "-c";
    fixture->arguments[index][2] = script;
    fixture->children[index] = (struct supervisor_child){
        .name = name, .arguments = fixture->arguments[index], .environment = fixture->environment};
}

static void start(struct fixture *fixture, size_t count, int64_t grace_ms)
{
    const struct supervisor_options options = {
        .children = fixture->children, .child_count = count, .grace_ms = grace_ms};
    fixture->supervisor = supervisor_new(&options);
    assert_int_equal(thread_start(&fixture->thread, "supervisor", 0, run, fixture, NULL), STATUS_OK);
}

static void hear(struct fixture *fixture, char *line, int size)
{
    assert_non_null(fgets(line, size, fixture->heard));
    line[strcspn(line, "\n")] = '\0';
}

static void assert_heard(struct fixture *fixture, const char *expected)
{
    char line[200];
    hear(fixture, line, sizeof line);
    assert_string_equal(line, expected);
}

static pid_t hear_pid(struct fixture *fixture)
{
    char line[40];
    hear(fixture, line, sizeof line);
    return (pid_t)strtol(line, NULL, 10);
}

static bool has_respawned(void *argument)
{
    return supervisor_respawns(((struct fixture *)argument)->supervisor) >= 1;
}

static bool has_respawned_twice(void *argument)
{
    return supervisor_respawns(((struct fixture *)argument)->supervisor) >= 2;
}

#define SAY_PID_AND_STAY "echo $$ > $SAY; exec sleep 1000"
#define GRACE_LONG_MS 600000

static void a_killed_child_is_started_again_and_the_others_stay(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "a", SAY_PID_AND_STAY);
    add_child(fixture, 1, "b", SAY_PID_AND_STAY);
    start(fixture, 2, GRACE_LONG_MS);
    pid_t first = hear_pid(fixture);
    pid_t second = hear_pid(fixture);
    assert_int_equal(kill(first, SIGKILL), 0);
    pid_t third = hear_pid(fixture);
    assert_int_not_equal(third, second);
    wait_until(has_respawned, fixture);
    assert_int_equal(supervisor_respawns(fixture->supervisor), 1);
    assert_int_equal(supervisor_running(fixture->supervisor), 2);
    assert_int_equal(kill(second, 0), 0);

    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
    assert_int_equal(fixture->status, STATUS_OK);
    assert_int_equal(supervisor_running(fixture->supervisor), 0);
    assert_int_equal(kill(third, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void a_respawn_is_one_log_line_that_says_how_the_child_ended(void **state)
{
    struct fixture *fixture = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct log_options to_pipe = {
        .service = "test", .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_JSON, .file_descriptor = ends[1]};
    log_configure(&to_pipe);
    add_child(fixture, 0, "ferry-poller.2", SAY_PID_AND_STAY);
    start(fixture, 1, GRACE_LONG_MS);
    pid_t pid = hear_pid(fixture);
    assert_int_equal(kill(pid, SIGKILL), 0);
    (void)hear_pid(fixture);
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
    log_configure(&s_quiet);

    char line[2000] = "";
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    char expected[200];
    (void)snprintf(expected, sizeof expected,
                   "\"level\":\"warn\",\"service\":\"test\",\"msg\":\"child ended and is respawned\","
                   "\"child\":\"ferry-poller.2\",\"pid\":%d,\"signal\":9,",
                   pid);
    assert_non_null(strstr(line, expected));
    assert_non_null(strstr(line, "\"backoff_ms\":"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1); /* one line */
    close(ends[0]);
    close(ends[1]);
}

static void a_child_that_ends_by_itself_is_started_again(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "a", "exit 0");
    start(fixture, 1, GRACE_LONG_MS);
    wait_until(has_respawned_twice, fixture);
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
    assert_int_equal(fixture->status, STATUS_OK);
}

static void a_program_that_cannot_be_executed_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "a", "");
    fixture->arguments[0][0] = "/nowhere/at/all";
    start(fixture, 1, GRACE_LONG_MS);
    wait_until(has_respawned, fixture);
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
}

static void a_child_that_refuses_its_configuration_ends_everything(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "good", SAY_PID_AND_STAY);
    add_child(fixture, 1, "bad", "exit 2");
    start(fixture, 2, GRACE_LONG_MS);
    thread_join(fixture->thread);
    assert_int_equal(fixture->status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture->error.text, "bad refuses its command line or configuration");
    assert_int_equal(supervisor_respawns(fixture->supervisor), 0);
}

static void a_signal_to_the_parent_reaches_the_children(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "a",
              "trap 'echo hup > $SAY' HUP; trap 'echo int > $SAY; exit 0' INT; echo ready > $SAY;"
              "while :; do sleep 0.02; done");
    start(fixture, 1, GRACE_LONG_MS);
    assert_heard(fixture, "ready");
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_heard(fixture, "hup");
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_heard(fixture, "int");
    thread_join(fixture->thread);
    assert_int_equal(fixture->status, STATUS_OK);
    assert_int_equal(supervisor_respawns(fixture->supervisor), 0);
}

static void who_outlives_the_grace_period_is_killed(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "stubborn", "trap '' TERM; echo ready > $SAY; exec sleep 1000");
    start(fixture, 1, 20);
    assert_heard(fixture, "ready");
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
    assert_int_equal(fixture->status, STATUS_INTERNAL);
    assert_string_equal(fixture->error.text, "children were killed: the grace period ran out");
}

static void a_second_signal_kills_at_once(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "stubborn", "trap 'echo term > $SAY' TERM; echo ready > $SAY; while :; do sleep 0.02; done");
    start(fixture, 1, GRACE_LONG_MS);
    assert_heard(fixture, "ready");
    supervisor_stop(fixture->supervisor);
    assert_heard(fixture, "term");
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread); /* the grace period alone would take ten minutes */
    assert_int_equal(fixture->status, STATUS_INTERNAL);
    assert_string_equal(fixture->error.text, "children were killed: a second signal came");
}

static void a_child_that_fails_while_stopping_is_told(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "sad", "trap 'exit 7' TERM; echo ready > $SAY; while :; do sleep 0.02; done");
    start(fixture, 1, GRACE_LONG_MS);
    assert_heard(fixture, "ready");
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
    assert_int_equal(fixture->status, STATUS_INTERNAL);
    assert_string_equal(fixture->error.text, "sad failed while stopping");
}

static void a_child_starts_with_a_clean_slate(void **state)
{
    struct fixture *fixture = *state;
    setenv("FERRY_TEST_REPLACED", "old", 1);
    setenv("FERRY_TEST_KEPT", "kept", 1);
    int leaked = fcntl(STDERR_FILENO, F_DUPFD, 77); /* not close-on-exec, as some library may have opened it */
    assert_int_equal(leaked, 77);
    add_child(fixture, 0, "a",
              "[ -e /proc/$$/fd/77 ] && fd=open || fd=closed;"
              "blocked=$(sed -n 's/^SigBlk:[^0-9a-f]*//p' /proc/$$/status);"
              "ignored=$(sed -n 's/^SigIgn:[^0-9a-f]*//p' /proc/$$/status);"
              "ignored=$((0x$ignored & 0x7fffffff));" /* the C library keeps two signals above for itself */
              "echo $FERRY_TEST_REPLACED $FERRY_TEST_KEPT $fd $blocked $ignored > $SAY; exec sleep 1000");
    (void)signal(SIGPIPE, SIG_IGN);
    start(fixture, 1, GRACE_LONG_MS);
    assert_heard(fixture, "new kept closed 0000000000000000 0");
    supervisor_stop(fixture->supervisor);
    thread_join(fixture->thread);
    close(leaked);
}

static void children_end_with_their_parent(void **state)
{
    struct fixture *fixture = *state;
    add_child(fixture, 0, "a", "trap 'echo term > $SAY; exit 0' TERM; echo ready > $SAY; while :; do sleep 0.02; done");
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        const struct supervisor_options options = {.children = fixture->children, .child_count = 1, .grace_ms = 1000};
        struct supervisor *supervisor = supervisor_new(&options);
        _exit(supervisor_run(supervisor, NULL) == STATUS_OK ? 0 : 1);
    }
    assert_heard(fixture, "ready");
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_heard(fixture, "term");
    assert_int_equal(waitpid(parent, NULL, 0), parent);
}

static void there_is_always_one_process_at_least(void **state)
{
    (void)state;
    int processes = supervisor_auto_processes();
    assert_true(processes >= 1);
    assert_true(processes <= sysconf(_SC_NPROCESSORS_ONLN));
}

int main(void)
{
    log_configure(&s_quiet);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_child_is_started_again_and_the_others_stay, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(a_respawn_is_one_log_line_that_says_how_the_child_ended, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(a_child_that_ends_by_itself_is_started_again, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(a_program_that_cannot_be_executed_is_tried_again, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(a_child_that_refuses_its_configuration_ends_everything, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(a_signal_to_the_parent_reaches_the_children, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(who_outlives_the_grace_period_is_killed, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(a_second_signal_kills_at_once, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(a_child_that_fails_while_stopping_is_told, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(a_child_starts_with_a_clean_slate, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(children_end_with_their_parent, make_fixture, drop_fixture),
        cmocka_unit_test(there_is_always_one_process_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
