/* The error codes that AWS's services share, by what is to be done about them. Private to libs/aws. */
#ifndef AWS_SRC_ERROR_CODES_H
#define AWS_SRC_ERROR_CODES_H

#include <stdbool.h>

enum error_code_group {
    ERROR_CODES_THROTTLED, /* slow down, then again */
    ERROR_CODES_TRANSIENT, /* again */
    ERROR_CODES_CLOCK,     /* perhaps our clock is wrong */
    ERROR_CODES_EXPIRED,   /* load the credentials anew */
    ERROR_CODES_REFUSED    /* the credentials are no good for this */
};

/* code may have a prefix that ends with a dot ("AWS.SimpleQueueService."). */
bool error_code_is(enum error_code_group group, const char *code);
const char *error_code_plain(const char *code); /* without that prefix */
bool error_code_is_one_of(const char *plain_code, const char *const *codes); /* codes ends with NULL */

#endif
