/* Requests into curl's easy handle: options, headers, body. Responses: see response.c. */
#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "response.h"
#include "sockets.h"
#include "tls_material.h"

#define CALL_RESPONSE_BYTES_DEFAULT ((size_t)1 << 20)
#define CALL_DNS_CACHE_SECONDS 60
/* Shorter than the 75 s after which servers commonly close an idle connection, ours too: a connection that the server
 * is just closing would cost a failed or repeated request. */
#define CALL_IDLE_CONNECTION_SECONDS 60
#define CALL_KEPT_BODY_BYTES ((size_t)64 << 10) /* of response memory, from one use of a call to the next */
#define CALL_METHOD_MAX 32

/* Options that never change. Each is known to this curl (7.88 or later is needed to build), so none can fail but for
 * want of memory, which is checked once at the end of it. */
static CURLcode set_fixed_options(struct http_call *call, const struct call_settings *settings)
{
    CURL *easy = call->easy;
    CURLcode failed = CURLE_OK;
#define SET(option, value) (failed = failed != CURLE_OK ? failed : curl_easy_setopt(easy, option, value))
    SET(CURLOPT_PRIVATE, call);
    SET(CURLOPT_ERRORBUFFER, call->error_text);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a call that ends does not wait for the name resolver's thread */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L); /* callers sign the path */
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_USERAGENT, settings->user_agent);
    SET(CURLOPT_NOPROXY, settings->no_proxy);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, settings->connect_timeout_ms);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, (long)CALL_DNS_CACHE_SECONDS);
    SET(CURLOPT_MAXAGE_CONN, (long)CALL_IDLE_CONNECTION_SECONDS);
    SET(CURLOPT_HEADERFUNCTION, response_take_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEFUNCTION, response_take_body);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_OPENSOCKETFUNCTION, sockets_open);
    SET(CURLOPT_OPENSOCKETDATA, settings->sockets);
    SET(CURLOPT_CLOSESOCKETFUNCTION, sockets_close);
    SET(CURLOPT_CLOSESOCKETDATA, settings->sockets);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* or later */
#undef SET
    return failed;
}

struct http_call *call_new(struct http_client *client, const struct call_settings *settings)
{
    struct http_call *call = memory_alloc(sizeof *call);
    call->client = client;
    list_init(&call->node);
    buffer_init(&call->head, CALL_HEADER_BYTES_MAX);
    buffer_init(&call->body, CALL_RESPONSE_BYTES_DEFAULT);
    call->easy = curl_easy_init();
    if (call->easy == NULL || set_fixed_options(call, settings) != CURLE_OK) {
        call_destroy(call);
        return NULL;
    }
    return call;
}

void call_destroy(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    buffer_deinit(&call->head);
    buffer_deinit(&call->body);
    free(call->request_memory);
    free(call->unix_socket);
    tls_material_release(call->tls);
    free(call);
}

static bool is_token(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 127 || strchr("\"(),/:;<=>?@[\\]{}", *at) != NULL) {
            return false;
        }
    }
    return text[0] != '\0';
}

/* curl's list of header lines: "Name: value", "Name;" for an empty value, "Name:" for one that curl would add by
 * itself and shall not. All lines and the body stand in one piece of memory. */
struct header_lines {
    struct curl_slist *nodes;
    size_t count;
    char *text;
};

static char *put(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

static void add_line(struct header_lines *lines, const char *name, const char *separator, const char *value)
{
    struct curl_slist *node = &lines->nodes[lines->count];
    node->data = lines->text;
    node->next = NULL;
    if (lines->count > 0) {
        lines->nodes[lines->count - 1].next = node;
    }
    lines->count++;
    lines->text = put(lines->text, name, strlen(name));
    lines->text = put(lines->text, separator, strlen(separator));
    lines->text = put(lines->text, value, strlen(value));
    *lines->text = '\0';
    lines->text++;
}

/* Headers that curl adds by itself: a caller who signs headers wants none but Host and Content-Length. */
static const char *const s_unwanted[] = {"Accept", "Content-Type", "Expect"};
#define UNWANTED_COUNT (sizeof s_unwanted / sizeof s_unwanted[0])
#define UNWANTED_BYTES_MAX 16

static bool has_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Copies headers and body. INVALID_ARGUMENT: a name that is no token, a value with a line break. */
static enum status copy_request(struct http_call *call, const struct http_request *request,
                                struct header_lines *out_lines, const char **out_body, struct error *error)
{
    size_t node_bytes = (request->header_count + UNWANTED_COUNT) * sizeof(struct curl_slist);
    size_t text_bytes = UNWANTED_COUNT * UNWANTED_BYTES_MAX;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_token(header->name) || strpbrk(header->value, "\r\n") != NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "header %zu of the request cannot be sent", i + 1);
        }
        text_bytes += strlen(header->name) + 2 + strlen(header->value) + 1;
    }
    CHECK(call->request_memory == NULL);
    call->request_memory = memory_alloc(node_bytes + text_bytes + request->body_length + 1);
    struct header_lines lines = {.nodes = call->request_memory, .text = (char *)call->request_memory + node_bytes};
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        bool is_empty = header->value[strspn(header->value, " \t")] == '\0';
        add_line(&lines, header->name, is_empty ? ";" : ": ", is_empty ? "" : header->value);
    }
    for (size_t i = 0; i < UNWANTED_COUNT; i++) {
        if (!has_header(request, s_unwanted[i])) {
            add_line(&lines, s_unwanted[i], ":", "");
        }
    }
    if (request->body_length > 0) {
        memcpy(lines.text, request->body, request->body_length);
    }
    *out_body = lines.text;
    *out_lines = lines;
    return STATUS_OK;
}

/* The easy handle keeps what an earlier call set: every option that another method sets is set here for each. */
static CURLcode set_method(struct http_call *call, const struct http_request *request, const char *body)
{
    CURL *easy = call->easy;
    bool is_get = strcmp(request->method, "GET") == 0;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    bool is_post = strcmp(request->method, "POST") == 0;
    bool has_body = (request->body_length > 0 && !is_head) || is_post || strcmp(request->method, "PUT") == 0;
    bool is_known = (is_get && !has_body) || is_head || is_post;
    CURLcode failed = CURLE_OK;
    if (has_body) {
        failed = curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body); /* borrowed */
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    } else {
        failed = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        if (is_head) {
            (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        }
    }
    if (failed == CURLE_OK) {
        failed = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_known ? NULL : request->method);
    }
    return failed;
}

static CURLcode set_unix_socket(struct http_call *call, const char *unix_socket)
{
    CURLcode failed = CURLE_OK;
    bool is_same = unix_socket == NULL || call->unix_socket == NULL ? unix_socket == call->unix_socket
                                                                    : strcmp(unix_socket, call->unix_socket) == 0;
    if (!is_same) {
        bool is_abstract = unix_socket != NULL && unix_socket[0] == '@';
        failed = is_abstract ? curl_easy_setopt(call->easy, CURLOPT_ABSTRACT_UNIX_SOCKET, unix_socket + 1)
                             : curl_easy_setopt(call->easy, CURLOPT_UNIX_SOCKET_PATH, unix_socket);
        free(call->unix_socket);
        call->unix_socket = memory_copy_string(unix_socket);
    }
    return failed;
}

/* The easy handle keeps it for later calls, and curl uses a connection again only for calls that verify as much. */
static CURLcode set_own_service(struct http_call *call, bool is_own_service)
{
    CURL *easy = call->easy;
    if (call->is_own_service == is_own_service) {
        return CURLE_OK;
    }
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_PROXY, is_own_service ? "" : NULL);
    failed = failed != CURLE_OK ? failed : curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, is_own_service ? 0L : 1L);
    failed = failed != CURLE_OK ? failed : curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, is_own_service ? 0L : 2L);
    call->is_own_service = is_own_service;
    return failed;
}

static CURLcode set_blob(CURL *easy, CURLoption option, const struct tls_pem *pem)
{
    if (pem == NULL || pem->text == NULL) {
        return curl_easy_setopt(easy, option, NULL);
    }
    struct curl_blob blob = {.data = pem->text, .len = pem->length, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, &blob);
}

/* curl compares the bytes when it looks for a connection to use again, and keeps no store of CAs that came as bytes:
 * so what the files hold now is what counts. Debian's curl also trusts a folder of the system's CAs unless told not
 * to. */
static CURLcode set_tls(struct http_call *call, struct http_tls *tls)
{
    struct tls_material *material = tls != NULL ? tls_current(tls, clock_monotonic_ms()) : NULL;
    CURL *easy = call->easy;
    if (material == call->tls) {
        tls_material_release(material);
        return CURLE_OK;
    }
    const struct tls_pem *pem = material != NULL ? material->pem : NULL;
    bool has_ca = pem != NULL && pem[TLS_CA].text != NULL;
    char *ca_folder = NULL;
    if (!has_ca) {
        (void)curl_easy_getinfo(easy, CURLINFO_CAPATH, &ca_folder);
    }
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_CAPATH, ca_folder);
    failed = failed != CURLE_OK ? failed : set_blob(easy, CURLOPT_CAINFO_BLOB, has_ca ? &pem[TLS_CA] : NULL);
    failed = failed != CURLE_OK ? failed
                                : set_blob(easy, CURLOPT_SSLCERT_BLOB, pem != NULL ? &pem[TLS_CERTIFICATE] : NULL);
    failed = failed != CURLE_OK ? failed : set_blob(easy, CURLOPT_SSLKEY_BLOB, pem != NULL ? &pem[TLS_KEY] : NULL);
    tls_material_release(call->tls);
    call->tls = material;
    call->tls_ca_path = has_ca ? tls_paths_of(tls)->of[TLS_CA] : NULL;
    return failed;
}

enum status call_prepare(struct http_call *call, const struct http_request *request, struct error *error)
{
    struct header_lines lines = {0};
    const char *body = NULL;
    if (!is_token(request->method) || strlen(request->method) > CALL_METHOD_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the request's method is no method");
    }
    if (strncasecmp(request->url, "http://", 7) != 0 && strncasecmp(request->url, "https://", 8) != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the request's URL is neither http:// nor https://");
    }
    enum status status = copy_request(call, request, &lines, &body, error);
    if (status != STATUS_OK) {
        return status;
    }
    size_t maximum = request->max_response_bytes > 0 ? request->max_response_bytes : CALL_RESPONSE_BYTES_DEFAULT;
    call->body.maximum = maximum;
    CURLcode failed = curl_easy_setopt(call->easy, CURLOPT_URL, request->url);
    failed = failed != CURLE_OK ? failed : curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, lines.nodes);
    failed = failed != CURLE_OK ? failed : set_method(call, request, body);
    failed = failed != CURLE_OK ? failed : set_unix_socket(call, request->unix_socket);
    failed = failed != CURLE_OK ? failed : set_own_service(call, request->is_own_service);
    failed = failed != CURLE_OK ? failed : set_tls(call, request->tls);
    if (failed != CURLE_OK) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "the request cannot be sent: %s", curl_easy_strerror(failed));
    }
    return STATUS_OK;
}

void call_recycle(struct http_call *call)
{
    (void)curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, NULL); /* they borrow what is freed next */
    (void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, NULL);
    free(call->request_memory);
    call->request_memory = NULL;
    call->header_count = 0;
    call->is_head_complete = false;
    call->is_too_large = false;
    call->error_text[0] = '\0';
    buffer_clear(&call->head);
    if (call->body.capacity > CALL_KEPT_BODY_BYTES) {
        buffer_deinit(&call->body);
    } else {
        buffer_clear(&call->body);
    }
}
