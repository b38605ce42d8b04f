/* Percent-encoding of path segments and query values (RFC 3986, section 2). Pure. */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

/* Everything but unreserved characters is escaped; free() it. */
char *percent_encode(const char *text);

#endif
