/* See queue_names.h. */
#include "queue_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

bool queue_names_is_url(const char *word)
{
    return strstr(word, "://") != NULL;
}

static const char *last_part(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash == NULL ? url : slash + 1;
}

/* Adds who names it to the URL's row, which it makes if need be. url NULL: nothing. */
static void add_dead(json_t *rows, const char *url, const char *kind, const char *name)
{
    json_t *row = NULL;
    if (url == NULL) {
        return;
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *other = json_array_get(rows, i);
        row = strcmp(json_string_value(json_object_get(other, "url")), url) == 0 ? other : row;
    }
    const char *before = json_string_value(json_object_get(row, "of"));
    char *of = memory_format("%s%s%s %s", before != NULL ? before : "", before != NULL ? ", " : "", kind, name);
    if (row == NULL) {
        row = json_pack("{s:s, s:s}", "url", url, "name", last_part(url));
        CHECK(json_array_append_new(rows, row) == 0);
    }
    CHECK(json_object_set_new(row, "of", json_string(of)) == 0);
    free(of);
}

json_t *queue_names_dead(const struct settings *settings)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < settings->route_count; i++) {
        add_dead(rows, settings->routes[i].dead_letter_queue, "route", settings->routes[i].name);
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        add_dead(rows, settings->queues[i].dead_letter_queue, "queue", settings->queues[i].name);
    }
    return rows;
}

static const struct settings_queue *find_queue(const struct settings *settings, const char *word)
{
    for (size_t i = 0; i < settings->queue_count; i++) {
        if (strcmp(settings->queues[i].name, word) == 0 || strcmp(last_part(settings->queues[i].url), word) == 0) {
            return &settings->queues[i];
        }
    }
    return NULL;
}

/* Appends " name", free()s the text before. */
static char *append_name(char *names, const char *name)
{
    char *longer = memory_format("%s%s%s", names != NULL ? names : "", names != NULL ? ", " : "", name);
    free(names);
    return longer;
}

static enum status fail_unknown(const char *word, const char *what, const char *names, struct error *error)
{
    return error_set(error, STATUS_INVALID_ARGUMENT,
                     "expected the URL of an SQS queue, or the name of a %s that the configuration names (%s%s); "
                     "found \"%s\"",
                     what, names != NULL ? "it names " : "it names none", names != NULL ? names : "", word);
}

static enum status take_url(const char *word, char **out_url, struct error *error)
{
    enum status status = settings_check_queue_url(word, error);
    if (status == STATUS_OK) {
        *out_url = memory_copy_string(word);
    }
    return status;
}

enum status queue_names_find(const struct settings *settings, const char *word, char **out_url, struct error *error)
{
    char *names = NULL;
    if (queue_names_is_url(word)) {
        return take_url(word, out_url, error);
    }
    const struct settings_queue *queue = find_queue(settings, word);
    if (queue != NULL) {
        *out_url = memory_copy_string(queue->url);
        return STATUS_OK;
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        names = append_name(names, settings->queues[i].name);
    }
    enum status status = fail_unknown(word, "queue", names, error);
    free(names);
    return status;
}

/* The URLs of the dead-letter queues of one queue and its routes: NULL elements are left out by the caller. */
static json_t *dead_of_queue(const struct settings *settings, const struct settings_queue *queue)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < queue->route_count; i++) {
        const struct settings_route *route = settings_find_route(settings, queue->routes[i]);
        add_dead(rows, route != NULL ? route->dead_letter_queue : NULL, "route", queue->routes[i]);
    }
    add_dead(rows, queue->dead_letter_queue, "queue", queue->name);
    return rows;
}

static const char *text_of(const json_t *rows, size_t index, const char *member)
{
    return json_string_value(json_object_get(json_array_get(rows, index), member));
}

static char *names_of(const json_t *rows)
{
    char *names = NULL;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        names = append_name(names, text_of(rows, i, "name"));
    }
    return names;
}

/* The only row; else says what is wrong with it. */
static enum status take_only(const json_t *rows, const char *word, char **out_url, struct error *error)
{
    if (json_array_size(rows) == 1) {
        *out_url = memory_copy_string(text_of(rows, 0, "url"));
        return STATUS_OK;
    }
    if (json_array_size(rows) == 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "the configuration names no dead-letter queue for \"%s\" and its routes", word);
    }
    char *names = names_of(rows);
    enum status status = error_set(error, STATUS_INVALID_ARGUMENT,
                                   "\"%s\" has several dead-letter queues, choose one: %s", word, names);
    free(names);
    return status;
}

enum status queue_names_find_dead(const struct settings *settings, const char *word, char **out_url,
                                  struct error *error)
{
    if (queue_names_is_url(word)) {
        return take_url(word, out_url, error);
    }
    json_t *rows = queue_names_dead(settings);
    json_t *found = json_array();
    enum status status = STATUS_OK;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (strcmp(text_of(rows, i, "name"), word) == 0) {
            CHECK(json_array_append(found, json_array_get(rows, i)) == 0);
        }
    }
    const struct settings_queue *queue = find_queue(settings, word);
    if (json_array_size(found) == 0 && queue != NULL) {
        json_decref(found);
        found = dead_of_queue(settings, queue);
        status = take_only(found, word, out_url, error);
    } else if (json_array_size(found) == 0) {
        char *names = names_of(rows);
        status = fail_unknown(word, "dead-letter queue", names, error);
        free(names);
    } else {
        status = take_only(found, word, out_url, error);
    }
    json_decref(found);
    json_decref(rows);
    return status;
}
