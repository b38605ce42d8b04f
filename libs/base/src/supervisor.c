/* Keeps child processes alive: waits for signals, ended children and times to start them again, on one thread. */
#include "base/supervisor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "supervisor_child.h"

#define RESPAWN_FIRST_MS 100
#define RESPAWN_MAX_MS 10000
#define LIVED_LONG_MS 60000 /* a child that lived so long starts anew at RESPAWN_FIRST_MS */
#define EXIT_BAD_USAGE 2
#define KILL_WAIT_MS 1000 /* how often a kill is repeated for a child that does not end */

struct child {
    const struct supervisor_child *definition;
    char **environment;
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t start_at_ms; /* while not running: when to start it; INT64_MAX: never again */
    struct backoff backoff;
};

/* Everything but the atomics and the descriptors belongs to the thread in supervisor_run. */
struct supervisor {
    struct child *children;
    size_t child_count;
    int64_t grace_ms;
    int signal_descriptor;
    int stop_descriptor; /* an eventfd that supervisor_stop writes */

    bool is_stopping;
    bool is_killing; /* the grace period ran out, or a second signal came */
    int64_t kill_at_ms;
    enum status result;
    struct error result_error;

    atomic_size_t running;
    _Atomic uint64_t respawns;
};

struct supervisor *supervisor_new(const struct supervisor_options *options)
{
    CHECK(options->child_count > 0 && options->grace_ms >= 0);
    struct supervisor *supervisor = memory_alloc(sizeof *supervisor);
    supervisor->child_count = options->child_count;
    supervisor->grace_ms = options->grace_ms;
    supervisor->children = memory_alloc_array(options->child_count, sizeof *supervisor->children);
    for (size_t i = 0; i < options->child_count; i++) {
        struct child *child = &supervisor->children[i];
        child->definition = &options->children[i];
        child->environment = environment_new(child->definition->environment);
        backoff_init(&child->backoff, RESPAWN_FIRST_MS, RESPAWN_MAX_MS, 2.0, 0.1);
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    supervisor->signal_descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    supervisor->stop_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(supervisor->signal_descriptor >= 0 && supervisor->stop_descriptor >= 0); /* at start-up, before anything */
    return supervisor;
}

void supervisor_destroy(struct supervisor *supervisor)
{
    if (supervisor == NULL) {
        return;
    }
    CHECK(atomic_load(&supervisor->running) == 0);
    for (size_t i = 0; i < supervisor->child_count; i++) {
        environment_free(supervisor->children[i].environment);
    }
    close(supervisor->signal_descriptor);
    close(supervisor->stop_descriptor);
    free(supervisor->children);
    free(supervisor);
}

void supervisor_stop(struct supervisor *supervisor)
{
    uint64_t one = 1;
    (void)!write(supervisor->stop_descriptor, &one, sizeof one); /* full means: it has been told often enough */
}

size_t supervisor_running(const struct supervisor *supervisor)
{
    return atomic_load(&supervisor->running);
}

uint64_t supervisor_respawns(const struct supervisor *supervisor)
{
    return atomic_load(&supervisor->respawns);
}

static void start_child(struct supervisor *supervisor, struct child *child, bool is_respawn)
{
    pid_t pid = child_start(child->definition->arguments, child->environment);
    if (pid < 0) {
        int64_t delay_ms = backoff_next_ms(&child->backoff);
        child->start_at_ms = clock_monotonic_ms() + delay_ms;
        log_event(LOG_LEVEL_WARN, "child could not be started, trying again",
                  LOG_STRING("child", child->definition->name), LOG_STRING("error", strerrordesc_np(errno)),
                  LOG_INTEGER("backoff_ms", delay_ms));
        return;
    }
    child->pid = pid;
    child->started_ms = clock_monotonic_ms();
    child->start_at_ms = INT64_MAX;
    atomic_fetch_add(&supervisor->running, 1);
    if (is_respawn) {
        atomic_fetch_add(&supervisor->respawns, 1);
    }
    log_event(LOG_LEVEL_INFO, "child started", LOG_STRING("child", child->definition->name),
              LOG_INTEGER("pid", pid));
}

static void start_due_children(struct supervisor *supervisor)
{
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < supervisor->child_count; i++) {
        struct child *child = &supervisor->children[i];
        if (child->pid == 0 && child->start_at_ms <= now_ms) {
            start_child(supervisor, child, true);
        }
    }
}

static void signal_children(const struct supervisor *supervisor, int number)
{
    for (size_t i = 0; i < supervisor->child_count; i++) {
        if (supervisor->children[i].pid != 0) {
            (void)kill(supervisor->children[i].pid, number); /* not reaped yet, so the id is still the child's */
        }
    }
}

static void set_result(struct supervisor *supervisor, enum status status, const char *text, const char *subject)
{
    if (supervisor->result == STATUS_OK) { /* the first failure tells why */
        supervisor->result = error_set(&supervisor->result_error, status, "%s%s", subject, text);
    }
}

static void begin_stop(struct supervisor *supervisor, int number)
{
    supervisor->is_stopping = true;
    supervisor->kill_at_ms = clock_monotonic_ms() + supervisor->grace_ms;
    for (size_t i = 0; i < supervisor->child_count; i++) {
        supervisor->children[i].start_at_ms = INT64_MAX;
    }
    signal_children(supervisor, number);
}

static void begin_kill(struct supervisor *supervisor, const char *reason)
{
    supervisor->is_killing = true;
    supervisor->kill_at_ms = clock_monotonic_ms() + KILL_WAIT_MS;
    if (atomic_load(&supervisor->running) > 0) {
        log_event(LOG_LEVEL_WARN, "killing the children that are left", LOG_STRING("reason", reason),
                  LOG_INTEGER("children", atomic_load(&supervisor->running)));
        set_result(supervisor, STATUS_INTERNAL, reason, "children were killed: ");
        signal_children(supervisor, SIGKILL);
    }
}

static void on_stop_signal(struct supervisor *supervisor, int number)
{
    if (!supervisor->is_stopping) {
        log_event(LOG_LEVEL_INFO, "stopping", LOG_STRING("signal", sigabbrev_np(number)));
        begin_stop(supervisor, number);
    } else {
        begin_kill(supervisor, "a second signal came");
    }
}

static void log_end(enum log_level level, const char *message, const struct child *child, pid_t pid, int wait_status,
                    int64_t lived_ms, int64_t delay_ms)
{
    struct log_field how = LOG_INTEGER("exit_code", WEXITSTATUS(wait_status));
    if (WIFSIGNALED(wait_status)) {
        how = (struct log_field)LOG_INTEGER("signal", WTERMSIG(wait_status));
    }
    const struct log_field fields[] = {LOG_STRING("child", child->definition->name), LOG_INTEGER("pid", pid), how,
                                       LOG_INTEGER("lived_ms", lived_ms), LOG_INTEGER("backoff_ms", delay_ms)};
    size_t count = sizeof fields / sizeof fields[0];
    log_write(level, message, fields, delay_ms < 0 ? count - 1 : count);
}

static void on_end(struct supervisor *supervisor, struct child *child, int wait_status)
{
    pid_t pid = child->pid;
    int64_t lived_ms = clock_monotonic_ms() - child->started_ms;
    child->pid = 0;
    atomic_fetch_sub(&supervisor->running, 1);
    if (supervisor->is_stopping) {
        bool is_ours =
            WIFSIGNALED(wait_status) && (WTERMSIG(wait_status) == SIGTERM || WTERMSIG(wait_status) == SIGINT);
        bool is_good = (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) || is_ours;
        log_end(is_good ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "child ended", child, pid, wait_status, lived_ms, -1);
        if (!is_good) {
            set_result(supervisor, STATUS_INTERNAL, " failed while stopping", child->definition->name);
        }
        return;
    }
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_BAD_USAGE) {
        log_end(LOG_LEVEL_ERROR, "child refuses its configuration, stopping", child, pid, wait_status, lived_ms, -1);
        set_result(supervisor, STATUS_INVALID_ARGUMENT, " refuses its command line or configuration",
                   child->definition->name);
        begin_stop(supervisor, SIGTERM);
        return;
    }
    if (lived_ms >= LIVED_LONG_MS) {
        backoff_reset(&child->backoff);
    }
    int64_t delay_ms = backoff_next_ms(&child->backoff);
    child->start_at_ms = clock_monotonic_ms() + delay_ms;
    log_end(LOG_LEVEL_WARN, "child ended and is respawned", child, pid, wait_status, lived_ms, delay_ms);
}

static void reap(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++) {
        struct child *child = &supervisor->children[i];
        int wait_status = 0;
        if (child->pid != 0 && waitpid(child->pid, &wait_status, WNOHANG) == child->pid) {
            on_end(supervisor, child, wait_status);
        }
    }
}

/* How long to wait for signals: until the next child is to be started or the grace period is over. */
static int wait_ms(const struct supervisor *supervisor)
{
    int64_t until_ms = supervisor->is_stopping ? supervisor->kill_at_ms : INT64_MAX;
    for (size_t i = 0; i < supervisor->child_count; i++) {
        const struct child *child = &supervisor->children[i];
        if (child->pid == 0 && child->start_at_ms < until_ms) {
            until_ms = child->start_at_ms;
        }
    }
    if (until_ms == INT64_MAX) {
        return -1;
    }
    int64_t left_ms = until_ms - clock_monotonic_ms();
    return left_ms <= 0 ? 0 : left_ms < 60000 ? (int)left_ms : 60000;
}

static void read_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signal_descriptor, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        if (number == SIGTERM || number == SIGINT) {
            on_stop_signal(supervisor, number);
        } else if (number == SIGHUP) {
            signal_children(supervisor, SIGHUP);
        }
    }
    uint64_t stops = 0;
    if (read(supervisor->stop_descriptor, &stops, sizeof stops) == (ssize_t)sizeof stops) {
        on_stop_signal(supervisor, SIGTERM);
    }
}

enum status supervisor_run(struct supervisor *supervisor, struct error *error)
{
    for (size_t i = 0; i < supervisor->child_count; i++) {
        start_child(supervisor, &supervisor->children[i], false);
    }
    while (!supervisor->is_stopping || atomic_load(&supervisor->running) > 0) {
        struct pollfd ready[] = {{.fd = supervisor->signal_descriptor, .events = POLLIN},
                                 {.fd = supervisor->stop_descriptor, .events = POLLIN}};
        int result = poll(ready, 2, wait_ms(supervisor));
        CHECK(result >= 0 || errno == EINTR);
        read_signals(supervisor);
        reap(supervisor);
        if (!supervisor->is_stopping) {
            start_due_children(supervisor);
        } else if (clock_monotonic_ms() >= supervisor->kill_at_ms) {
            begin_kill(supervisor, "the grace period ran out");
        }
    }
    if (supervisor->result != STATUS_OK && error != NULL) {
        *error = supervisor->result_error;
    }
    return supervisor->result;
}

/* What a container's quota leaves, in CPUs rounded up; INT_MAX: no quota. */
static int quota_cpus(void)
{
    int cpus = INT_MAX;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re"); /* "200000 100000"; "max 100000" where there is no quota */
    if (file == NULL) {
        return cpus;
    }
    char line[64];
    if (fgets(line, sizeof line, file) != NULL) {
        char *rest = NULL;
        long quota = strtol(line, &rest, 10); /* 0 for "max" */
        long period = strtol(rest, NULL, 10);
        if (quota > 0 && period > 0) {
            long needed = (quota - 1) / period + 1;
            cpus = needed < INT_MAX ? (int)needed : INT_MAX;
        }
    }
    (void)fclose(file); /* only read from */
    return cpus;
}

int supervisor_auto_processes(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int cpus = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        cpus = CPU_COUNT(&set);
    } else { /* more CPUs than the set has bits */
        cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    }
    int quota = quota_cpus();
    cpus = quota < cpus ? quota : cpus;
    return cpus > 2 ? cpus - 1 : 1;
}
