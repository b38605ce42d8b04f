/* microhttpd's callbacks: a request on its way from its first line to its handler and to the end of its reply. All run
 * on a server thread. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stddef.h>

#include <microhttpd.h>

void *request_line_seen(void *server, const char *target, struct MHD_Connection *connection);
enum MHD_Result request_continue(void *server, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload, size_t *upload_length, void **exchange);
void request_completed(void *server, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode how);

#endif
