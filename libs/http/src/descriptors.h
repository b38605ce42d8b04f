/* The process's limit of open files. */
#ifndef HTTP_DESCRIPTORS_H
#define HTTP_DESCRIPTORS_H

#include <stddef.h>

/* Raises the soft limit (RLIMIT_NOFILE) to count where it is lower, as far as the hard limit allows. Returns the limit
 * that holds then. Any thread. */
size_t descriptors_ensure(size_t count);

#endif
