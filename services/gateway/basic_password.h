/* The password of an Authorization: Basic header (RFC 7617). Pure. */
#ifndef GATEWAY_BASIC_PASSWORD_H
#define GATEWAY_BASIC_PASSWORD_H

/* What stands behind the first colon; secret_wipe it. NULL: header is NULL, of another scheme, or not well-formed. */
char *basic_password(const char *header);

#endif
