/* Temporal's part of check_live.h: connection, namespaces, search attributes, pollers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "check_live.h"
#include "settings/template.h"
#include "temporal/client.h"
#include "temporal/server.h"
#include "uplink/uplink.h"

#define CALL_MS 10000

struct look {
    const struct settings *settings;
    struct findings *findings;
    struct temporal_connection *connection;
};

static int64_t deadline_ms(void)
{
    return clock_monotonic_ms() + CALL_MS;
}

static const char *namespace_of(const struct settings *settings, const struct settings_route *route)
{
    return route->namespace_ != NULL ? route->namespace_ : settings->temporal.namespace_;
}

static bool runs_workflows(const struct settings_route *route)
{
    return route->target != SETTINGS_TARGET_SQS;
}

/* ---- search attributes ---- */

/* A template that is one {body.PATH} may become a number or a boolean; every other one is a text. */
static bool is_text_always(const char *text)
{
    struct settings_template_part part;
    struct settings_template_part further;
    bool is_one = settings_template_next(&text, &part) && part.field == SETTINGS_TEMPLATE_BODY &&
                  !settings_template_next(&text, &further);
    return !is_one;
}

static bool takes_texts(const char *type)
{
    return strcmp(type, "Int") != 0 && strcmp(type, "Double") != 0 && strcmp(type, "Bool") != 0;
}

static const char *type_of(const struct temporal_search_attributes *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->attributes[i].name, name) == 0) {
            return known->attributes[i].type;
        }
    }
    return NULL;
}

static void check_attribute(const struct look *look, const struct settings_route *route, const char *subject,
                            const struct settings_member *member, const struct temporal_search_attributes *known)
{
    const char *type = type_of(known, member->name);
    if (type == NULL) {
        findings_add(look->findings, &finding_search_attribute_missing, subject,
                     "the namespace %s has no search attribute %s: Temporal refuses every start",
                     namespace_of(look->settings, route), member->name);
    } else if (is_text_always(member->value) && !takes_texts(type)) {
        findings_add(look->findings, &finding_search_attribute_type, subject,
                     "the search attribute %s is of type %s, and %s becomes a text: Temporal refuses every start",
                     member->name, type, member->value);
    } else {
        findings_add(look->findings, &finding_search_attribute, subject, "the search attribute %s is there, of type %s",
                     member->name, type);
    }
}

static void check_attributes(const struct look *look, const struct settings_route *route, const char *subject)
{
    struct temporal_search_attributes known = {0};
    struct error error = {0};
    if (route->search_attribute_count == 0) {
        return;
    }
    if (temporal_server_search_attributes(look->connection, namespace_of(look->settings, route), deadline_ms(), &known,
                                          &error) != STATUS_OK) {
        findings_add(look->findings, &finding_search_attributes_unseen, subject,
                     "which search attributes there are cannot be asked: %s", error.text);
        return;
    }
    for (size_t i = 0; i < route->search_attribute_count; i++) {
        check_attribute(look, route, subject, &route->search_attributes[i], &known);
    }
    temporal_search_attributes_deinit(&known);
}

/* ---- pollers ---- */

static void check_pollers(const struct look *look, const struct settings_route *route, const char *subject)
{
    struct temporal_pollers pollers = {0};
    struct error error = {0};
    if (temporal_server_count_pollers(look->connection, namespace_of(look->settings, route), route->task_queue,
                                      deadline_ms(), &pollers, &error) != STATUS_OK) {
        findings_add(look->findings, &finding_pollers_unseen, subject, "who polls %s cannot be asked: %s",
                     route->task_queue, error.text);
        return;
    }
    if (pollers.workflow == 0) {
        findings_add(look->findings, &finding_no_workflow_pollers, subject,
                     "no worker has polled the task queue %s for workflows within the last minutes: runs would wait",
                     route->task_queue);
    } else {
        findings_add(look->findings, &finding_pollers, subject, "%zu worker%s %s for workflows, %zu for activities",
                     pollers.workflow, pollers.workflow == 1 ? " polls" : "s poll", route->task_queue,
                     pollers.activity);
    }
    if (pollers.activity == 0) {
        findings_add(look->findings, &finding_no_activity_pollers, subject,
                     "no worker has polled %s for activities; they may have another task queue", route->task_queue);
    }
}

/* ---- namespaces ---- */

/* false: nothing in it can be asked. */
static bool check_namespace(const struct look *look, const char *name, struct check_retentions *retentions)
{
    struct temporal_namespace about = {0};
    struct error error = {0};
    char *subject = memory_format("namespace %s", name);
    bool is_there = false;
    enum status status =
        temporal_server_describe_namespace(look->connection, name, deadline_ms(), &about, &error);
    if (status == STATUS_OK) {
        is_there = true;
        findings_add(look->findings, &finding_namespace, subject, "is there; closed runs are known for %" PRId64 " h",
                     about.retention_ms / 3600000);
        retentions->entries[retentions->count++] =
            (struct check_retention){.namespace_name = name, .retention_ms = about.retention_ms};
    } else if (status == STATUS_NOT_FOUND) {
        findings_add(look->findings, &finding_namespace_missing, subject, "Temporal does not know it");
    } else if (status == STATUS_UNAUTHENTICATED || status == STATUS_PERMISSION_DENIED) {
        findings_add(look->findings, &finding_temporal_refused, subject, "%s", error.text);
    } else {
        findings_add(look->findings, &finding_temporal_unreachable, subject, "%s", error.text);
    }
    free(subject);
    return is_there;
}

static bool is_known(const struct check_retentions *retentions, const char *name)
{
    for (size_t i = 0; i < retentions->count; i++) {
        if (strcmp(retentions->entries[i].namespace_name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A namespace of its own that is missing is told once, before the first of its routes. */
static void check_routes(const struct look *look, struct check_retentions *retentions)
{
    const char *missing[SETTINGS_ROUTES_MAX];
    size_t missing_count = 0;
    for (size_t i = 0; i < look->settings->route_count; i++) {
        const struct settings_route *route = &look->settings->routes[i];
        const char *name = namespace_of(look->settings, route);
        bool is_missing = false;
        for (size_t j = 0; j < missing_count; j++) {
            is_missing = is_missing || strcmp(missing[j], name) == 0;
        }
        if (!runs_workflows(route) || is_missing) {
            continue;
        }
        if (!is_known(retentions, name) && !check_namespace(look, name, retentions)) {
            missing[missing_count++] = name;
            continue;
        }
        char *subject = memory_format("route %s", route->name);
        check_attributes(look, route, subject);
        check_pollers(look, route, subject);
        free(subject);
    }
}

void check_temporal(const struct settings *settings, struct findings *findings,
                    struct check_retentions *out_retentions)
{
    const struct settings_temporal *temporal = &settings->temporal;
    struct look look = {.settings = settings, .findings = findings};
    struct uplink *uplink = NULL;
    struct error error = {0};
    char *version = NULL;
    *out_retentions = (struct check_retentions){0};
    enum status status = uplink_new(temporal, NULL, &uplink, &error);
    if (status == STATUS_OK) {
        look.connection = uplink_connection(uplink);
        status = temporal_client_check(look.connection, deadline_ms(), &version, &error);
    }
    bool answers = status == STATUS_OK || status == STATUS_NOT_FOUND; /* it does not know that namespace */
    if (status == STATUS_UNAUTHENTICATED || status == STATUS_PERMISSION_DENIED) {
        findings_add(findings, &finding_temporal_refused, "temporal", "%s: %s", temporal->address, error.text);
    } else if (!answers) {
        findings_add(findings, &finding_temporal_unreachable, "temporal", "%s: %s", temporal->address, error.text);
    } else {
        findings_add(findings, &finding_temporal_reached, "temporal", "%s answers%s%s", temporal->address,
                     version != NULL ? ", version " : "", version != NULL ? version : "");
        check_routes(&look, out_retentions);
    }
    free(version);
    uplink_destroy(uplink);
}
