/* See head.h.
 *
 * microhttpd 0.9.75 takes much that RFC 9112 forbids and that two servers in a row may read in two ways: a bare line
 * feed for a line's end, a header line that begins with white space (it appends that to the *name* of the line before),
 * white space before the colon, a zero byte. What it hands out has lost that, but still stands in its buffer, with a
 * zero byte for each byte of a separator: method, space, target, space, version, CR LF, then name, colon, white space,
 * value, CR LF for each line, and a last CR LF. Whatever does not follow its predecessor in exactly this way was not
 * sent in the one form that is allowed. */
#include "head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accept_encoding.h"

#define CONTENT_LENGTH_DIGITS_MAX 18
#define LINE_END 2
/* From here on microhttpd refuses all that by itself, if told so, and need not leave its buffer in this state. */
#define STRICT_MICROHTTPD 0x00097700

static void refuse(struct head *head, const char *problem)
{
    head->problem = head->problem != NULL ? head->problem : problem;
}

static bool is_name_byte(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_name_byte((unsigned char)name[i])) {
            return false;
        }
    }
    return length > 0;
}

static bool is_value(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)value[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

#if MHD_VERSION < STRICT_MICROHTTPD
/* The value follows its name, and the line the line before. */
static bool is_in_place(struct head *head, const char *name, size_t name_length, const char *value,
                        size_t value_length)
{
    const char *at = name + name_length + 1;
    bool follows = name == head->next && value >= at;
    while (follows && at < value) {
        follows = *at == ' ' || *at == '\t';
        at++;
    }
    head->next = value + value_length + LINE_END;
    return follows;
}

static bool line_is_in_place(const char *method, const char *target, size_t target_length, const char *version)
{
    return method + strlen(method) + 1 == target && target + target_length + 1 == version;
}
#endif

static bool is_header(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

static void read_length(struct head *head, const char *value, size_t length)
{
    head->length_count++;
    if (length == 0 || length > CONTENT_LENGTH_DIGITS_MAX || strspn(value, "0123456789") != length) {
        refuse(head, "Content-Length is no number");
    } else {
        head->length = strtoull(value, NULL, 10);
    }
}

static void read_encoding(struct head *head, const char *value)
{
    head->encoding_count++;
    if (strcasecmp(value, "chunked") != 0) {
        refuse(head, "expected no Transfer-Encoding but chunked");
    }
}

static void read_host(struct head *head, const char *value, size_t length)
{
    head->host_count++;
    if (strcspn(value, " \t,/?#@\\\"<>") != length) {
        refuse(head, "Host is no host");
    }
}

static void read_request_id(struct head *head, const char *value, size_t length)
{
    bool is_visible = length > 0 && length <= HEAD_REQUEST_ID_MAX;
    for (size_t i = 0; is_visible && i < length; i++) {
        is_visible = value[i] > ' ' && value[i] < 0x7f;
    }
    if (is_visible) {
        head->request_id = value;
    }
}

/* By the name's length first: most headers are none of these. */
static void read_known(struct head *head, const char *name, size_t name_length, const char *value, size_t value_length)
{
    switch (name_length) {
    case sizeof MHD_HTTP_HEADER_HOST - 1:
        if (is_header(name, name_length, MHD_HTTP_HEADER_HOST)) {
            read_host(head, value, value_length);
        }
        break;
    case sizeof MHD_HTTP_HEADER_EXPECT - 1:
        head->expects_continue = head->expects_continue || is_header(name, name_length, MHD_HTTP_HEADER_EXPECT);
        break;
    case sizeof "X-Request-Id" - 1:
        if (is_header(name, name_length, "X-Request-Id")) {
            read_request_id(head, value, value_length);
        }
        break;
    case sizeof MHD_HTTP_HEADER_CONTENT_LENGTH - 1:
        if (is_header(name, name_length, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
            read_length(head, value, value_length);
        }
        break;
    case sizeof MHD_HTTP_HEADER_ACCEPT_ENCODING - 1:
        if (is_header(name, name_length, MHD_HTTP_HEADER_ACCEPT_ENCODING)) {
            head->takes_gzip = head->takes_gzip || accept_encoding_takes_gzip(value);
        }
        break;
    case sizeof MHD_HTTP_HEADER_TRANSFER_ENCODING - 1:
        if (is_header(name, name_length, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
            read_encoding(head, value);
        }
        break;
    default:
        break;
    }
}

static enum MHD_Result read_line(void *user, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                 const char *value, size_t value_length)
{
    struct head *head = user;
    (void)kind;
    value = value != NULL ? value : "";
#if MHD_VERSION < STRICT_MICROHTTPD
    if (!is_in_place(head, name, name_length, value, value_length)) {
        refuse(head, "a header line is folded, ends in no CR LF, or holds a zero byte");
        return MHD_NO; /* what follows would be blamed for it */
    }
#endif
    if (!is_name(name, name_length) || !is_value(value, value_length)) {
        refuse(head, "a header's name or value has bytes that it must not have");
        return MHD_NO;
    }
    read_known(head, name, name_length, value, value_length);
    return MHD_YES;
}

/* Several lengths, or a length beside an encoding, are how requests are smuggled. */
static void check_whole(struct head *head, const char *version)
{
    if (head->length_count + head->encoding_count > 1) {
        refuse(head, "the length of its body is given twice, or in two ways");
    }
    if (head->encoding_count > 0 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0) {
        refuse(head, "HTTP/1.0 knows no Transfer-Encoding");
    }
    if (head->host_count > 1 || (head->host_count == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) == 0)) {
        refuse(head, "expected one Host");
    }
}

struct head head_read(struct MHD_Connection *connection, const char *method, const char *target, size_t target_length,
                      const char *version)
{
    struct head head = {.next = version + strlen(version) + LINE_END};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    head.size = info != NULL ? info->header_size : 0;
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, read_line, &head);
    check_whole(&head, version);
#if MHD_VERSION < STRICT_MICROHTTPD
    if (!line_is_in_place(method, target, target_length, version) || head.next + LINE_END != method + head.size) {
        refuse(&head, "its lines do not end in CR LF, or the first has too many blanks or a zero byte");
    }
#else
    (void)target;
    (void)target_length;
#endif
    return head;
}
