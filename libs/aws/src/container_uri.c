/* The host rules of container credentials. */
#include "container_uri.h"

#include <string.h>

#include "aws_uri.h"

/* host as in struct aws_endpoint, cut before its port. */
static size_t host_length(const char *host)
{
    if (host[0] == '[') {
        const char *bracket = strchr(host, ']');
        return bracket == NULL ? strlen(host) : (size_t)(bracket - host) + 1;
    }
    return strcspn(host, ":");
}

/* Four numbers, the first of them 127: no name that begins so. */
static bool is_loopback(const char *host, size_t length)
{
    size_t dots = 0;
    for (size_t i = 0; i < length; i++) {
        bool is_digit = host[i] >= '0' && host[i] <= '9';
        if (!is_digit && host[i] != '.') {
            return false;
        }
        dots += host[i] == '.' ? 1 : 0;
    }
    return dots == 3 && strncmp(host, "127.", 4) == 0;
}

enum status container_uri_check(const char *uri, struct error *error)
{
    static const char *const s_hosts[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    struct aws_endpoint endpoint;
    if (aws_endpoint_parse(uri, &endpoint, error) != STATUS_OK) {
        error_prefix(error, "AWS_CONTAINER_CREDENTIALS_FULL_URI: ");
        return STATUS_INVALID_ARGUMENT;
    }
    size_t length = host_length(endpoint.host);
    if (endpoint.is_secure || is_loopback(endpoint.host, length)) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < sizeof s_hosts / sizeof s_hosts[0]; i++) {
        if (strlen(s_hosts[i]) == length && memcmp(s_hosts[i], endpoint.host, length) == 0) {
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_INVALID_ARGUMENT,
                     "AWS_CONTAINER_CREDENTIALS_FULL_URI: over http only loopback, 169.254.170.2, 169.254.170.23 and "
                     "[fd00:ec2::23] may be asked, not %.*s",
                     (int)length, endpoint.host);
}

enum status container_token_check(const char *token, size_t length, struct error *error)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)token[i] < ' ' || token[i] == 0x7f) {
            return error_set(error, STATUS_INVALID_ARGUMENT,
                             "the container's authorization token holds a line break or control character");
        }
    }
    return STATUS_OK;
}
