/* See answer.h. */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"

#define DIGITS_MAX 18 /* always fit */

/* A text without its quotes and with its end is shorter than it is in the answer. */
void answer_texts_init(struct answer_texts *texts, size_t answer_length)
{
    *texts = (struct answer_texts){.memory = memory_alloc(answer_length + 1), .size = answer_length + 1};
}

void answer_texts_deinit(struct answer_texts *texts)
{
    free(texts->memory);
    *texts = (struct answer_texts){0};
}

const char *answer_text(struct answer_texts *texts, struct json_slice value)
{
    size_t length = 0;
    CHECK(value.length <= texts->size - texts->used);
    char *text = texts->memory + texts->used;
    if (!json_scan_string_into(value, text, &length) || strlen(text) != length) {
        return "";
    }
    texts->used += length + 1;
    return text;
}

int64_t answer_integer(struct json_slice value)
{
    int64_t number = 0;
    if (value.length > DIGITS_MAX) {
        return 0;
    }
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return 0;
        }
        number = number * 10 + (value.data[i] - '0');
    }
    return number;
}

bool answer_is_true(struct json_slice value)
{
    return value.length == 4 && memcmp(value.data, "true", 4) == 0;
}

struct json_slice answer_array(const char *body, size_t length, const char *name)
{
    struct json_slice array = json_scan_member(body, length, name);
    return array.data != NULL && array.data[0] == '[' ? array : (struct json_slice){0};
}
