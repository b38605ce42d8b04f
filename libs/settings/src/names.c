/* See names.h. */
#include "settings/names.h"

const char *settings_ack_name(enum settings_ack ack)
{
    switch (ack) {
    case SETTINGS_ACK_START:
        return "start";
    case SETTINGS_ACK_COMPLETION:
        return "completion";
    case SETTINGS_ACK_WORKER:
        break;
    }
    return "worker";
}

const char *settings_order_name(enum settings_order order)
{
    switch (order) {
    case SETTINGS_ORDER_AUTO:
        return "auto";
    case SETTINGS_ORDER_NONE:
        return "none";
    case SETTINGS_ORDER_GROUP:
        break;
    }
    return "group";
}

const char *settings_input_name(enum settings_input input)
{
    switch (input) {
    case SETTINGS_INPUT_BODY:
        return "body";
    case SETTINGS_INPUT_EVENT:
        return "event";
    case SETTINGS_INPUT_MESSAGE:
        break;
    }
    return "message";
}

const char *settings_target_name(enum settings_target target)
{
    switch (target) {
    case SETTINGS_TARGET_WORKFLOW:
        return "workflow";
    case SETTINGS_TARGET_SIGNAL:
        return "signal";
    case SETTINGS_TARGET_SQS:
        break;
    }
    return "sqs";
}

const char *settings_envelope_name(enum settings_envelope envelope)
{
    switch (envelope) {
    case SETTINGS_ENVELOPE_NONE:
        return "none";
    case SETTINGS_ENVELOPE_SNS:
        return "sns";
    case SETTINGS_ENVELOPE_EVENTBRIDGE:
        break;
    }
    return "eventbridge";
}

const char *settings_action_name(enum settings_closed_action action)
{
    switch (action) {
    case SETTINGS_CLOSED_RETURN:
        return "return";
    case SETTINGS_CLOSED_DELETE:
        return "delete";
    case SETTINGS_CLOSED_DEAD_LETTER:
        break;
    }
    return "dead_letter";
}
