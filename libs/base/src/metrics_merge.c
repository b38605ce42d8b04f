/* Sums the metrics texts of several processes into one. Pure. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/metrics.h"

static const char s_end[] = "# EOF\n";

struct sample {
    char *name; /* with labels */
    bool is_integer;
    int64_t integer;
    double number; /* the same, for when one of the texts has no integer or the sum gets too big for one */
};

struct family {
    bool takes_largest; /* a time is not summed */
    char *type_line;
    char *help_line;        /* NULL: none */
    struct sample **samples; /* owned, in the order in which they were met: a histogram's lines stay together */
    size_t sample_count;
};

struct merge {
    struct map *families_by_name;
    struct map *samples_by_name;
    struct family **families; /* owned */
    size_t family_count;
    struct family *current; /* whose samples are being read; NULL before the first TYPE line */
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static void read_type(struct merge *merge, const char *line)
{
    const char *name = line + strlen("# TYPE ");
    char *key = memory_copy(name, strcspn(name, " "));
    struct family *family = map_get(merge->families_by_name, key);
    if (family == NULL) {
        family = memory_alloc(sizeof *family);
        family->type_line = memory_copy_string(line);
        family->takes_largest = ends_with(line, "_seconds gauge");
        merge->families = memory_resize_array(merge->families, merge->family_count + 1, sizeof(struct family *));
        merge->families[merge->family_count++] = family;
        map_put(merge->families_by_name, key, family);
    }
    merge->current = family;
    free(key);
}

static void read_sample(struct merge *merge, const char *line)
{
    const char *space = strrchr(line, ' ');
    char *end = NULL;
    double number = space == NULL ? 0.0 : strtod(space + 1, &end);
    if (merge->current == NULL || space == NULL || end == space + 1 || *end != '\0') {
        return;
    }
    bool is_integer = strspn(space + 1, "-0123456789") == strlen(space + 1);
    int64_t integer = is_integer ? strtoll(space + 1, NULL, 10) : 0;

    char *name = memory_copy(line, (size_t)(space - line));
    struct sample *sample = map_get(merge->samples_by_name, name);
    if (sample != NULL) {
        free(name);
        if (merge->current->takes_largest) {
            sample->integer = integer > sample->integer ? integer : sample->integer;
            sample->number = number > sample->number ? number : sample->number;
            sample->is_integer = sample->is_integer && is_integer;
            return;
        }
        sample->number += number;
        sample->is_integer = sample->is_integer && is_integer &&
                             !__builtin_add_overflow(sample->integer, integer, &sample->integer);
        return;
    }
    sample = memory_alloc(sizeof *sample);
    *sample = (struct sample){.name = name, .is_integer = is_integer, .integer = integer, .number = number};
    struct family *family = merge->current;
    if ((family->sample_count & (family->sample_count - 1)) == 0) { /* full at each power of two */
        size_t capacity = family->sample_count == 0 ? 1 : family->sample_count * 2;
        family->samples = memory_resize_array(family->samples, capacity, sizeof(struct sample *));
    }
    family->samples[family->sample_count++] = sample;
    map_put(merge->samples_by_name, name, sample);
}

static void read_line(struct merge *merge, const char *line)
{
    if (starts_with(line, "# TYPE ")) {
        read_type(merge, line);
    } else if (starts_with(line, "# HELP ")) {
        if (merge->current != NULL && merge->current->help_line == NULL) {
            merge->current->help_line = memory_copy_string(line);
        }
    } else if (line[0] != '#' && line[0] != '\0') {
        read_sample(merge, line);
    }
}

static void read_text(struct merge *merge, const char *text)
{
    merge->current = NULL;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char *line = memory_copy(text, length);
        read_line(merge, line);
        free(line);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
}

static bool write_family(const struct family *family, struct buffer *out)
{
    if (!buffer_append_string(out, family->type_line) || !buffer_append(out, "\n", 1)) {
        return false;
    }
    if (family->help_line != NULL &&
        (!buffer_append_string(out, family->help_line) || !buffer_append(out, "\n", 1))) {
        return false;
    }
    for (size_t i = 0; i < family->sample_count; i++) {
        const struct sample *sample = family->samples[i];
        if (!buffer_append_string(out, sample->name)) {
            return false;
        }
        double number = sample->number + 0.0; /* of the two zeros the one without a sign */
        if (!(sample->is_integer ? buffer_append_format(out, " %lld\n", (long long)sample->integer)
                                 : buffer_append_format(out, " %.15g\n", number))) {
            return false;
        }
    }
    return true;
}

static void family_destroy(struct family *family)
{
    for (size_t i = 0; i < family->sample_count; i++) {
        free(family->samples[i]->name);
        free(family->samples[i]);
    }
    free(family->samples);
    free(family->type_line);
    free(family->help_line);
    free(family);
}

void metrics_merge(const char *const *texts, size_t count, struct buffer *out)
{
    size_t maximum = out->maximum;
    size_t end_size = sizeof s_end - 1;
    if (maximum - out->length < end_size) {
        return;
    }
    struct merge merge = {.families_by_name = map_new(), .samples_by_name = map_new()};
    for (size_t i = 0; i < count; i++) {
        if (texts[i] != NULL) {
            read_text(&merge, texts[i]);
        }
    }
    out->maximum = maximum - end_size;
    for (size_t i = 0; i < merge.family_count; i++) {
        size_t before = out->length;
        if (!write_family(merge.families[i], out)) {
            out->length = before;
        }
        family_destroy(merge.families[i]);
    }
    out->maximum = maximum;
    free(merge.families);
    map_destroy(merge.samples_by_name);
    map_destroy(merge.families_by_name);
    CHECK(buffer_append(out, s_end, end_size));
}
