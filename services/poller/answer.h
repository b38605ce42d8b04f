/* Texts and numbers in the gateway's answers, read where they stand: a tree of them, of which nothing is kept, would
 * cost more than everything else that is done for a message. Pure. */
#ifndef POLLER_ANSWER_H
#define POLLER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_scan.h"

/* One block for all texts of an answer, unescaped, each with its end. */
struct answer_texts {
    char *memory;
    size_t size;
    size_t used;
};

void answer_texts_init(struct answer_texts *texts, size_t answer_length);
void answer_texts_deinit(struct answer_texts *texts);

/* In texts, or a constant. "": not there, no string, or with a zero byte inside. */
const char *answer_text(struct answer_texts *texts, struct json_slice value);
int64_t answer_integer(struct json_slice value); /* 0: none, or none that is positive and has at most 18 digits */
bool answer_is_true(struct json_slice value);

/* The array that is a member of the object that an answer is; .data NULL: there is none, or the answer is not JSON. */
struct json_slice answer_array(const char *body, size_t length, const char *name);

#endif
