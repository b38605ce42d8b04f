/* See api_merge.h. */
#include "api_merge.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/memory.h"

#define TARGET_MAX ((size_t)16 << 10) /* bytes; the server's limit for a request's head is below it */

static bool is_good(const struct api_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}

static int rank(const struct api_answer *answer)
{
    if (is_good(answer)) {
        return 3;
    }
    if (answer->status == 0) {
        return 0;
    }
    return answer->status == 404 ? 1 : 2;
}

/* Of equals the first, and of good ones the lowest status. */
static const struct api_answer *best_of(const struct api_answer *answers, size_t count)
{
    const struct api_answer *best = &answers[0];
    for (size_t i = 1; i < count; i++) {
        int difference = rank(&answers[i]) - rank(best);
        if (difference > 0 || (difference == 0 && is_good(best) && answers[i].status < best->status)) {
            best = &answers[i];
        }
    }
    return best;
}

static size_t count_silent(const struct api_answer *answers, size_t count)
{
    size_t silent = 0;
    for (size_t i = 0; i < count; i++) {
        silent += answers[i].status == 0;
    }
    return silent;
}

static void pass_on(const struct api_answer *answer, struct api_merged *out)
{
    *out = (struct api_merged){.status = answer->status, .body = memory_copy(answer->body, answer->length)};
}

static void say(struct api_merged *out, char *take_problem)
{
    *out = (struct api_merged){.status = 503, .problem = take_problem};
}

/* The first member that is an array, by its name. */
static const char *array_name(json_t *object)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value)
    {
        if (json_is_array(value)) {
            return name;
        }
    }
    return NULL;
}

/* Moves the elements of one process's answer over. */
static void add_elements(json_t *merged, json_t *answer, size_t process)
{
    const char *name = array_name(answer);
    size_t index = 0;
    json_t *element = NULL;
    if (name == NULL) {
        return;
    }
    json_t *list = json_object_get(merged, name);
    if (list == NULL) {
        list = json_array();
        CHECK(json_object_set_new(merged, name, list) == 0);
    }
    json_array_foreach(json_object_get(answer, name), index, element)
    {
        if (json_is_object(element)) {
            CHECK(json_object_set_new(element, "process", json_integer((json_int_t)process)) == 0);
        }
        CHECK(json_array_append(list, element) == 0);
    }
}

static void merge_lists(const struct api_answer *answers, size_t count, struct api_merged *out)
{
    json_t *merged = json_object();
    size_t silent = count_silent(answers, count);
    for (size_t i = 0; i < count; i++) {
        if (is_good(&answers[i])) {
            json_t *answer = json_loadb(answers[i].body, answers[i].length, 0, NULL);
            add_elements(merged, answer, i + 1);
            json_decref(answer);
        }
    }
    if (silent > 0) {
        CHECK(json_object_set_new(merged, "silent", json_integer((json_int_t)silent)) == 0);
    }
    *out = (struct api_merged){.status = 200, .body = json_dumps(merged, JSON_COMPACT)};
    CHECK(out->body != NULL);
    json_decref(merged);
}

void api_merge(const struct service_api_route *route, const struct api_answer *answers, size_t count,
               struct api_merged *out)
{
    const struct api_answer *best = best_of(answers, count);
    size_t silent = count_silent(answers, count);
    if (silent == count) {
        say(out, memory_format("none of %zu processes has answered", count));
    } else if (is_good(best) && strcmp(route->method, "GET") == 0) {
        merge_lists(answers, count, out);
    } else if (route->must_reach_all && silent > 0) {
        say(out, memory_format("%zu of %zu processes have not answered; what the others were asked for is done", silent,
                               count));
    } else if (best->status == 404 && silent > 0) {
        say(out, memory_format("%zu of %zu processes have not answered, and the others do not know it", silent, count));
    } else {
        pass_on(best, out);
    }
}

void api_merged_deinit(struct api_merged *merged)
{
    free(merged->body);
    free(merged->problem);
    *merged = (struct api_merged){0};
}

static bool append_encoded(struct buffer *out, const char *text)
{
    bool fits = true;
    for (; fits && *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = byte < 128 && (isalnum(byte) || strchr("-._~", byte) != NULL);
        fits = is_plain ? buffer_append(out, text, 1) : buffer_append_format(out, "%%%02X", byte);
    }
    return fits;
}

char *api_target(const struct service_api_route *route, const struct http_exchange *exchange)
{
    struct buffer out;
    size_t length = 0;
    char mark = '?';
    buffer_init(&out, TARGET_MAX);
    bool fits = buffer_append_string(&out, http_exchange_path(exchange));
    for (size_t i = 0; fits && i < SERVICE_API_QUERIES_MAX && route->queries[i] != NULL; i++) {
        const char *value = http_exchange_query(exchange, route->queries[i]);
        if (value != NULL) {
            fits = buffer_append_format(&out, "%c%s=", mark, route->queries[i]) && append_encoded(&out, value);
            mark = '&';
        }
    }
    return buffer_take(&out, &length); /* cut at the limit: the child will not find it */
}
