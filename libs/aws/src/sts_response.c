/* Reading STS's answers. */
#include "sts_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "iso_time.h"
#include "xml_text.h"

static char *value_of(const char *text, size_t length, const char *parent, const char *name)
{
    const char *const path[] = {parent, name, NULL};
    return xml_text_find(text, length, path);
}

static bool is_there(const char *text)
{
    return text != NULL && text[0] != '\0';
}

enum status sts_response_parse(const char *text, size_t length, struct aws_credentials *out, struct error *error)
{
    enum status status = STATUS_OK;
    char *key = value_of(text, length, "Credentials", "AccessKeyId");
    char *secret = value_of(text, length, "Credentials", "SecretAccessKey");
    char *token = value_of(text, length, "Credentials", "SessionToken");
    char *expiration = value_of(text, length, "Credentials", "Expiration");
    int64_t expires_ms = expiration == NULL ? -1 : iso_time_parse(expiration);
    if (is_there(key) && is_there(secret) && is_there(token) && expires_ms >= 0) {
        aws_credentials_init(out, key, secret, token, expires_ms);
    } else {
        status = error_set(error, STATUS_MALFORMED, "the answer holds no complete credentials");
    }
    memory_wipe_string(secret);
    memory_wipe_string(token);
    free(key);
    free(secret);
    free(token);
    free(expiration);
    return status;
}

void sts_response_explain(const char *text, size_t length, char out_code[STS_CODE_SIZE], char out_text[STS_TEXT_SIZE])
{
    char *code = value_of(text, length, "Error", "Code");
    char *message = value_of(text, length, "Error", "Message");
    (void)snprintf(out_code, STS_CODE_SIZE, "%s", code == NULL ? "" : code);
    (void)snprintf(out_text, STS_TEXT_SIZE, "%.*s", message == NULL ? 0 : (int)strcspn(message, "\r\n"),
                   message == NULL ? "" : message);
    free(code);
    free(message);
}
