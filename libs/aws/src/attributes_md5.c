/* See attributes_md5.h. The checksum is the MD5 of all attributes in the order of their names: for each the name, the
 * data type, a byte that tells texts from bytes, and the value, all but the byte behind their lengths. */
#include "attributes_md5.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "crypto/digest.h"
#include "crypto/encode.h"
#include "json_walk.h"

#define SUMMED_MAX ((size_t)32 << 20) /* bytes; SQS allows 1 MiB with the body */

enum transport { TRANSPORT_TEXT = 1, TRANSPORT_BYTES = 2 };

struct attribute {
    char *name;
    size_t name_length;
    struct json_slice value; /* {"DataType": ..., "StringValue" or "BinaryValue": ...} */
};

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct attribute *)left)->name, ((const struct attribute *)right)->name);
}

static bool append_sized(struct buffer *out, const void *bytes, size_t length)
{
    const uint8_t size[] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
    return length <= UINT32_MAX && buffer_append(out, size, sizeof size) && buffer_append(out, bytes, length);
}

static bool append_value(struct buffer *out, struct json_slice attribute, bool is_binary)
{
    const char transport = is_binary ? TRANSPORT_BYTES : TRANSPORT_TEXT;
    size_t length = 0;
    bool is_done = false;
    struct json_slice raw =
        json_scan_member(attribute.data, attribute.length, is_binary ? "BinaryValue" : "StringValue");
    char *text = raw.data == NULL ? NULL : json_scan_string(raw, &length);
    if (text == NULL || !buffer_append(out, &transport, 1)) {
        goto done;
    }
    if (is_binary) {
        size_t decoded_length = 0;
        uint8_t *decoded = crypto_base64_decode(text, length, &decoded_length);
        is_done = decoded != NULL && append_sized(out, decoded, decoded_length);
        free(decoded);
    } else {
        is_done = append_sized(out, text, length);
    }
done:
    free(text);
    return is_done;
}

/* false: no attribute as SQS writes them. */
static bool append_attribute(struct buffer *out, const struct attribute *attribute)
{
    static const char binary[] = "Binary";
    size_t length = 0;
    struct json_slice raw = json_scan_member(attribute->value.data, attribute->value.length, "DataType");
    char *type = raw.data == NULL ? NULL : json_scan_string(raw, &length);
    bool is_done = type != NULL && append_sized(out, attribute->name, attribute->name_length) &&
                   append_sized(out, type, length) &&
                   append_value(out, attribute->value, strncmp(type, binary, sizeof binary - 1) == 0);
    free(type);
    return is_done;
}

/* SIZE_MAX: more than ATTRIBUTES_MD5_MAX. The names are to be freed in every case. */
static size_t collect(struct json_slice object, struct attribute *out)
{
    struct json_walk walk;
    struct json_slice name;
    struct json_slice value;
    size_t count = 0;
    if (!json_walk_object(object, &walk)) {
        return 0;
    }
    while (json_walk_member(&walk, &name, &value)) {
        if (count == ATTRIBUTES_MD5_MAX) {
            return SIZE_MAX;
        }
        out[count].name = json_scan_string(name, &out[count].name_length);
        out[count].value = value;
        count += out[count].name != NULL ? 1 : 0;
    }
    return count;
}

bool attributes_md5_differs(struct json_slice attributes, struct json_slice expected)
{
    struct attribute found[ATTRIBUTES_MD5_MAX] = {{0}};
    char digest[CRYPTO_MD5_HEX_SIZE];
    bool is_different = false;
    bool is_whole = true;
    struct buffer summed;
    buffer_init(&summed, SUMMED_MAX);
    size_t count = json_walk_is_string(expected) ? collect(attributes, found) : 0;
    if (count == 0 || count == SIZE_MAX) {
        goto done;
    }
    qsort(found, count, sizeof found[0], compare);
    for (size_t i = 0; i < count && is_whole; i++) {
        is_whole = append_attribute(&summed, &found[i]);
    }
    if (!is_whole) {
        is_different = true;
    } else if (crypto_md5_hex(summed.data, summed.length, digest, NULL) == STATUS_OK) {
        is_different = expected.length != CRYPTO_MD5_HEX_SIZE + 1 ||
                       strncasecmp(expected.data + 1, digest, CRYPTO_MD5_HEX_SIZE - 1) != 0;
    }
done:
    for (size_t i = 0; i < ATTRIBUTES_MD5_MAX; i++) {
        free(found[i].name);
    }
    buffer_deinit(&summed);
    return is_different;
}
