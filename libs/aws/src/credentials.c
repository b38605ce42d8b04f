/* The value type of credentials. */
#include "aws/credentials.h"

#include <stdlib.h>

#include "base/memory.h"

void aws_credentials_init(struct aws_credentials *credentials, const char *access_key_id,
                          const char *secret_access_key, const char *session_token, int64_t expires_wall_ms)
{
    bool has_token = session_token != NULL && session_token[0] != '\0';
    *credentials = (struct aws_credentials){
        .access_key_id = memory_copy_string(access_key_id),
        .secret_access_key = memory_copy_string(secret_access_key),
        .session_token = has_token ? memory_copy_string(session_token) : NULL,
        .expires_wall_ms = expires_wall_ms,
    };
}

void aws_credentials_copy(struct aws_credentials *out, const struct aws_credentials *from)
{
    aws_credentials_init(out, from->access_key_id, from->secret_access_key, from->session_token,
                         from->expires_wall_ms);
    out->generation = from->generation;
}

void aws_credentials_deinit(struct aws_credentials *credentials)
{
    memory_wipe_string(credentials->access_key_id);
    memory_wipe_string(credentials->secret_access_key);
    memory_wipe_string(credentials->session_token);
    free(credentials->access_key_id);
    free(credentials->secret_access_key);
    free(credentials->session_token);
    *credentials = (struct aws_credentials){0};
}
