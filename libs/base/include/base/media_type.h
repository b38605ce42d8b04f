/* Media types of requests: what a body is, and what an answer may be (RFC 9110, sections 8.3 and 12.5.1). Pure. */
#ifndef BASE_MEDIA_TYPE_H
#define BASE_MEDIA_TYPE_H

#include <stdbool.h>

/* content_type is type ("application/json"), in any case, with any parameters. NULL: it is not. */
bool media_type_is(const char *content_type, const char *type);

/* accept takes type: the most specific range that fits it has no q of 0. NULL or empty: everything is taken. */
bool media_type_is_acceptable(const char *accept, const char *type);

/* The same, and it names type itself, not by a range like any: whoever does means it. */
bool media_type_is_named(const char *accept, const char *type);

#endif
