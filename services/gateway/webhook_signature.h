/* Whether a webhook's body was signed with our secret. Pure; time is passed in; compared in constant time.
 *
 * GitHub: X-Hub-Signature-256 is "sha256=" and the HMAC-SHA256 of the body in hexadecimal
 *   (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
 * Stripe: Stripe-Signature is "t=SECONDS,v1=…": v1 is the HMAC-SHA256 of "SECONDS.BODY", and stands there several times
 *   while two secrets are good; other schemes (v0) are passed over (https://docs.stripe.com/webhooks, "Verify webhook
 *   signatures manually"). */
#ifndef GATEWAY_WEBHOOK_SIGNATURE_H
#define GATEWAY_WEBHOOK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WEBHOOK_TOLERANCE_S 300 /* between Stripe's clock and ours, as Stripe's own libraries have it */

/* header NULL: it was not sent. UNAUTHENTICATED: the text says what is missing or wrong, and is fit for the sender. */
MUST_CHECK enum status webhook_check_github(const char *header, const char *body, size_t length, const char *secret,
                                            struct error *error);
/* now_s: seconds since 1970. */
MUST_CHECK enum status webhook_check_stripe(const char *header, const char *body, size_t length, const char *secret,
                                            int64_t now_s, struct error *error);

#endif
