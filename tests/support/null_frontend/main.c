/* null-frontend: prints "listening on PORT", serves until SIGTERM or SIGINT, and prints what it has counted, one JSON
 * line, then and on each SIGUSR1. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "frontend.h"

#define MOST_RUNS 200000

static const char s_usage[] =
    "usage: null-frontend [--port N] [--close-delay-ms N] [--history-poll-ms N] [--task-poll-ms N] [--most-runs N]\n";

static bool read_number(const char *text, int64_t maximum, int64_t *out_number)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || number < 0 || number > maximum) {
        return false;
    }
    *out_number = number;
    return true;
}

static bool read_options(int argc, char **argv, struct frontend_options *out_options)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},           {"close-delay-ms", required_argument, NULL, 'c'},
        {"history-poll-ms", required_argument, NULL, 'h'}, {"task-poll-ms", required_argument, NULL, 't'},
        {"most-runs", required_argument, NULL, 'm'},       {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int64_t number = 0;
        if (option == '?' || !read_number(optarg, option == 'p' ? UINT16_MAX : INT32_MAX, &number)) {
            return false;
        }
        switch (option) {
        case 'p':
            out_options->port = (int)number;
            break;
        case 'c':
            out_options->answers.close_delay_ms = number;
            break;
        case 'h':
            out_options->history_poll_ms = number;
            break;
        case 't':
            out_options->task_poll_ms = number;
            break;
        default:
            out_options->answers.most_runs = (size_t)number;
            break;
        }
    }
    return optind == argc;
}

static void print_counts(struct frontend *frontend)
{
    struct frontend_counts counts;
    frontend_count(frontend, &counts);
    (void)printf("{\"calls\":{");
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        (void)printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "", method_names[i], counts.calls[i]);
    }
    (void)printf("},\"unknown\":%" PRIu64 ",\"open\":%" PRIu64 ",\"runs\":%" PRIu64 "}\n", counts.unknown, counts.open,
                 counts.runs);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct frontend_options options = {
        .answers = {.most_runs = MOST_RUNS, .wall_offset_ms = clock_wall_ms() - clock_monotonic_ms()},
        .history_poll_ms = 20000,
        .task_poll_ms = 60000,
    };
    if (!read_options(argc, argv, &options)) {
        (void)fputs(s_usage, stderr);
        return 2;
    }
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &awaited, NULL); /* gRPC's threads inherit it */
    struct frontend *frontend = NULL;
    struct error error = {0};
    if (frontend_start(&options, &frontend, &error) != STATUS_OK) {
        (void)fprintf(stderr, "null-frontend: %s\n", error.text);
        return 1;
    }
    (void)printf("listening on %d\n", frontend_port(frontend));
    (void)fflush(stdout);
    int number = 0;
    do {
        number = sigwaitinfo(&awaited, NULL);
        if (number > 0) {
            print_counts(frontend);
        }
    } while (number != SIGTERM && number != SIGINT);
    frontend_stop(frontend);
    return 0;
}
