/* The words that the configuration has for its choices, for whoever tells of them. Pure; constants. */
#ifndef SETTINGS_NAMES_H
#define SETTINGS_NAMES_H

#include "settings/settings.h"

const char *settings_ack_name(enum settings_ack ack);                     /* "start", "completion", "worker" */
const char *settings_order_name(enum settings_order order);               /* "auto", "none", "group" */
const char *settings_input_name(enum settings_input input);               /* "message", "body", "event" */
const char *settings_target_name(enum settings_target target);            /* "workflow", "signal", "sqs" */
const char *settings_envelope_name(enum settings_envelope envelope);      /* "none", "sns", "eventbridge" */
const char *settings_action_name(enum settings_closed_action action);     /* "return", "delete", "dead_letter" */

#endif
