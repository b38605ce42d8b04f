/* Ends calls of the client early: whoever waits for an answer has gone.
 *
 *     struct temporal_cancel_token *token = temporal_cancel_token_new();
 *     temporal_client_query_async(connection, &(struct temporal_query_options){..., .cancel_token = token}, ...);
 *     temporal_cancel_token_cancel(token);    // from any thread: the call is taken back at the server
 *     temporal_cancel_token_release(token);    // whenever nobody will cancel any more
 *
 * One may be given to many calls, one after another or at once, also after it was canceled: those end at once. */
#ifndef TEMPORAL_CANCEL_TOKEN_H
#define TEMPORAL_CANCEL_TOKEN_H

struct temporal_cancel_token; /* counted: its calls hold references, too */

struct temporal_cancel_token *temporal_cancel_token_new(void);
/* Any thread, any number of times. The calls' done functions run with CANCELED, unless they have another result. */
void temporal_cancel_token_cancel(struct temporal_cancel_token *token);
void temporal_cancel_token_release(struct temporal_cancel_token *token); /* NULL is fine */

#endif
