/* The server's page tokens as text, and back: base64url without padding (RFC 4648, section 5). Pure. */
#ifndef TEMPORAL_PAGE_TOKEN_H
#define TEMPORAL_PAGE_TOKEN_H

#include <protobuf-c/protobuf-c.h>

/* NULL for an empty token; free() it. */
char *page_token_text(ProtobufCBinaryData token);

/* NULL gives an empty token. What is no base64url is passed on as it is: the server refuses it. free() .data. */
ProtobufCBinaryData page_token_read(const char *text);

#endif
