/* Completion callbacks: which URL Temporal is given for a chain of runs, whether it is given one at all, and what
 * became of it (docs/adr/0017). A callback carries no news of its own: it only says that a run is worth a look.
 *
 * The URL's last part is a digest of namespace and workflow ID, keyed with the API token: nobody who does not hold that
 * can make one up, a gateway that was started again knows those that were given out before, and nothing has to be
 * remembered. Where no token is set anybody may ask for any run anyway. */
#ifndef GATEWAY_CALLBACKS_H
#define GATEWAY_CALLBACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "settings/settings.h"
#include "watch.h"

#define CALLBACKS_PATH "/v1/callbacks/"

struct callbacks;

/* NULL: settings name no URL, and no callback is asked for. */
struct callbacks *callbacks_new(const struct settings *settings);
void callbacks_destroy(struct callbacks *callbacks);

/* Any thread. false: callbacks are NULL. namespace_name NULL: the connection's. */
bool callbacks_token(const struct callbacks *callbacks, const char *namespace_name, const char *workflow_id,
                     char out_token[WATCH_TOKEN_SIZE]);
bool callbacks_is_token(const char *text); /* by its form */
char *callbacks_url(const struct callbacks *callbacks, const char *token); /* free() it */

/* Any thread: shall a start ask for a callback now? Not while there are few runs, and not soon after Temporal refused
 * one. */
bool callbacks_are_wanted(struct callbacks *callbacks, size_t open_runs, int64_t now_ms);

/* A start that asked for a callback failed like this: is that about the callback? Then it is logged with what to do,
 * the start is to be sent again without, and none is asked for during the next minutes. Any thread. */
bool callbacks_note_refusal(struct callbacks *callbacks, const struct error *error, int64_t now_ms);

#endif
