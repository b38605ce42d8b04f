/* Reading credentials from JSON. */
#include "credentials_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/memory.h"
#include "iso_time.h"

/* A member's text, to free(); NULL: not there, no text, or one with a zero byte inside. */
static char *member(const char *text, size_t length, const char *name)
{
    struct json_slice value = json_scan_member(text, length, name);
    size_t value_length = 0;
    char *plain = value.data == NULL ? NULL : json_scan_string(value, &value_length);
    if (plain != NULL && strlen(plain) != value_length) {
        memory_wipe(plain, value_length);
        free(plain);
        return NULL;
    }
    return plain;
}

void credentials_json_explain(const char *text, size_t length, char *out, size_t size)
{
    char *code = member(text, length, "Code");
    char *message = member(text, length, "Message");
    code = code != NULL ? code : member(text, length, "code");
    message = message != NULL ? message : member(text, length, "message");
    const char *first = code == NULL ? "" : code;
    const char *second = message == NULL ? "" : message;
    (void)snprintf(out, size, "%.*s%s%.*s", (int)strcspn(first, "\r\n"), first,
                   first[0] != '\0' && second[0] != '\0' ? ": " : "", (int)strcspn(second, "\r\n"), second);
    free(code);
    free(message);
}

static void release(char *text)
{
    memory_wipe_string(text);
    free(text);
}

enum status credentials_json_parse(const char *text, size_t length, struct aws_credentials *out, struct error *error)
{
    enum status status = STATUS_OK;
    char *code = member(text, length, "Code");
    char *key = member(text, length, "AccessKeyId");
    char *secret = member(text, length, "SecretAccessKey");
    char *token = member(text, length, "Token");
    char *expiration = member(text, length, "Expiration");
    int64_t expires_ms = expiration == NULL ? AWS_CREDENTIALS_NEVER_EXPIRE : iso_time_parse(expiration);
    if (code != NULL && strcmp(code, "Success") != 0) {
        char reason[200];
        credentials_json_explain(text, length, reason, sizeof reason);
        status = error_set(error, STATUS_UNAVAILABLE, "the answer says %s", reason);
    } else if (key == NULL || key[0] == '\0' || secret == NULL || secret[0] == '\0') {
        status = error_set(error, STATUS_MALFORMED, "the answer holds no AccessKeyId and SecretAccessKey");
    } else if (expires_ms < 0) {
        status = error_set(error, STATUS_MALFORMED, "the answer's Expiration is no time");
    } else {
        aws_credentials_init(out, key, secret, token, expires_ms);
    }
    free(code);
    free(key);
    release(secret);
    release(token);
    free(expiration);
    return status;
}
