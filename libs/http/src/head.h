/* What the server itself must know of a request's head, read in one pass, and whether the head can be read in one way
 * only (RFC 9112, sections 2.2, 5 and 6.3). */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

#define HEAD_SIZE_MAX ((size_t)4096) /* request line and header lines, with their line ends */
#define HEAD_REQUEST_ID_MAX 128

struct head {
    const char *problem; /* what makes it unreadable: a detail for the client; NULL: nothing */
    size_t size;
    unsigned length_count;
    unsigned encoding_count;
    unsigned host_count;
    unsigned long long length; /* of the body, where it is given */
    bool expects_continue;
    bool takes_gzip;
    const char *request_id; /* in microhttpd's memory; NULL: none */
    const char *next;       /* where microhttpd's buffer must go on */
};

/* method, target and version as microhttpd's callbacks gave them: they point into its buffer. */
struct head head_read(struct MHD_Connection *connection, const char *method, const char *target, size_t target_length,
                      const char *version);

#endif
