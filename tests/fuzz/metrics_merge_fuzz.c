/* Fuzzes the merging of metrics texts, which come from other processes. The input is one text, or several with zero
 * bytes between them. Whatever they hold, the sum is a text that ends as it must and merges to itself. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/metrics.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define TEXTS_MAX 4
#define OUT_MAX ((size_t)1 << 20)

static void check_text(const struct buffer *text)
{
    static const char s_end[] = "# EOF\n";
    size_t end_size = sizeof s_end - 1;
    CHECK(text->length >= end_size && strcmp(text->data + text->length - end_size, s_end) == 0);
    CHECK(text->length == end_size || text->data[text->length - end_size - 1] == '\n');
}

/* A small maximum leaves families out, and nothing else. */
static void check_small(const char *const *texts, size_t count, size_t maximum)
{
    struct buffer out;
    buffer_init(&out, maximum);
    metrics_merge(texts, count, &out);
    CHECK(out.length <= maximum);
    if (out.length > 0) {
        check_text(&out);
    }
    buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = memory_copy(data, size);
    const char *texts[TEXTS_MAX] = {copy};
    size_t count = 1;
    char *zero = copy;
    while (count < TEXTS_MAX && (zero = memchr(zero, '\0', size - (size_t)(zero - copy))) != NULL) {
        texts[count++] = ++zero;
    }
    struct buffer out;
    struct buffer again;
    buffer_init(&out, OUT_MAX);
    buffer_init(&again, OUT_MAX);
    metrics_merge(texts, count, &out);
    check_text(&out);
    metrics_merge((const char *const[]){out.data}, 1, &again);
    check_text(&again);
    CHECK(strcmp(out.data, again.data) == 0);
    check_small(texts, count, size % 256);
    buffer_deinit(&out);
    buffer_deinit(&again);
    free(copy);
    return 0;
}
