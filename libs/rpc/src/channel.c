/* Channels: credentials, the arguments gRPC gets, the metadata of every call, and an orderly end. */
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "internal.h"

#define ROOTS_MAX ((size_t)8 << 20)
#define KEEPALIVE_TIME_MS 30000
#define KEEPALIVE_TIMEOUT_MS 15000
#define CONNECT_TIMEOUT_MS 5000 /* what gRPC calls the least back-off */
#define RECONNECT_FIRST_MS 200
#define RECONNECT_MAX_MS 2000
#define RESOLVE_INTERVAL_MS 5000

/* ---- metadata ---- */

static struct rpc_metadata_set *metadata_new(const struct rpc_metadata_set *common, const char *api_key)
{
    struct rpc_metadata_set *set = memory_alloc(sizeof *set);
    set->references = 1;
    for (size_t i = 0; common != NULL && i < common->count; i++) {
        set->entries[i].key = grpc_slice_ref(common->entries[i].key);
        set->entries[i].value = grpc_slice_ref(common->entries[i].value);
    }
    set->count = common != NULL ? common->count : 0;
    if (api_key != NULL) {
        char *value = memory_format("Bearer %s", api_key);
        set->entries[set->count].key = grpc_slice_from_static_string("authorization");
        set->entries[set->count].value = grpc_slice_from_copied_string(value);
        set->count++;
        memory_wipe_string(value);
        free(value);
    }
    return set;
}

struct rpc_metadata_set *rpc_metadata_acquire(struct rpc_channel *channel)
{
    channel->metadata->references++;
    return channel->metadata;
}

void rpc_metadata_release(struct rpc_metadata_set *set)
{
    if (--set->references > 0) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        grpc_slice_unref(set->entries[i].key);
        grpc_slice_unref(set->entries[i].value);
    }
    free(set);
}

static bool text_is_legal(const char *key, const char *value)
{
    grpc_slice key_slice = grpc_slice_from_static_string(key);
    grpc_slice value_slice = grpc_slice_from_static_string(value);
    return grpc_header_key_is_legal(key_slice) != 0 && grpc_is_binary_header(key_slice) == 0 &&
           grpc_header_nonbin_value_is_legal(value_slice) != 0;
}

/* Whether the set has that entry already. */
static bool metadata_has(const struct rpc_metadata_set *set, const struct rpc_metadata *entry)
{
    for (size_t i = 0; i < set->count; i++) {
        if (grpc_slice_str_cmp(set->entries[i].key, entry->key) == 0) {
            return grpc_slice_str_cmp(set->entries[i].value, entry->value) == 0;
        }
    }
    return false;
}

struct rpc_metadata_set *rpc_metadata_replace(struct rpc_channel *channel, const struct rpc_metadata *instead)
{
    const struct rpc_metadata_set *common = channel->metadata;
    if (metadata_has(common, instead)) { /* as nearly always: it is most callers' own namespace */
        return rpc_metadata_acquire(channel);
    }
    struct rpc_metadata_set *set = memory_alloc(sizeof *set);
    set->references = 1;
    for (size_t i = 0; i < common->count; i++) {
        if (grpc_slice_str_cmp(common->entries[i].key, instead->key) != 0) {
            set->entries[set->count].key = grpc_slice_ref(common->entries[i].key);
            set->entries[set->count].value = grpc_slice_ref(common->entries[i].value);
            set->count++;
        } else if (text_is_legal(instead->key, instead->value)) {
            set->entries[set->count].key = grpc_slice_ref(common->entries[i].key);
            set->entries[set->count].value = grpc_slice_from_copied_string(instead->value);
            set->count++;
        }
    }
    return set;
}

static enum status check_options(const struct rpc_channel_options *options, struct error *error)
{
    if (options->target == NULL || options->target[0] == '\0') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "no address to connect to");
    }
    if (options->metadata_count >= RPC_METADATA_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "more than %d metadata entries", RPC_METADATA_MAX - 1);
    }
    for (size_t i = 0; i < options->metadata_count; i++) {
        if (!text_is_legal(options->metadata[i].key, options->metadata[i].value)) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "metadata %s cannot be sent: not plain ASCII",
                             options->metadata[i].key);
        }
    }
    if (options->api_key != NULL && !text_is_legal("authorization", options->api_key)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the API key cannot be sent: not one line of ASCII");
    }
    if ((options->tls.certificate_pem == NULL) != (options->tls.key_pem == NULL)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "a client certificate and its key go together");
    }
    return STATUS_OK;
}

/* ---- credentials ---- */

/* The system's root certificates as one PEM text; NULL: not found, and gRPC's own are taken. */
static char *read_system_roots(void)
{
    const char *const paths[] = {getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt",
                                 "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        FILE *file = paths[i] != NULL ? fopen(paths[i], "re") : NULL;
        if (file == NULL) {
            continue;
        }
        char *text = memory_alloc(ROOTS_MAX + 1);
        size_t length = fread(text, 1, ROOTS_MAX, file);
        (void)fclose(file); /* only read */
        text[length] = '\0';
        if (length > 0) {
            return text;
        }
        free(text);
    }
    return NULL;
}

static grpc_channel_credentials *make_credentials(const struct rpc_tls_options *tls)
{
    if (!tls->enabled) {
        return grpc_insecure_credentials_create();
    }
    char *system_roots = tls->ca_pem == NULL ? read_system_roots() : NULL;
    grpc_ssl_pem_key_cert_pair pair = {.private_key = tls->key_pem, .cert_chain = tls->certificate_pem};
    grpc_channel_credentials *credentials =
        grpc_ssl_credentials_create_ex(tls->ca_pem != NULL ? tls->ca_pem : system_roots,
                                       tls->certificate_pem != NULL ? &pair : NULL, NULL, NULL);
    free(system_roots);
    return credentials;
}

/* ---- channels ---- */

static grpc_arg integer_argument(const char *key, int value)
{
    grpc_arg argument = {.type = GRPC_ARG_INTEGER, .value = {.integer = value}};
    argument.key = memory_copy_string(key);
    return argument;
}

static grpc_arg string_argument(const char *key, const char *value)
{
    grpc_arg argument = {.type = GRPC_ARG_STRING};
    argument.key = memory_copy_string(key);
    argument.value.string = memory_copy_string(value);
    return argument;
}

static grpc_channel *open_channel(const struct rpc_channel_options *options, grpc_channel_credentials *credentials)
{
    grpc_arg list[16];
    size_t count = 0;
    list[count++] = integer_argument(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)RPC_RECEIVE_MAX);
    list[count++] = integer_argument(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_TIME_MS);
    list[count++] = integer_argument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS);
    list[count++] = integer_argument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    list[count++] = integer_argument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    list[count++] = integer_argument(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_TIMEOUT_MS);
    list[count++] = integer_argument(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, RECONNECT_FIRST_MS);
    list[count++] = integer_argument(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, RECONNECT_MAX_MS);
    list[count++] = integer_argument(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, RESOLVE_INTERVAL_MS);
    list[count++] = integer_argument(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    list[count++] = integer_argument(GRPC_ARG_ENABLE_RETRIES, 0); /* ours: call.c */
    list[count++] = integer_argument(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    list[count++] = integer_argument(GRPC_ARG_ENABLE_CHANNELZ, 0);
    list[count++] = integer_argument(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (options->tls.enabled && options->tls.server_name != NULL) {
        list[count++] = string_argument(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, options->tls.server_name);
        list[count++] = string_argument(GRPC_ARG_DEFAULT_AUTHORITY, options->tls.server_name);
    }
    grpc_channel_args arguments = {.num_args = count, .args = list};
    grpc_channel *channel = grpc_channel_create(options->target, credentials, &arguments);
    for (size_t i = 0; i < count; i++) {
        free(list[i].key);
        if (list[i].type == GRPC_ARG_STRING) {
            free(list[i].value.string);
        }
    }
    return channel;
}

static struct rpc_metadata_set *first_metadata(const struct rpc_channel_options *options)
{
    struct rpc_metadata_set *plain = memory_alloc(sizeof *plain);
    plain->references = 1;
    plain->count = options->metadata_count;
    for (size_t i = 0; i < options->metadata_count; i++) {
        plain->entries[i].key = grpc_slice_from_copied_string(options->metadata[i].key);
        plain->entries[i].value = grpc_slice_from_copied_string(options->metadata[i].value);
    }
    if (options->api_key == NULL) {
        return plain;
    }
    struct rpc_metadata_set *set = metadata_new(plain, options->api_key);
    rpc_metadata_release(plain);
    return set;
}

enum status rpc_channel_new(struct rpc_runtime *runtime, const struct rpc_channel_options *options,
                            struct rpc_channel **out_channel, struct error *error)
{
    enum status status = check_options(options, error);
    if (status != STATUS_OK) {
        return status;
    }
    grpc_channel_credentials *credentials = make_credentials(&options->tls);
    if (credentials == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the TLS certificates or the key cannot be used");
    }
    struct rpc_channel *channel = memory_alloc(sizeof *channel);
    channel->runtime = runtime;
    channel->grpc = open_channel(options, credentials);
    grpc_channel_credentials_release(credentials);
    channel->metrics = options->metrics;
    if (channel->metrics != NULL) {
        channel->retries = metrics_counter(channel->metrics, "ferry_rpc_retries",
                                           "gRPC attempts beyond a call's first.", NULL);
    }
    CHECK(pthread_mutex_init(&channel->lock, NULL) == 0);
    thread_condition_init(&channel->is_idle);
    list_init(&channel->live);
    channel->metadata = first_metadata(options);
    *out_channel = channel;
    return STATUS_OK;
}

void rpc_channel_set_api_key(struct rpc_channel *channel, const char *api_key)
{
    if (api_key != NULL && !text_is_legal("authorization", api_key)) {
        log_plain(LOG_LEVEL_ERROR, "the new API key is not one line of ASCII: the old one stays");
        return;
    }
    pthread_mutex_lock(&channel->lock);
    struct rpc_metadata_set common = *channel->metadata;
    if (common.count > 0 && grpc_slice_str_cmp(common.entries[common.count - 1].key, "authorization") == 0) {
        common.count--;
    }
    struct rpc_metadata_set *replaced = channel->metadata;
    channel->metadata = metadata_new(&common, api_key);
    rpc_metadata_release(replaced);
    pthread_mutex_unlock(&channel->lock);
}

void *rpc_channel_method(struct rpc_channel *channel, const char *name)
{
    for (size_t i = 0; i < channel->method_count; i++) {
        if (channel->methods[i].name == name || strcmp(channel->methods[i].name, name) == 0) {
            return channel->methods[i].handle;
        }
    }
    CHECK(channel->method_count < RPC_METHODS_MAX);
    struct rpc_method *method = &channel->methods[channel->method_count++];
    method->name = name;
    method->handle = grpc_channel_register_call(channel->grpc, name, NULL, NULL);
    return method->handle;
}

/* The first call not yet told to stop, with a reference; NULL: none. */
static struct rpc_call *next_to_cancel(struct rpc_channel *channel)
{
    struct rpc_call *found = NULL;
    pthread_mutex_lock(&channel->lock);
    for (struct list *node = channel->live.next; node != &channel->live && found == NULL; node = node->next) {
        struct rpc_call *call = LIST_ITEM(node, struct rpc_call, link);
        pthread_mutex_lock(&call->lock);
        if (!call->is_canceled) {
            atomic_fetch_add(&call->references, 1);
            found = call;
        }
        pthread_mutex_unlock(&call->lock);
    }
    pthread_mutex_unlock(&channel->lock);
    return found;
}

void rpc_channel_destroy(struct rpc_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    CHECK(!pthread_equal(pthread_self(), channel->runtime->thread));
    pthread_mutex_lock(&channel->lock);
    channel->is_closing = true;
    pthread_mutex_unlock(&channel->lock);
    for (struct rpc_call *call = next_to_cancel(channel); call != NULL; call = next_to_cancel(channel)) {
        rpc_call_cancel(call);
        rpc_call_release(call);
    }
    pthread_mutex_lock(&channel->lock);
    while (!list_is_empty(&channel->live)) {
        (void)thread_condition_wait(&channel->is_idle, &channel->lock, INT64_MAX); /* no deadline to come */
    }
    pthread_mutex_unlock(&channel->lock);
    grpc_channel_destroy(channel->grpc);
    rpc_metadata_release(channel->metadata);
    pthread_cond_destroy(&channel->is_idle);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}
