/* Why a message can never be accepted: the words of the gateway's answers and of dead letters. Pure. */
#ifndef MESSAGES_ENTRY_CLASS_H
#define MESSAGES_ENTRY_CLASS_H

enum entry_class {
    ENTRY_CLASS_BAD_EVENT, /* no CloudEvent, or none that we read */
    ENTRY_CLASS_TEMPLATE,  /* a field that the route's templates need is missing */
    ENTRY_CLASS_NOT_JSON,  /* a body that the route needs as JSON is none */
    ENTRY_CLASS_SCHEMA,    /* the body is not as the route's schema wants it */
    ENTRY_CLASS_TOO_LARGE, /* Temporal, or SQS, takes nothing of that size */
    ENTRY_CLASS_KEY_REUSED /* its Idempotency-Key was another body's */
};

const char *entry_class_name(enum entry_class class);

#endif
