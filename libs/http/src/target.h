/* The request target: percent-decoding, query parameters, and the path part. Pure functions on bytes of a peer. */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

#define TARGET_QUERY_MAX 32 /* query parameters of one request; more is refused */

struct target_pair {
    const char *name;
    const char *value; /* "" where there was no "=" */
};

/* Decodes each %XX once, and '+' as a space if asked. out has room for length + 1 bytes and gets a terminating zero
 * byte; it may be text itself. false: an escape that is not two hex digits, or a zero byte; out is undefined then. */
MUST_CHECK bool target_decode(const char *text, size_t length, bool plus_is_space, char *out, size_t *out_length);

/* Where path and query of an origin-form or absolute-form target are. query is NULL when there is no '?'.
 * false: neither form, or a control character, white space or "#" in it. The slices point into target. */
MUST_CHECK bool target_split(const char *target, const char **out_path, size_t *out_path_length,
                             const char **out_query);

/* Splits a query at '&', decodes into scratch (strlen(query) + 1 bytes), fills pairs, which point into scratch. Empty
 * parts are skipped. false: an invalid escape, what is not UTF-8, or more than TARGET_QUERY_MAX parameters. */
MUST_CHECK bool target_parse_query(const char *query, char *scratch, struct target_pair pairs[TARGET_QUERY_MAX],
                                   size_t *out_count);

#endif
