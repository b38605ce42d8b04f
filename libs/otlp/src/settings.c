/* See otlp/settings.h. */
#include "otlp/settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/utf8.h"

#define ENDPOINT_DEFAULT "http://localhost:4318"
#define TRACES_PATH "/v1/traces"
#define TIMEOUT_DEFAULT_MS 10000
#define DELAY_DEFAULT_MS 5000
#define EXPORT_TIMEOUT_DEFAULT_MS 30000
#define QUEUE_DEFAULT 2048
#define BATCH_DEFAULT 512
#define COUNT_MAX 100000
#define TIME_MAX_MS 3600000
#define VALUE_MAX ((size_t)8 << 10) /* bytes of a list's entry */
#define HOST_NAME_SIZE 256

struct reader {
    otlp_get_fn *get;
    struct otlp_settings *out;
};

static const char *get_from_environment(const char *name)
{
    return getenv(name);
}

/* NULL: not set, or empty, which is the same by the specification. */
static const char *get(const struct reader *reader, const char *name)
{
    const char *value = reader->get(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* The variable of traces alone, else that of all signals. */
static const char *get_either(const struct reader *reader, const char *of_traces, const char *of_all)
{
    const char *value = get(reader, of_traces);
    return value != NULL ? value : get(reader, of_all);
}

/* Takes text. */
static void warn(const struct reader *reader, char *text)
{
    if (reader->out->warning_count < OTLP_WARNINGS_MAX) {
        reader->out->warnings[reader->out->warning_count++] = text;
    } else {
        free(text);
    }
}

static int64_t read_number(const struct reader *reader, const char *name, int64_t least, int64_t most,
                           int64_t otherwise)
{
    const char *text = get(reader, name);
    char *end = NULL;
    if (text == NULL) {
        return otherwise;
    }
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || number < least || number > most) {
        warn(reader, memory_format("%s: expected a number from %lld to %lld; it counts as %lld", name,
                                   (long long)least, (long long)most, (long long)otherwise));
        return otherwise;
    }
    return number;
}

/* ---- lists: name=value,name=value with %XX in values ---- */

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    character = (char)(character | 0x20);
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

static char *decode(const char *text, size_t length)
{
    char *out = memory_alloc(length + 1);
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && i + 2 < length ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            out[count++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[count++] = text[i];
        }
    }
    return out;
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t')) {
        (*length)--;
    }
}

/* Replaces one of the same name. Takes value. */
static void put_pair(struct otlp_pairs *pairs, const char *name, size_t length, char *take_value)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strlen(pairs->list[i].name) == length && memcmp(pairs->list[i].name, name, length) == 0) {
            free(pairs->list[i].value);
            pairs->list[i].value = take_value;
            return;
        }
    }
    if (pairs->count == OTLP_PAIRS_MAX) {
        free(take_value);
        return;
    }
    pairs->list[pairs->count++] = (struct otlp_pair){.name = memory_copy(name, length), .value = take_value};
}

/* is_good: what a value must be. */
static void read_pairs(const struct reader *reader, const char *variable, const char *text, struct otlp_pairs *pairs,
                       bool (*is_good)(const char *name, size_t length, const char *value))
{
    bool has_bad = false;
    while (text != NULL && *text != '\0') {
        size_t entry_length = strcspn(text, ",");
        const char *name = text;
        const char *equals = memchr(text, '=', entry_length);
        const char *value = equals != NULL ? equals + 1 : NULL;
        size_t name_length = equals != NULL ? (size_t)(equals - text) : 0;
        size_t value_length = equals != NULL ? entry_length - name_length - 1 : 0;
        trim(&name, &name_length);
        trim(&value, &value_length);
        char *decoded = value != NULL && value_length <= VALUE_MAX ? decode(value, value_length) : NULL;
        if (decoded != NULL && name_length > 0 && is_good(name, name_length, decoded)) {
            put_pair(pairs, name, name_length, decoded);
        } else {
            free(decoded);
            has_bad = has_bad || entry_length > 0;
        }
        text += entry_length;
        text += *text == ',' ? 1 : 0;
    }
    if (has_bad) {
        warn(reader, memory_format("%s: expected name=value,name=value; an entry that is none is left out", variable));
    }
}

static bool is_header(const char *name, size_t length, const char *value)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", name[i]) == NULL) {
            return false;
        }
    }
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_attribute(const char *name, size_t length, const char *value)
{
    return utf8_is_valid(name, length) && utf8_is_valid(value, strlen(value));
}

/* ---- where to ---- */

static bool is_http(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

static char *url_of_base(const char *base)
{
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/') {
        length--;
    }
    char *trimmed = memory_copy(base, length);
    char *url = memory_format("%s%s", trimmed, TRACES_PATH);
    free(trimmed);
    return url;
}

/* Of a list, like "otlp,console". */
static bool names(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at != NULL && *at != '\0'; at += strspn(at, ", ")) {
        size_t here = strcspn(at, ", ");
        if (here == length && strncasecmp(at, word, length) == 0) {
            return true;
        }
        at += here;
    }
    return false;
}

static void read_url(const struct reader *reader)
{
    const char *exporter = get(reader, "OTEL_TRACES_EXPORTER");
    const char *of_traces = get(reader, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    const char *base = get(reader, "OTEL_EXPORTER_OTLP_ENDPOINT");
    const char *is_disabled = get(reader, "OTEL_SDK_DISABLED");
    if ((is_disabled != NULL && strcasecmp(is_disabled, "true") == 0) || names(exporter, "none")) {
        return;
    }
    if (exporter != NULL && !names(exporter, "otlp")) {
        warn(reader, memory_copy_string("OTEL_TRACES_EXPORTER: expected otlp or none; tracing is off"));
        return;
    }
    const char *chosen = of_traces != NULL ? of_traces : base;
    if (chosen != NULL && !is_http(chosen)) {
        warn(reader, memory_format("%s: expected a URL with http:// or https://; tracing is off",
                                   of_traces != NULL ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
                                                     : "OTEL_EXPORTER_OTLP_ENDPOINT"));
        return;
    }
    if (of_traces != NULL) {
        reader->out->url = memory_copy_string(of_traces);
    } else if (base != NULL || exporter != NULL) {
        reader->out->url = url_of_base(base != NULL ? base : ENDPOINT_DEFAULT);
    }
}

static void read_protocol(const struct reader *reader)
{
    const char *protocol = get_either(reader, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
    if (protocol != NULL && strcmp(protocol, "http/json") != 0 && strcmp(protocol, "http/protobuf") != 0) {
        warn(reader, memory_copy_string("OTEL_EXPORTER_OTLP_PROTOCOL: only http/json is spoken; the endpoint must be "
                                        "one of OTLP/HTTP (port 4318, not 4317)"));
    }
}

static char *copy_either(const struct reader *reader, const char *of_traces, const char *of_all)
{
    return memory_copy_string(get_either(reader, of_traces, of_all));
}

static void read_files(const struct reader *reader)
{
    struct otlp_settings *out = reader->out;
    out->ca = copy_either(reader, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE");
    out->client_certificate = copy_either(reader, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
                                          "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE");
    out->client_key =
        copy_either(reader, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY");
}

/* ---- who we are ---- */

static void put_text(struct otlp_pairs *pairs, const char *name, const char *value)
{
    put_pair(pairs, name, strlen(name), memory_copy_string(value));
}

static void read_resource(const struct reader *reader, const char *service)
{
    struct otlp_pairs *resource = &reader->out->resource;
    char instance[RANDOM_UUID_SIZE];
    char host[HOST_NAME_SIZE] = "";
    const char *name = get(reader, "OTEL_SERVICE_NAME");
    random_uuid(instance);
    put_text(resource, "service.name", service);
    put_text(resource, "service.version", FERRY_VERSION);
    put_text(resource, "service.instance.id", instance);
    if (gethostname(host, sizeof host - 1) == 0 && utf8_is_valid(host, strlen(host))) {
        put_text(resource, "host.name", host);
    }
    put_text(resource, "telemetry.sdk.name", "ferry");
    put_text(resource, "telemetry.sdk.language", "c");
    put_text(resource, "telemetry.sdk.version", FERRY_VERSION);
    read_pairs(reader, "OTEL_RESOURCE_ATTRIBUTES", get(reader, "OTEL_RESOURCE_ATTRIBUTES"), resource, is_attribute);
    if (name != NULL && utf8_is_valid(name, strlen(name))) {
        put_text(resource, "service.name", name);
    }
}

static void read_limits(const struct reader *reader)
{
    struct otlp_settings *out = reader->out;
    int64_t of_all_ms = read_number(reader, "OTEL_EXPORTER_OTLP_TIMEOUT", 1, TIME_MAX_MS, TIMEOUT_DEFAULT_MS);
    out->timeout_ms = read_number(reader, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", 1, TIME_MAX_MS, of_all_ms);
    out->delay_ms = read_number(reader, "OTEL_BSP_SCHEDULE_DELAY", 1, TIME_MAX_MS, DELAY_DEFAULT_MS);
    out->export_timeout_ms =
        read_number(reader, "OTEL_BSP_EXPORT_TIMEOUT", 1, TIME_MAX_MS, EXPORT_TIMEOUT_DEFAULT_MS);
    out->queue_max = (size_t)read_number(reader, "OTEL_BSP_MAX_QUEUE_SIZE", 1, COUNT_MAX, QUEUE_DEFAULT);
    out->batch_max = (size_t)read_number(reader, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, COUNT_MAX, BATCH_DEFAULT);
    if (out->batch_max > out->queue_max) {
        out->batch_max = out->queue_max;
    }
}

void otlp_settings_read(otlp_get_fn *get_variable, const char *service, struct otlp_settings *out)
{
    const struct reader reader = {.get = get_variable != NULL ? get_variable : get_from_environment, .out = out};
    *out = (struct otlp_settings){0};
    read_url(&reader);
    if (out->url == NULL) {
        return;
    }
    if (!trace_sampler_parse(get(&reader, "OTEL_TRACES_SAMPLER"), get(&reader, "OTEL_TRACES_SAMPLER_ARG"),
                             &out->sampler)) {
        warn(&reader, memory_copy_string("OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG: expected always_on, "
                                         "always_off or traceidratio, with or without parentbased_ before it, and a "
                                         "ratio from 0 to 1; everything else counts as not said"));
    }
    read_protocol(&reader);
    const char *of_traces = get(&reader, "OTEL_EXPORTER_OTLP_TRACES_HEADERS");
    read_pairs(&reader, of_traces != NULL ? "OTEL_EXPORTER_OTLP_TRACES_HEADERS" : "OTEL_EXPORTER_OTLP_HEADERS",
               of_traces != NULL ? of_traces : get(&reader, "OTEL_EXPORTER_OTLP_HEADERS"), &out->headers, is_header);
    read_files(&reader);
    read_limits(&reader);
    read_resource(&reader, service);
}

static void pairs_deinit(struct otlp_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        memory_wipe_string(pairs->list[i].value);
        free(pairs->list[i].name);
        free(pairs->list[i].value);
    }
    pairs->count = 0;
}

void otlp_settings_deinit(struct otlp_settings *settings)
{
    pairs_deinit(&settings->headers);
    pairs_deinit(&settings->resource);
    for (size_t i = 0; i < settings->warning_count; i++) {
        free(settings->warnings[i]);
    }
    free(settings->url);
    free(settings->ca);
    free(settings->client_certificate);
    free(settings->client_key);
    *settings = (struct otlp_settings){0};
}
