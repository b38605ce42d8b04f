/* Canonical paths and queries, endpoints. */
#include "aws_uri.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

static bool is_unreserved(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static bool append_encoded(struct buffer *out, const char *text, size_t length, bool is_slash_kept)
{
    static const char s_digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        char encoded[3] = {'%', s_digits[byte >> 4], s_digits[byte & 15]};
        bool is_plain = is_unreserved(byte) || (is_slash_kept && byte == '/');
        if (!buffer_append(out, is_plain ? &text[i] : encoded, is_plain ? 1 : sizeof encoded)) {
            return false;
        }
    }
    return true;
}

bool aws_uri_append_encoded(struct buffer *out, const char *text)
{
    return append_encoded(out, text, strlen(text), false);
}

/* RFC 3986 section 5.2.4, and empty segments dropped. out takes strlen(path) + 2 bytes. */
static void normalize_path(const char *path, char *out)
{
    size_t length = 0;
    bool is_directory = true; /* a '/' ends what was kept */
    while (*path != '\0') {
        while (*path == '/') {
            path++;
        }
        size_t segment = strcspn(path, "/");
        if (segment == 0 || (segment == 1 && path[0] == '.')) {
            is_directory = true;
        } else if (segment == 2 && path[0] == '.' && path[1] == '.') {
            while (length > 0 && out[--length] != '/') {
            }
            is_directory = true;
        } else {
            out[length++] = '/';
            memcpy(out + length, path, segment);
            length += segment;
            is_directory = path[segment] == '/';
        }
        path += segment;
    }
    if (is_directory || length == 0) {
        out[length++] = '/';
    }
    out[length] = '\0';
}

bool aws_uri_append_path(struct buffer *out, const char *path, bool is_kept)
{
    if (path == NULL || path[0] == '\0') {
        return buffer_append(out, "/", 1);
    }
    if (is_kept) {
        return append_encoded(out, path, strlen(path), true);
    }
    char *normal = memory_alloc(strlen(path) + 3);
    normalize_path(path, normal);
    bool is_fine = append_encoded(out, normal, strlen(normal), true);
    free(normal);
    return is_fine;
}

static int hex_value(char character)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *found = character == '\0' ? NULL : strchr(digits, character);
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

/* Decodes what is percent-encoded in place; returns the new length. */
static size_t decode_percent(char *text, size_t length)
{
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && i + 2 < length && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            text[out++] = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            text[out++] = text[i];
        }
    }
    return out;
}

struct parameter {
    char *name; /* encoded anew */
    char *value;
};

static bool encode_again(const char *text, size_t length, char **out)
{
    char *copy = memory_copy(text, length);
    struct buffer encoded;
    buffer_init(&encoded, SIZE_MAX / 4);
    bool is_fine = append_encoded(&encoded, copy, decode_percent(copy, length), false);
    free(copy);
    *out = buffer_take(&encoded, &(size_t){0});
    return is_fine;
}

static int compare_parameters(const void *left, const void *right)
{
    const struct parameter *a = left;
    const struct parameter *b = right;
    int by_name = strcmp(a->name, b->name);
    return by_name != 0 ? by_name : strcmp(a->value, b->value);
}

bool aws_uri_append_query(struct buffer *out, const char *query, size_t maximum)
{
    if (query[0] == '\0') {
        return true;
    }
    bool is_fine = true;
    size_t count = 0;
    struct parameter *parameters = memory_alloc_array(maximum, sizeof *parameters);
    while (is_fine && *query != '\0') {
        size_t length = strcspn(query, "&");
        size_t name_length = strcspn(query, "&=");
        if (length > 0 && count == maximum) {
            is_fine = false;
        } else if (length > 0) {
            struct parameter *parameter = &parameters[count++];
            size_t value_start = name_length < length ? name_length + 1 : length;
            is_fine = encode_again(query, name_length, &parameter->name);
            is_fine = encode_again(query + value_start, length - value_start, &parameter->value) && is_fine;
        }
        query += length + (query[length] == '&' ? 1 : 0);
    }
    qsort(parameters, count, sizeof *parameters, compare_parameters);
    for (size_t i = 0; i < count; i++) {
        is_fine = is_fine && buffer_append_format(out, "%s%s=%s", i == 0 ? "" : "&", parameters[i].name,
                                                  parameters[i].value);
        free(parameters[i].name);
        free(parameters[i].value);
    }
    free(parameters);
    return is_fine;
}

enum status aws_endpoint_parse(const char *url, struct aws_endpoint *out, struct error *error)
{
    struct aws_endpoint endpoint = {0};
    const char *host = NULL;
    if (strncasecmp(url, "https://", 8) == 0) {
        endpoint.is_secure = true;
        host = url + 8;
    } else if (strncasecmp(url, "http://", 7) == 0) {
        host = url + 7;
    }
    size_t length = host == NULL ? 0 : strcspn(host, "/?#");
    if (length == 0 || length >= sizeof endpoint.host || memchr(host, '@', length) != NULL || host[0] == ':') {
        return error_set(error, STATUS_INVALID_ARGUMENT, "\"%s\" is not a URL like https://host[:port]", url);
    }
    for (size_t i = 0; i < length; i++) {
        char byte = host[i];
        if (byte <= ' ' || byte >= 0x7f || strchr("\"<>\\^`{|}%", byte) != NULL) {
            return error_set(error, STATUS_INVALID_ARGUMENT, "\"%s\" is not a URL like https://host[:port]", url);
        }
        endpoint.host[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    const char *own_port = endpoint.is_secure ? ":443" : ":80";
    size_t port_length = strlen(own_port);
    if (length > port_length && strcmp(endpoint.host + length - port_length, own_port) == 0) {
        endpoint.host[length - port_length] = '\0';
    } else if (endpoint.host[length - 1] == ':') {
        endpoint.host[length - 1] = '\0';
    }
    *out = endpoint;
    return STATUS_OK;
}
