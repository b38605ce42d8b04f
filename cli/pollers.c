/* See pollers.h. */
#include "pollers.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "exit_code.h"

char *pollers_address_of_listen(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    if (strncmp(listen, "unix:", 5) == 0) {
        return memory_copy_string(listen);
    }
    if (strncmp(listen, "0.0.0.0:", 8) == 0) {
        return memory_format("http://127.0.0.1%s", colon);
    }
    if (strncmp(listen, "[::]:", 5) == 0) {
        return memory_format("http://[::1]%s", colon);
    }
    return memory_format("http://%s", listen);
}

static enum status read_addresses(struct pollers *pollers, struct error *error)
{
    size_t place = 0;
    for (const char *given = NULL; (given = command_line_next(pollers->line, "poller", &place)) != NULL;) {
        enum status status = http_session_check_address("--poller", given, error);
        if (status != STATUS_OK) {
            return status;
        }
        if (pollers->count == POLLERS_MAX) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "--poller: at most %d of them", POLLERS_MAX);
        }
        pollers->addresses[pollers->count++] = given;
    }
    return STATUS_OK;
}

enum status pollers_open(const struct command_line *line, struct http_session *http, struct pollers *out_pollers,
                         struct error *error)
{
    struct pollers pollers = {.line = line, .http = http};
    enum status status = read_addresses(&pollers, error);
    if (status == STATUS_OK && http == NULL) {
        status = http_session_new(command_line_value(line, "config"), &pollers.own, error);
        pollers.http = pollers.own;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const char *listen = http_session_settings(pollers.http)->poller.admin_listen;
    if (pollers.count == 0 && listen == NULL && pollers.own != NULL) {
        pollers_close(&pollers);
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "poller.admin_listen is none: name a poller's admin address with --poller URL");
    }
    if (pollers.count == 0 && listen != NULL) {
        pollers.default_address = pollers_address_of_listen(listen);
        pollers.addresses[pollers.count++] = pollers.default_address;
    }
    pollers.failed = json_array();
    *out_pollers = pollers;
    return STATUS_OK;
}

void pollers_close(struct pollers *pollers)
{
    http_session_destroy(pollers->own);
    free(pollers->default_address);
    json_decref(pollers->failed);
    *pollers = (struct pollers){0};
}

enum status pollers_call(struct pollers *pollers, size_t index, const char *method, const char *path,
                         struct http_answer *out_answer, struct error *error)
{
    const struct http_session_request request = {
        .peer = HTTP_SESSION_POLLER,
        .address = pollers->addresses[index],
        .method = method,
        .path = path,
    };
    return http_session_call(pollers->http, &request, out_answer, error);
}

void pollers_note_failure(struct pollers *pollers, size_t index, const struct error *error)
{
    json_t *failure = json_object();
    bool is_named = pollers->count == 1 || strstr(error->text, pollers->addresses[index]) != NULL;
    char *named = memory_format("%s%s%s", is_named ? "" : pollers->addresses[index], is_named ? "" : ": ", error->text);
    json_t *text = json_string(named);
    free(named);
    pollers_sign(pollers, index, failure);
    CHECK(json_object_set_new(failure, "error", text != NULL ? text : json_string("(not UTF-8)")) == 0);
    CHECK(json_array_append_new(pollers->failed, failure) == 0);
}

void pollers_note_silent(struct pollers *pollers, size_t index, const json_t *answer)
{
    struct error error = {0};
    int64_t silent = json_integer_value(json_object_get(answer, "silent"));
    if (silent > 0) {
        (void)error_set(&error, STATUS_UNAVAILABLE, "%s: %" PRId64 " of its processes gave no answer",
                        pollers->addresses[index], silent);
        pollers_note_failure(pollers, index, &error);
    }
}

void pollers_sign(const struct pollers *pollers, size_t index, json_t *row)
{
    json_t *address = json_string(pollers->addresses[index]);
    CHECK(json_object_set_new(row, "poller", address != NULL ? address : json_null()) == 0);
}

void pollers_print_failures(const struct pollers *pollers, FILE *out)
{
    const json_t *failure = NULL;
    size_t index = 0;
    json_array_foreach(pollers->failed, index, failure)
    {
        (void)fprintf(out, "ferry %s: %s\n", pollers->line->command->words,
                      json_string_value(json_object_get(failure, "error")));
    }
}

int pollers_finish(const struct pollers *pollers)
{
    pollers_print_failures(pollers, stderr);
    return json_array_size(pollers->failed) == 0 ? EXIT_DONE : EXIT_FAILED;
}
