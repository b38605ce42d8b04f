/* Equality, and elements that occur twice: found by sorting hashes, so that a long array does not cost its square. */
#include "value.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define DEPTH_MAX 2100 /* levels: more than jansson parses */

static bool equals(const json_t *left, const json_t *right, size_t depth, size_t *work_left);

static bool objects_equal(const json_t *left, const json_t *right, size_t depth, size_t *work_left)
{
    const char *name = NULL;
    const json_t *member = NULL;
    if (json_object_size(left) != json_object_size(right)) {
        return false;
    }
    VALUE_FOR_EACH_MEMBER(left, name, member)
    {
        const json_t *other = json_object_get(right, name);
        if (other == NULL || !equals(member, other, depth + 1, work_left)) {
            return false;
        }
    }
    return true;
}

static bool arrays_equal(const json_t *left, const json_t *right, size_t depth, size_t *work_left)
{
    size_t count = json_array_size(left);
    if (count != json_array_size(right)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!equals(json_array_get(left, i), json_array_get(right, i), depth + 1, work_left)) {
            return false;
        }
    }
    return true;
}

static bool equals(const json_t *left, const json_t *right, size_t depth, size_t *work_left)
{
    if (depth > DEPTH_MAX || !value_spend(work_left, 1)) {
        *work_left = 0;
        return false;
    }
    if (json_is_number(left) && json_is_number(right)) {
        return value_compare_numbers(left, right) == 0;
    }
    if (json_typeof(left) != json_typeof(right)) {
        return false;
    }
    switch (json_typeof(left)) {
    case JSON_STRING:
        return json_string_length(left) == json_string_length(right) &&
               memcmp(json_string_value(left), json_string_value(right), json_string_length(left)) == 0;
    case JSON_ARRAY:
        return arrays_equal(left, right, depth, work_left);
    case JSON_OBJECT:
        return objects_equal(left, right, depth, work_left);
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
    default:
        return true;
    }
}

bool value_equals(const json_t *left, const json_t *right, size_t *work_left)
{
    return equals(left, right, 0, work_left);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length) /* FNV-1a */
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#define HASH_FIRST UINT64_C(0xcbf29ce484222325)

static uint64_t hash_number(const json_t *value)
{
    double real = json_number_value(value) + 0.0; /* -0.0 becomes 0.0 */
    return hash_bytes(HASH_FIRST + JSON_REAL, &real, sizeof real);
}

/* Equal values have equal hashes. */
static uint64_t hash_value(const json_t *value, size_t depth, size_t *work_left)
{
    if (depth > DEPTH_MAX || !value_spend(work_left, 1)) {
        *work_left = 0;
        return 0;
    }
    if (json_is_number(value)) {
        return hash_number(value);
    }
    uint64_t hash = HASH_FIRST + json_typeof(value);
    if (json_is_string(value)) {
        return hash_bytes(hash, json_string_value(value), json_string_length(value));
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        uint64_t element = hash_value(json_array_get(value, i), depth + 1, work_left);
        hash = hash_bytes(hash, &element, sizeof element);
    }
    if (json_is_object(value)) {
        const char *name = NULL;
        const json_t *member = NULL;
        VALUE_FOR_EACH_MEMBER(value, name, member)
        {
            uint64_t one = hash_value(member, depth + 1, work_left);
            hash += hash_bytes(hash_bytes(HASH_FIRST, name, strlen(name)), &one, sizeof one); /* in any order */
        }
    }
    return hash;
}

struct element {
    uint64_t hash;
    size_t index;
};

static int compare_elements(const void *left, const void *right)
{
    const struct element *first = left;
    const struct element *second = right;
    if (first->hash != second->hash) {
        return first->hash < second->hash ? -1 : 1;
    }
    return (first->index > second->index) - (first->index < second->index);
}

/* Among the elements of the same hash as elements[first]. */
static bool find_equal(const json_t *array, const struct element *elements, size_t count, size_t first,
                       size_t *work_left, size_t *out_second)
{
    for (size_t i = first + 1; i < count && elements[i].hash == elements[first].hash && *work_left > 0; i++) {
        if (value_equals(json_array_get(array, elements[first].index), json_array_get(array, elements[i].index),
                         work_left)) {
            *out_second = i;
            return true;
        }
    }
    return false;
}

bool value_elements_are_unique(const json_t *array, size_t *work_left, size_t *out_first, size_t *out_second)
{
    size_t count = json_array_size(array);
    if (count < 2) {
        return true;
    }
    bool is_unique = true;
    struct element *elements = memory_alloc_array(count, sizeof *elements);
    for (size_t i = 0; i < count; i++) {
        elements[i] = (struct element){.hash = hash_value(json_array_get(array, i), 0, work_left), .index = i};
    }
    qsort(elements, count, sizeof *elements, compare_elements);
    for (size_t i = 0; i < count && is_unique && *work_left > 0; i++) {
        size_t second = 0;
        if (find_equal(array, elements, count, i, work_left, &second)) {
            *out_first = elements[i].index;
            *out_second = elements[second].index;
            is_unique = false;
        }
    }
    free(elements);
    return is_unique && *work_left > 0;
}

size_t value_count_code_points(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += ((unsigned char)text[i] & 0xC0U) != 0x80U ? 1 : 0;
    }
    return count;
}
