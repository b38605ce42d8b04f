/* curl's sockets in an epoll set, for curl_multi_socket_action: what a turn of the loop costs does not grow with the
 * number of calls that wait. Loop's thread, but for sockets_wakeup. */
#ifndef HTTP_SOCKETS_H
#define HTTP_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/error.h"

/* A connection's socket stays in the epoll set between requests, so that a request on a kept connection costs no
 * epoll_ctl: what curl wants to know is compared with what the set reports, and mended only when it matters. */
struct socket_interest {
    bool is_connection; /* opened by sockets_open: we learn of its end */
    uint32_t wanted;    /* EPOLL bits curl asks for; 0: none now */
    uint32_t set;       /* EPOLL bits in the set; 0: not in it */
};

struct sockets {
    CURLM *multi; /* borrowed */
    int epoll;
    int wakeup;   /* eventfd, in the set */
    int64_t due_ms; /* when curl wants to be called for its timers; INT64_MAX: not */
    struct socket_interest *interests; /* by descriptor */
    size_t interest_count;
};

/* Sets the multi handle's socket and timer functions. */
MUST_CHECK enum status sockets_init(struct sockets *sockets, CURLM *multi, struct error *error);
void sockets_deinit(struct sockets *sockets); /* after curl_multi_cleanup */

/* Lets curl do what is due, waits at most timeout_ms for sockets, lets curl handle them. Transfers that ended are
 * found by curl_multi_info_read. */
void sockets_run_due(struct sockets *sockets);
void sockets_wait(struct sockets *sockets, int64_t timeout_ms);
void sockets_wakeup(struct sockets *sockets); /* any thread */

/* For CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION. */
curl_socket_t sockets_open(void *sockets, curlsocktype purpose, struct curl_sockaddr *address);
int sockets_close(void *sockets, curl_socket_t descriptor);

#endif
