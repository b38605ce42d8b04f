/* See manual.h. A closed output is nothing to act on: results of fprintf are not looked at here. */
#include "manual.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "embedded.h"
#include "roff.h"
#include "roff_markdown.h"

/* Names of settings and variables are not parted, nor are gaps made between them: no hyphens, lines to the left. */
#define LAYOUT ".nh\n.ad l\n"

/* ---- texts ---- */

/* Capital words in italics: "TYPE [INPUT]". */
static void print_arguments(FILE *out, const char *arguments)
{
    bool is_italic = false;
    for (const char *byte = arguments; *byte != '\0'; byte++) {
        bool is_word = isupper((unsigned char)*byte) || (is_italic && *byte == '.');
        if (is_word != is_italic) {
            (void)fputs(is_word ? "\\fI" : "\\fR", out);
            is_italic = is_word;
        }
        roff_bytes(out, byte, 1);
    }
    (void)fputs(is_italic ? "\\fR\n" : "\n", out);
}

/* Paragraphs parted by empty lines; lines that begin with blanks stand as they are. */
static void print_paragraphs(FILE *out, const char *text)
{
    bool is_as_it_is = false;
    bool is_first = true;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        bool is_indented = text[0] == ' ';
        if (is_indented != is_as_it_is) {
            (void)fputs(!is_indented ? ".fi\n" : is_first ? ".nf\n" : ".PP\n.nf\n", out);
            is_as_it_is = is_indented;
        }
        is_first = false;
        if (length == 0) {
            (void)fputs(text[1] == ' ' ? "" : ".PP\n", out);
        } else {
            roff_bytes(out, text, length);
            (void)fputc('\n', out);
        }
        text += length + (text[length] == '\n');
    }
    (void)fputs(is_as_it_is ? ".fi\n" : "", out);
}

/* ---- parts of every page ---- */

static time_t date_of_pages(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    errno = 0;
    long long seconds = epoch != NULL && *epoch != '\0' ? strtoll(epoch, &end, 10) : 0;
    return end != NULL && *end == '\0' && errno == 0 ? (time_t)seconds : time(NULL);
}

static void print_head(FILE *out, const char *name, const char *section, const char *summary)
{
    char date[16] = "";
    time_t seconds = date_of_pages();
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts); /* a year beyond all bounds: no date */
    (void)strftime(date, sizeof date, "%Y-%m-%d", &parts);
    (void)fputs(".TH \"", out);
    for (const char *byte = name; *byte != '\0'; byte++) {
        (void)fputc(toupper((unsigned char)*byte), out);
    }
    (void)fprintf(out, "\" \"%s\" \"%s\" \"Ferry %s\" \"Ferry\"\n" LAYOUT ".SH NAME\n", section, date, FERRY_VERSION);
    roff_text(out, name);
    (void)fputs(" \\- ", out);
    roff_text(out, summary);
    (void)fputc('\n', out);
}

static void print_option(FILE *out, const struct command_option *option)
{
    (void)fputs(".TP\n", out);
    if (option->letter != '\0') {
        (void)fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    }
    (void)fputs("\\fB\\-\\-", out);
    roff_text(out, option->name);
    (void)fputs("\\fR", out);
    if (option->value != NULL) {
        (void)fputs(" \\fI", out);
        roff_text(out, option->value);
        (void)fputs("\\fR", out);
    }
    (void)fputc('\n', out);
    roff_text(out, option->text);
    (void)fputc('\n', out);
}

static void print_options(FILE *out, const struct command_option *options)
{
    static const struct command_option help = {'h', "help", NULL, "print this and end", NULL};
    (void)fputs(".SH OPTIONS\n", out);
    for (; options != NULL && options->name != NULL; options++) {
        print_option(out, options);
    }
    print_option(out, &help);
}

static void print_exit_status(FILE *out)
{
    (void)fputs(".SH \"EXIT STATUS\"\n.TP\n0\ndone\n.TP\n1\nfailed\n.TP\n2\nbad usage or configuration\n", out);
}

/* ---- commands ---- */

void manual_command_name(const struct command *command, char out[MANUAL_NAME_MAX])
{
    CHECK(snprintf(out, MANUAL_NAME_MAX, "ferry-%s", command->words) < MANUAL_NAME_MAX);
    for (char *blank = strchr(out, ' '); blank != NULL; blank = strchr(blank, ' ')) {
        *blank = '-';
    }
}

void manual_command(const struct command *command, FILE *out)
{
    char name[MANUAL_NAME_MAX];
    manual_command_name(command, name);
    print_head(out, name, "1", command->summary);
    (void)fputs(".SH SYNOPSIS\n.B ferry ", out);
    roff_text(out, command->words);
    (void)fputs(command->options != NULL ? "\n[\\fIoptions\\fR]\n" : "\n", out);
    if (*command->arguments != '\0') {
        print_arguments(out, command->arguments);
    }
    if (command->description != NULL) {
        (void)fputs(".SH DESCRIPTION\n", out);
        print_paragraphs(out, command->description);
    }
    print_options(out, command->options);
    print_exit_status(out);
    (void)fputs(".SH \"SEE ALSO\"\n.BR ferry (1)\n", out);
}

void manual_tool(FILE *out)
{
    print_head(out, "ferry", "1", "the tool for Ferry, which makes Temporal workflows of SQS messages");
    (void)fputs(".SH SYNOPSIS\n.B ferry\n\\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n"
                ".SH COMMANDS\nEach has a page of its own:\n.BR ferry\\-dlq\\-replay (1)\nand so on.\n",
                out);
    for (const struct command *const *command = g_commands; *command != NULL; command++) {
        (void)fputs(".TP\n\\fB", out);
        roff_text(out, (*command)->words);
        (void)fputs("\\fR ", out);
        print_arguments(out, (*command)->arguments);
        roff_text(out, (*command)->summary);
        (void)fputc('\n', out);
    }
    (void)fputs(".SH OPTIONS\n.TP\n\\fB\\-\\-version\\fR\nprint the version and end\n"
                ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint all commands, or with a command what it takes, and end\n"
                ".SH ENVIRONMENT\n"
                ".TP\n.B FERRY_CONFIG\nthe configuration, where there is no \\fB\\-\\-config\\fR\n"
                ".TP\n.B FERRY_GATEWAY_URL\nthe gateway, where there is no \\fB\\-\\-gateway\\fR\n"
                ".TP\n.BR FERRY_API_TOKEN \", \" FERRY_API_TOKEN_FILE\n"
                "the token for gateway and pollers, or the file that holds it\n"
                ".TP\n.B TEMPORAL_UI_URL\nTemporal\\(aqs UI, for links\n"
                ".PP\nThe names of the AWS tools (AWS_REGION, AWS_PROFILE and others) hold for queues.\n"
                ".SH FILES\n.TP\n.I ferry.yaml\nthe configuration, where nothing else names one\n",
                out);
    print_exit_status(out);
    (void)fputs(".SH \"SEE ALSO\"\n.BR ferry.yaml (5),\n.BR ferry\\-poller (8),\n.BR ferry\\-gateway (8),\n"
                ".BR ferry\\-worker (8)\n",
                out);
}

/* ---- services ---- */

static const struct {
    const char *name;
    const char *summary;
    const char *description;
} s_services[MANUAL_SERVICES] = {
    {"ferry-poller", "receives messages from Amazon SQS and hands them to ferry-gateway",
     "Keeps the lease on every message in hand, and settles it when its workflow has ended.\n\n"
     "On poller.admin_listen (127.0.0.1:8081) it serves health, metrics, and what operators ask\n"
     "for: see ferry queue and ferry lanes."},
    {"ferry-gateway", "makes workflow starts of messages and HTTP requests",
     "An HTTP API for Temporal: for ferry-poller, for webhooks and CloudEvents, and for people.\n\n"
     "It listens on gateway.listen (127.0.0.1:8080); bound to anything but loopback it wants a\n"
     "token (FERRY_API_TOKEN), or to be told auth: none."},
    {"ferry-worker", "runs workflows and activities written in C",
     "The built-in helloWorld, and what settles messages for workflows of others.\n\n"
     "On worker.admin_listen (127.0.0.1:8082) it serves health and metrics."},
};

const char *manual_service_name(size_t index)
{
    CHECK(index < MANUAL_SERVICES);
    return s_services[index].name;
}

void manual_service(size_t index, FILE *out)
{
    static const struct command_option options[] = {
        COMMAND_OPTION_CONFIG,
        {'\0', "check", NULL, "check the configuration and end", NULL},
        {'\0', "processes", "N", "run N processes under a supervising parent; auto: CPUs - 1", NULL},
        {'\0', "version", NULL, "print the version and end", NULL},
        COMMAND_OPTIONS_END,
    };
    CHECK(index < MANUAL_SERVICES);
    print_head(out, s_services[index].name, "8", s_services[index].summary);
    (void)fputs(".SH SYNOPSIS\n.B ", out);
    roff_text(out, s_services[index].name);
    (void)fputs("\n[\\fIoptions\\fR]\n.br\n.B ", out);
    roff_text(out, s_services[index].name);
    (void)fputs(" healthcheck\n[\\fB\\-\\-live\\fR] [\\fIoptions\\fR]\n.SH DESCRIPTION\n", out);
    print_paragraphs(out, s_services[index].description);
    (void)fputs(".PP\nOne file, ferry.yaml, holds the settings of all three services; each of them runs without\n"
                "one, from the environment and the defaults.\n"
                ".PP\nhealthcheck asks the one that runs here whether it is ready, with \\fB\\-\\-live\\fR\n"
                "whether it is there.\n",
                out);
    print_options(out, options);
    (void)fputs(".SH SIGNALS\n.TP\n.BR SIGTERM \", \" SIGINT\n"
                "ends it: what was begun is finished or handed back first\n",
                out);
    print_exit_status(out);
    (void)fputs(".SH \"SEE ALSO\"\n.BR ferry (1),\n.BR ferry.yaml (5)\n", out);
}

/* ---- the configuration ---- */

void manual_configuration(FILE *out)
{
    CHECK(embedded_file_count == 1);
    print_head(out, MANUAL_CONFIGURATION_NAME, "5", "the configuration of Ferry's programs");
    roff_markdown(out, embedded_files[0].bytes);
    (void)fputs(".SH \"SEE ALSO\"\n.BR ferry (1),\n.BR ferry\\-check (1),\n.BR ferry\\-poller (8),\n"
                ".BR ferry\\-gateway (8),\n.BR ferry\\-worker (8)\n",
                out);
}
