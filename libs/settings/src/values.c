/* Checks of single values: addresses, URLs, names; and secrets from files. */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "loader.h"

#define QUEUE_URL_MAX 2048

static bool is_port(const char *text)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 5 || text[length] != '\0') {
        return false;
    }
    unsigned long port = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        port = port * 10 + (unsigned long)(*digit - '0');
    }
    return port <= 65535;
}

static bool is_host_port(const char *value)
{
    if (value[0] == '[') {
        const char *end = strchr(value, ']');
        return end != NULL && end > value + 1 && end[1] == ':' && is_port(end + 2);
    }
    const char *colon = strchr(value, ':');
    return colon != NULL && colon > value && strcspn(value, " \t/") == strlen(value) && is_port(colon + 1);
}

enum status settings_check_host_port(const char *value, struct error *error)
{
    if (!is_host_port(value)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "expected host:port, not \"%s\"", value);
    }
    return STATUS_OK;
}

enum status settings_check_listen(const char *value, struct error *error)
{
    bool is_unix = strncmp(value, "unix:", 5) == 0 && value[5] != '\0';
    if (!is_unix && !is_host_port(value)) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected address:port, [address]:port or unix:path, not \"%s\"", value);
    }
    return STATUS_OK;
}

bool settings_listen_is_loopback(const char *listen)
{
    bool is_127 = strncmp(listen, "127.", 4) == 0 && listen[strspn(listen, "0123456789.")] == ':';
    return is_127 || strncmp(listen, "unix:", 5) == 0 || strncmp(listen, "localhost:", 10) == 0 ||
           strncmp(listen, "[::1]:", 6) == 0;
}

/* What stands behind "http://" or "https://"; NULL: neither, or nothing does, or there is white space. */
static const char *after_scheme(const char *value)
{
    const char *rest = NULL;
    if (strncmp(value, "http://", 7) == 0) {
        rest = value + 7;
    } else if (strncmp(value, "https://", 8) == 0) {
        rest = value + 8;
    }
    if (rest == NULL || *rest == '\0' || *rest == '/' || strpbrk(rest, " \t\r\n") != NULL) {
        return NULL;
    }
    return rest;
}

enum status settings_check_http_url(const char *value, struct error *error)
{
    if (after_scheme(value) == NULL) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected http://host[:port] or https://host[:port], not \"%s\"", value);
    }
    return STATUS_OK;
}

enum status settings_check_queue_url(const char *value, struct error *error)
{
    const char *rest = after_scheme(value);
    const char *path = rest == NULL ? NULL : strchr(rest, '/');
    if (path == NULL || path[1] == '\0' || strlen(value) > QUEUE_URL_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected the URL of an SQS queue (https://host/account/name), not \"%s\"", value);
    }
    return STATUS_OK;
}

static enum status check_short_name(const char *value, const char *what, struct error *error)
{
    size_t length = strlen(value);
    size_t good = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    if (length == 0 || length > SETTINGS_NAME_MAX || good != length) {
        return error_set(error, STATUS_INVALID_ARGUMENT,
                         "expected a %s's name of 1 to %d letters, digits, \".\", \"_\" or \"-\", not \"%s\"", what,
                         SETTINGS_NAME_MAX, value);
    }
    return STATUS_OK;
}

enum status settings_check_route_name(const char *value, struct error *error)
{
    return check_short_name(value, "route", error);
}

enum status settings_check_queue_name(const char *value, struct error *error)
{
    return check_short_name(value, "queue", error);
}

enum status settings_read_secret_file(const char *path, char **out_secret, struct error *error)
{
    return secret_read_file(path, out_secret, error);
}
