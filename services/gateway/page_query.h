/* Which page of a list is asked for: ?pageSize=&pageToken=. Pure. */
#ifndef GATEWAY_PAGE_QUERY_H
#define GATEWAY_PAGE_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PAGE_QUERY_SIZE_DEFAULT ((size_t)100)
#define PAGE_QUERY_SIZE_MAX ((size_t)1000)
#define PAGE_QUERY_TOKEN_MAX ((size_t)16384) /* bytes; the server's own are some hundred */

struct page_query {
    size_t size;
    const char *token; /* NULL: the first page */
};

/* NULL: not given. INVALID_ARGUMENT: no number from 1 to PAGE_QUERY_SIZE_MAX; a token that is none of ours. */
MUST_CHECK enum status page_query_read(const char *size, const char *token, struct page_query *out_query,
                                       struct error *error);

/* name=true or false; NULL is false. INVALID_ARGUMENT else. */
MUST_CHECK enum status page_query_read_flag(const char *name, const char *text, bool *out_value, struct error *error);

#endif
