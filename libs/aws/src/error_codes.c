/* Lists of error codes. */
#include "error_codes.h"

#include <stddef.h>
#include <string.h>

static const char *const s_throttled[] = {
    "BandwidthLimitExceeded", "EC2ThrottledException", "KmsThrottled", "LimitExceededException", "OverLimit",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
    "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException",
    "TooManyRequestsException", "TransactionInProgressException", NULL};
static const char *const s_transient[] = {"InternalError", "InternalFailure", "InternalServerError",
                                          "PriorRequestNotComplete", "QueueDeletedRecently", "RequestTimeout",
                                          "RequestTimeoutException", "ServiceUnavailable",
                                          "ServiceUnavailableException", NULL};
static const char *const s_clock[] = {"AuthFailure", "InvalidSignatureException", "RequestExpired",
                                      "RequestInTheFuture", "RequestTimeTooSkewed", "SignatureDoesNotMatch", NULL};
static const char *const s_expired[] = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId",
                                        "UnrecognizedClientException", NULL};
static const char *const s_refused[] = {"AccessDenied", "AccessDeniedException", "InvalidAccessKeyId",
                                        "InvalidSecurity", "IncompleteSignature", "IncompleteSignatureException",
                                        "KmsAccessDenied", "KmsDisabled", "KmsInvalidKeyUsage", "KmsInvalidState",
                                        "KmsNotFound", "KmsOptInRequired", "MissingAuthenticationToken",
                                        "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", NULL};

const char *error_code_plain(const char *code)
{
    const char *dot = strrchr(code, '.');
    return dot == NULL ? code : dot + 1;
}

bool error_code_is_one_of(const char *plain_code, const char *const *codes)
{
    for (; *codes != NULL; codes++) {
        if (strcmp(plain_code, *codes) == 0) {
            return true;
        }
    }
    return false;
}

bool error_code_is(enum error_code_group group, const char *code)
{
    static const char *const *const s_groups[] = {
        [ERROR_CODES_THROTTLED] = s_throttled, [ERROR_CODES_TRANSIENT] = s_transient, [ERROR_CODES_CLOCK] = s_clock,
        [ERROR_CODES_EXPIRED] = s_expired,     [ERROR_CODES_REFUSED] = s_refused};
    return error_code_is_one_of(error_code_plain(code), s_groups[group]);
}
