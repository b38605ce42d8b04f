/* See problem_text.h. */
#include "problem_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

#define TYPE_PREFIX "/problems/"
#define SHOWN_MAX 300 /* bytes of a detail, which may hold a whole stack trace */

static enum status status_of(int http_status)
{
    switch (http_status) {
    case 401:
        return STATUS_UNAUTHENTICATED;
    case 403:
        return STATUS_PERMISSION_DENIED;
    case 404:
        return STATUS_NOT_FOUND;
    case 429:
        return STATUS_RESOURCE_EXHAUSTED;
    case 501:
        return STATUS_UNIMPLEMENTED;
    case 503:
        return STATUS_UNAVAILABLE;
    case 504:
        return STATUS_DEADLINE_EXCEEDED;
    default:
        return http_status < 500 ? STATUS_FAILED_PRECONDITION : STATUS_INTERNAL;
    }
}

/* "workflow-not-found"; NULL: it has no name of ours. */
static const char *name_of(const json_t *problem)
{
    const char *type = json_string_value(json_object_get(problem, "type"));
    return type != NULL && strncmp(type, TYPE_PREFIX, strlen(TYPE_PREFIX)) == 0 ? type + strlen(TYPE_PREFIX) : NULL;
}

/* What the configuration of this command can do about it; "": nothing. */
static const char *hint_for(const struct problem_source *source, int http_status, const char *name)
{
    if (http_status == 401) {
        return source->had_token ? "\nIt does not know the token of FERRY_API_TOKEN, FERRY_API_TOKEN_FILE or "
                                   "gateway.token_file."
                                 : "\nSet FERRY_API_TOKEN or FERRY_API_TOKEN_FILE, or gateway.token_file in the "
                                   "configuration.";
    }
    if (name != NULL && strcmp(name, "client-certificate") == 0) {
        return "\nSet gateway.client_tls_certificate and gateway.client_tls_key in the configuration.";
    }
    return "";
}

/* Each of our services says so of a path that it does not have: another one than was meant was asked. */
static bool is_another_service(int http_status, const char *name, const char *title)
{
    return http_status == 404 && name != NULL && strcmp(name, "unknown-route") == 0 &&
           strcmp(title, "There is no such resource.") == 0;
}

/* Control characters, which the terminal would obey, become blanks. */
static char *harmless(const char *text)
{
    char *copy = memory_copy_string(text);
    for (char *byte = copy; *byte != '\0'; byte++) {
        if ((unsigned char)*byte < ' ' || *byte == 0x7f) {
            *byte = ' ';
        }
    }
    return copy;
}

enum status problem_text_set(const struct problem_source *source, int http_status, const char *body, size_t length,
                             struct error *error)
{
    const char *who = source->is_gateway ? "gateway" : "poller";
    enum status status = status_of(http_status);
    json_t *problem = json_loadb(body != NULL ? body : "", length, 0, NULL);
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    const char *name = name_of(problem);
    if (title == NULL) {
        (void)error_set(error, status, "HTTP %d without a problem's title: is %s the %s's address?", http_status,
                        source->address, who);
    } else {
        size_t title_length = strlen(title);
        char *text = harmless(detail != NULL ? detail : "");
        char *shown_title = harmless(title);
        char *shown_name = harmless(name != NULL ? name : "");
        bool is_cut = strlen(text) > SHOWN_MAX;
        if (is_cut) {
            text[utf8_cut(text, SHOWN_MAX)] = '\0';
        }
        while (title_length > 0 && title[title_length - 1] == '.') {
            title_length--;
        }
        (void)error_set(error, status, "%.*s%s%s%s%s%s%s", (int)title_length, shown_title,
                        *text == '\0' ? "" : ": ", text, is_cut ? "..." : "",
                        hint_for(source, http_status, name),
                        !source->is_gateway   ? "\nSee docs/operating.md."
                        : *shown_name != '\0' ? "\nSee docs/errors.md#"
                                              : "",
                        source->is_gateway ? shown_name : "");
        if (is_another_service(http_status, name, title)) {
            (void)error_set(error, status, "%.*s: is %s the %s's address?", (int)title_length, shown_title,
                            source->address, who);
        }
        free(text);
        free(shown_title);
        free(shown_name);
    }
    json_decref(problem);
    return status;
}

enum status problem_text_no_answer(const struct problem_source *source, const struct error *why, struct error *error)
{
    const char *who = source->is_gateway ? "gateway" : "poller";
    const char *name_another = source->is_gateway
                                   ? "--gateway, $FERRY_GATEWAY_URL or gateway.url names another address"
                                   : "--poller or poller.admin_listen names another address";
    switch (why->status) {
    case STATUS_UNAVAILABLE:
        return error_set(error, STATUS_UNAVAILABLE, "no %s answers at %s: %s\nIs it running there? %s.", who,
                         source->address, why->text, name_another);
    case STATUS_DEADLINE_EXCEEDED:
        return error_set(error, STATUS_DEADLINE_EXCEEDED, "the %s at %s has not answered in time: %s", who,
                         source->address, why->text);
    default:
        return error_set(error, STATUS_INTERNAL, "the %s at %s: %s", who, source->address, why->text);
    }
}

bool problem_text_is(const char *body, size_t length, const char *name)
{
    json_t *problem = json_loadb(body != NULL ? body : "", length, 0, NULL);
    const char *found = name_of(problem);
    bool is_it = found != NULL && strcmp(found, name) == 0;
    json_decref(problem);
    return is_it;
}
