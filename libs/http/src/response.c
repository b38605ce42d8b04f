/* Collects responses and says in our own terms what became of a transfer: see response.h and call.h. */
#include "response.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "call.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Appends "name\0value\0". false: over the limit. */
static bool keep_header(struct http_call *call, const char *name, size_t name_length, const char *value,
                        size_t value_length)
{
    size_t start = call->head.length;
    if (!buffer_append(&call->head, name, name_length) || !buffer_append(&call->head, "", 1) ||
        !buffer_append(&call->head, value, value_length) || !buffer_append(&call->head, "", 1)) {
        return false;
    }
    for (size_t i = start; i < start + name_length; i++) {
        call->head.data[i] = lower(call->head.data[i]);
    }
    call->header_count++;
    return true;
}

size_t response_take_header(char *bytes, size_t size, size_t count, void *user)
{
    struct http_call *call = user;
    size_t length = size * count;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        buffer_clear(&call->head); /* a status line: what came before was an interim response */
        call->header_count = 0;
        call->is_head_complete = false;
        return length;
    }
    if (length > 0 && (bytes[0] == '\r' || bytes[0] == '\n')) {
        call->is_head_complete = true; /* curl itself takes a connection's end for the end of the head */
        return length;
    }
    const char *colon = memchr(bytes, ':', length);
    if (colon == NULL || memchr(bytes, '\0', length) != NULL) {
        return length; /* nothing that callers could look up */
    }
    const char *value = colon + 1;
    const char *end = bytes + length;
    while (value < end && is_blank(*value)) {
        value++;
    }
    while (end > value && is_blank(end[-1])) {
        end--;
    }
    if (!keep_header(call, bytes, (size_t)(colon - bytes), value, (size_t)(end - value))) {
        call->is_too_large = true;
        return 0; /* ends the transfer */
    }
    return length;
}

size_t response_take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct http_call *call = user;
    size_t length = size * count;
    if (!buffer_append(&call->body, bytes, length)) {
        call->is_too_large = true;
        return 0;
    }
    return length;
}

static struct http_header *list_headers(const struct http_call *call)
{
    struct http_header *headers = memory_alloc_array(call->header_count + 1, sizeof *headers);
    const char *at = call->head.data;
    for (size_t i = 0; i < call->header_count; i++) {
        headers[i].name = at;
        at += strlen(at) + 1;
        headers[i].value = at;
        at += strlen(at) + 1;
    }
    return headers;
}

static enum status failure_status(CURLcode code)
{
    switch ((int)code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED: /* a user name in the URL */
        return STATUS_INVALID_ARGUMENT;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return STATUS_INTERNAL;
    default:
        return STATUS_UNAVAILABLE; /* resolving, connecting, TLS, a connection or an answer that broke off */
    }
}

enum status call_result(struct http_call *call, CURLcode code, struct http_response *out_response,
                        struct http_header **out_headers, struct error *error)
{
    if (call->is_too_large) {
        return error_set(error, STATUS_TOO_LARGE, "the response is longer than %zu bytes of body or %zu of header",
                         call->body.maximum, call->head.maximum);
    }
    if (code != CURLE_OK) {
        const char *text = call->error_text[0] != '\0' ? call->error_text : curl_easy_strerror(code);
        if (code == CURLE_PEER_FAILED_VERIFICATION && call->tls_ca_path != NULL) {
            return error_set(error, failure_status(code), "%s (trusted: %s)", text, call->tls_ca_path);
        }
        return error_set(error, failure_status(code), "%s", text);
    }
    long http_status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status < 200 || http_status > 599 || !call->is_head_complete) {
        return error_set(error, STATUS_UNAVAILABLE, "the peer's answer is no HTTP response");
    }
    *out_headers = list_headers(call);
    *out_response = (struct http_response){.status = (int)http_status,
                                           .body = call->body.data != NULL ? call->body.data : "",
                                           .body_length = call->body.length,
                                           .headers = *out_headers,
                                           .header_count = call->header_count};
    return STATUS_OK;
}

const char *http_response_header(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0) {
            return response->headers[i].value;
        }
    }
    return NULL;
}
