/* See trace/context.h. */
#include "trace/context.h"

#include <string.h>

#include "base/random.h"

#define VERSION_LENGTH 2
#define PARENT_LENGTH (TRACE_PARENT_SIZE - 1)
#define KNOWN_FLAGS (TRACE_FLAG_SAMPLED | TRACE_FLAG_RANDOM)
#define AWS_EPOCH_DIGITS 8
#define AWS_UNIQUE_DIGITS 24

static bool is_zero(const uint8_t *bytes, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

bool trace_context_is_valid(const struct trace_context *context)
{
    return !is_zero(context->trace_id, sizeof context->trace_id) && !is_zero(context->span_id, sizeof context->span_id);
}

bool trace_context_is_sampled(const struct trace_context *context)
{
    return (context->flags & TRACE_FLAG_SAMPLED) != 0;
}

/* -1: no lower-case hexadecimal digit. */
static int digit_of(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* 2 * count digits. */
static bool read_hex(const char *text, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = digit_of(text[2 * i]);
        int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static void write_hex(const uint8_t *bytes, size_t count, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * count] = '\0';
}

bool trace_context_parse(const char *text, size_t length, struct trace_context *out)
{
    struct trace_context context = {0};
    uint8_t version = 0;
    uint8_t flags = 0;
    if (text == NULL || length < PARENT_LENGTH || !read_hex(text, &version, 1) || version == 0xff) {
        return false;
    }
    bool is_long = length > PARENT_LENGTH;
    if (is_long && (version == 0 || text[PARENT_LENGTH] != '-')) {
        return false;
    }
    const char *trace_id = text + VERSION_LENGTH + 1;
    const char *span_id = trace_id + 2 * sizeof context.trace_id + 1;
    const char *flag_text = span_id + 2 * sizeof context.span_id + 1;
    if (trace_id[-1] != '-' || span_id[-1] != '-' || flag_text[-1] != '-' ||
        !read_hex(trace_id, context.trace_id, sizeof context.trace_id) ||
        !read_hex(span_id, context.span_id, sizeof context.span_id) || !read_hex(flag_text, &flags, 1) ||
        !trace_context_is_valid(&context)) {
        return false;
    }
    context.flags = flags & KNOWN_FLAGS;
    *out = context;
    return true;
}

void trace_context_set_state(struct trace_context *context, const char *text, size_t length)
{
    context->state[0] = '\0';
    if (text == NULL || length > TRACE_STATE_MAX) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < ' ' && byte != '\t') || byte > '~') {
            return;
        }
    }
    memcpy(context->state, text, length);
    context->state[length] = '\0';
}

/* The value of one name of "Root=…;Parent=…;Sampled=1"; NULL: it has none. */
static const char *aws_value(const char *text, size_t length, const char *name, size_t *out_length)
{
    size_t name_length = strlen(name);
    size_t start = 0;
    while (start < length) {
        while (start < length && (text[start] == ' ' || text[start] == ';')) {
            start++;
        }
        size_t end = start;
        while (end < length && text[end] != ';') {
            end++;
        }
        if (end - start > name_length && memcmp(text + start, name, name_length) == 0) {
            *out_length = end - start - name_length;
            return text + start + name_length;
        }
        start = end;
    }
    return NULL;
}

bool trace_context_parse_aws(const char *text, size_t length, struct trace_context *out)
{
    struct trace_context context = {0};
    size_t root_length = 0;
    size_t parent_length = 0;
    size_t sampled_length = 0;
    if (text == NULL) {
        return false;
    }
    const char *root = aws_value(text, length, "Root=", &root_length);
    const char *parent = aws_value(text, length, "Parent=", &parent_length);
    const char *sampled = aws_value(text, length, "Sampled=", &sampled_length);
    if (root == NULL || root_length != 2 + AWS_EPOCH_DIGITS + 1 + AWS_UNIQUE_DIGITS || memcmp(root, "1-", 2) != 0 ||
        root[2 + AWS_EPOCH_DIGITS] != '-' || parent == NULL || parent_length != 2 * sizeof context.span_id) {
        return false;
    }
    if (!read_hex(root + 2, context.trace_id, AWS_EPOCH_DIGITS / 2) ||
        !read_hex(root + 2 + AWS_EPOCH_DIGITS + 1, context.trace_id + AWS_EPOCH_DIGITS / 2, AWS_UNIQUE_DIGITS / 2) ||
        !read_hex(parent, context.span_id, sizeof context.span_id) || !trace_context_is_valid(&context)) {
        return false;
    }
    context.flags = sampled != NULL && sampled_length == 1 && *sampled == '1' ? TRACE_FLAG_SAMPLED : 0;
    *out = context;
    return true;
}

void trace_id_format(const uint8_t trace_id[TRACE_ID_BYTES], char out[TRACE_ID_SIZE])
{
    write_hex(trace_id, TRACE_ID_BYTES, out);
}

void trace_span_id_format(const uint8_t span_id[TRACE_SPAN_ID_BYTES], char out[TRACE_SPAN_ID_SIZE])
{
    write_hex(span_id, TRACE_SPAN_ID_BYTES, out);
}

void trace_context_format(const struct trace_context *context, char out[TRACE_PARENT_SIZE])
{
    const uint8_t flags = context->flags & KNOWN_FLAGS;
    const uint8_t version = 0;
    write_hex(&version, 1, out);
    out[2] = '-';
    trace_id_format(context->trace_id, out + 3);
    out[3 + TRACE_ID_SIZE - 1] = '-';
    trace_span_id_format(context->span_id, out + 3 + TRACE_ID_SIZE);
    out[3 + TRACE_ID_SIZE + TRACE_SPAN_ID_SIZE - 1] = '-';
    write_hex(&flags, 1, out + 3 + TRACE_ID_SIZE + TRACE_SPAN_ID_SIZE);
}

void trace_context_new(struct trace_context *out)
{
    *out = (struct trace_context){.flags = KNOWN_FLAGS};
    while (!trace_context_is_valid(out)) {
        random_bytes(out->trace_id, sizeof out->trace_id);
        random_bytes(out->span_id, sizeof out->span_id);
    }
}

void trace_context_child(const struct trace_context *parent, struct trace_context *out)
{
    struct trace_context child = *parent;
    do {
        random_bytes(child.span_id, sizeof child.span_id);
    } while (is_zero(child.span_id, sizeof child.span_id));
    *out = child;
}

/* FNV-1a, and then the finalizer of SplitMix64, since seeds that are alike must not give IDs that are. */
static uint64_t hash_of(const uint8_t *bytes, size_t count, const char *seed)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3U;
    }
    for (const char *at = seed; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3U;
    }
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebU;
    return hash ^ (hash >> 31);
}

void trace_context_child_of_seed(const struct trace_context *parent, const char *seed, struct trace_context *out)
{
    struct trace_context child = *parent;
    uint64_t hash = hash_of(parent->trace_id, sizeof parent->trace_id, seed);
    if (hash == 0) {
        hash = 1;
    }
    for (size_t i = 0; i < sizeof child.span_id; i++) {
        child.span_id[i] = (uint8_t)(hash >> (8 * i));
    }
    *out = child;
}
