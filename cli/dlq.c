/* See dlq.h. */
#include "dlq.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "dlq_replay.h"
#include "exit_code.h"
#include "settings/settings.h"

#define LIMIT_MAX 1000000000

static void print_help(FILE *out)
{
    (void)fputs("Usage: ferry dlq replay URL [--to URL] [--limit N] [--dry-run]\n\n"
                "Sends the messages of the dead-letter queue URL to the queues that they came from. Each keeps its\n"
                "identity: its workflow runs once more after the run that failed, with its attempts counted anew.\n\n"
                "      --to URL     send all of them to this queue\n"
                "      --limit N    at most N messages\n"
                "      --dry-run    say what would be sent, and send nothing; what was looked at is visible\n"
                "                   again after 30 s\n"
                "  -h, --help       print this and end\n\n"
                "Credentials, region and endpoint come from the environment, as for the services (docs/aws.md).\n",
                out); /* nothing to do about a closed terminal */
}

static int fail_usage(const char *what, const char *word)
{
    (void)fprintf(stderr, "ferry dlq: %s%s%s\nTry 'ferry dlq --help'.\n", what, word != NULL ? ": " : "",
                  word != NULL ? word : "");
    return EXIT_USAGE;
}

/* 0: no number from 1 to LIMIT_MAX. */
static int64_t parse_limit(const char *text)
{
    int64_t number = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || number > LIMIT_MAX) {
            return 0;
        }
        number = number * 10 + (*digit - '0');
    }
    return number <= LIMIT_MAX ? number : 0;
}

static int check_urls(const struct dlq_replay_options *options)
{
    struct error error = {0};
    if (settings_check_queue_url(options->from, &error) != STATUS_OK) {
        return fail_usage(error.text, NULL);
    }
    if (options->to != NULL && settings_check_queue_url(options->to, &error) != STATUS_OK) {
        return fail_usage("--to", error.text);
    }
    if (options->to != NULL && strcmp(options->to, options->from) == 0) {
        return fail_usage("--to: expected another queue than the one that is read", NULL);
    }
    return EXIT_DONE;
}

/* What the two numbers leave open. */
static void explain(const struct dlq_replay_options *options, const struct dlq_replay_result *result)
{
    if (options->is_dry_run && result->replayed + result->failed > 0) {
        (void)printf("nothing was sent; all of them are visible again in %d s\n", DLQ_REPLAY_DRY_RUN_SECONDS);
    } else if (result->failed > 0) {
        (void)printf("what was left is in the queue still, visible again in %d s\n", DLQ_REPLAY_VISIBILITY_SECONDS);
    } else if (result->replayed == 0) {
        (void)printf("no message was visible there; those that a call before has looked at are hidden for up to %d s\n",
                     DLQ_REPLAY_VISIBILITY_SECONDS);
    }
}

/* EXIT_DONE: go on. */
static int parse(int argc, char *const *argv, struct dlq_replay_options *options)
{
    for (int i = 2; i < argc; i++) {
        const char *word = argv[i];
        bool takes_value = strcmp(word, "--to") == 0 || strcmp(word, "--limit") == 0;
        if (takes_value && i + 1 >= argc) {
            return fail_usage("expected a value behind", word);
        }
        if (strcmp(word, "--dry-run") == 0) {
            options->is_dry_run = true;
        } else if (strcmp(word, "--to") == 0) {
            options->to = argv[++i];
        } else if (strcmp(word, "--limit") == 0) {
            options->limit = parse_limit(argv[++i]);
            if (options->limit == 0) {
                return fail_usage("--limit: expected a number of at least 1, found", argv[i]);
            }
        } else if (word[0] == '-') {
            return fail_usage("unknown option", word);
        } else if (options->from != NULL) {
            return fail_usage("unexpected argument", word);
        } else {
            options->from = word;
        }
    }
    return options->from != NULL ? check_urls(options) : fail_usage("expected the dead-letter queue's URL", NULL);
}

static int replay(const struct dlq_replay_options *options)
{
    struct error error = {0};
    struct sqs_session *session = NULL;
    struct dlq_replay_result result = {0};
    enum status status = sqs_session_new(&session, &error);
    if (status == STATUS_OK) {
        status = dlq_replay_run(session, options, &result, &error);
    }
    sqs_session_destroy(session);
    (void)printf("%s %" PRId64 ", left %" PRId64 "\n", options->is_dry_run ? "would replay" : "replayed",
                 result.replayed, result.failed);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "ferry dlq: %s\n", error.text);
    } else {
        explain(options, &result);
    }
    return status == STATUS_OK && result.failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

int dlq_main(int argc, char *const *argv)
{
    struct dlq_replay_options options = {.out = stdout};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(stdout);
            return EXIT_DONE;
        }
    }
    if (argc < 2 || strcmp(argv[1], "replay") != 0) {
        return fail_usage("expected a command: replay", NULL);
    }
    int code = parse(argc, argv, &options);
    if (code != EXIT_DONE) {
        return code;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
    const struct log_options log = {.service = "ferry", .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_TEXT,
                                    .file_descriptor = STDERR_FILENO};
    log_configure(&log);
    return replay(&options);
}
