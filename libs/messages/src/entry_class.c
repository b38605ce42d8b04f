/* See entry_class.h. */
#include "messages/entry_class.h"

const char *entry_class_name(enum entry_class class)
{
    switch (class) {
    case ENTRY_CLASS_BAD_EVENT:
        return "bad_event";
    case ENTRY_CLASS_TEMPLATE:
        return "template";
    case ENTRY_CLASS_NOT_JSON:
        return "not_json";
    case ENTRY_CLASS_SCHEMA:
        return "schema";
    case ENTRY_CLASS_KEY_REUSED:
        return "key_reused";
    case ENTRY_CLASS_TOO_LARGE:
        break;
    }
    return "too_large";
}
