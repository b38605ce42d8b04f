/* Fuzzes what STS, the container endpoints and the instance's metadata service answer, and the parts below: XML values,
 * times, dates, role names. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "container_uri.h"
#include "credentials_json.h"
#include "instance_config.h"
#include "iso_time.h"
#include "service_clock.h"
#include "sts_response.h"
#include "xml_text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(enum status status, struct aws_credentials *credentials, const struct error *error)
{
    CHECK(error->status == status);
    CHECK((status == STATUS_OK) == (credentials->access_key_id != NULL));
    if (status == STATUS_OK) {
        CHECK(credentials->access_key_id[0] != '\0' && credentials->secret_access_key[0] != '\0');
        CHECK(credentials->expires_wall_ms >= 0);
    }
    aws_credentials_deinit(credentials);
}

static void read_answers(const char *text, size_t size)
{
    struct aws_credentials credentials = {0};
    struct error error = {0};
    check(sts_response_parse(text, size, &credentials, &error), &credentials, &error);
    error_init(&error);
    check(credentials_json_parse(text, size, &credentials, &error), &credentials, &error);
    char code[STS_CODE_SIZE];
    char message[STS_TEXT_SIZE];
    sts_response_explain(text, size, code, message);
    CHECK(strpbrk(message, "\r\n") == NULL);
    credentials_json_explain(text, size, message, sizeof message);
    CHECK(strpbrk(message, "\r\n") == NULL);
    static const char *const s_path[] = {"a", "b", NULL};
    char *value = xml_text_find(text, size, s_path);
    CHECK(value == NULL || strlen(value) <= XML_TEXT_MAX);
    free(value);
    char *role = instance_role_parse(text, size);
    CHECK(role == NULL || (role[0] != '\0' && strpbrk(role, "/?#%\r\n ") == NULL));
    free(role);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = memory_copy(data, size); /* terminated, as the HTTP client gives it */
    read_answers(text, size);
    CHECK(iso_time_parse(text) >= -1);
    CHECK(service_clock_parse_date(text) >= -1);
    enum status status = container_uri_check(text, NULL);
    CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    status = container_token_check(text, size, NULL);
    CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    free(text);
    return 0;
}
