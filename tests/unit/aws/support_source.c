/* Asking one source. */
#include "support_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

struct loop *source_loop;
struct http_client *source_http;
struct source_answer source_answer;
static bool s_is_scripted;

int source_prepare(void **state)
{
    (void)state;
    support_clear_environment();
    source_answer = (struct source_answer){0};
    source_loop = loop_new();
    CHECK(http_client_new(source_loop, &(struct http_client_options){0}, &source_http, NULL) == STATUS_OK);
    return 0;
}

int source_release(void **state)
{
    (void)state;
    http_client_destroy(source_http);
    loop_destroy(source_loop);
    if (s_is_scripted) {
        script_stop();
        s_is_scripted = false;
    }
    support_remove_home();
    return 0;
}

void source_script(const struct script_answer *answers, size_t count)
{
    script_start(answers, count);
    s_is_scripted = true;
}

void source_set(const char *variable, const char *value)
{
    CHECK(setenv(variable, value, 1) == 0);
}

static void on_answer(void *user, const struct aws_credentials *credentials, const struct error *error)
{
    (void)user;
    CHECK((credentials == NULL) != (error == NULL));
    source_answer.count++;
    if (error != NULL) {
        source_answer.status = error->status;
        (void)snprintf(source_answer.text, sizeof source_answer.text, "%s", error->text);
        return;
    }
    source_answer.status = STATUS_OK;
    source_answer.expires_wall_ms = credentials->expires_wall_ms;
    (void)snprintf(source_answer.key, sizeof source_answer.key, "%s", credentials->access_key_id);
    (void)snprintf(source_answer.secret, sizeof source_answer.secret, "%s", credentials->secret_access_key);
    (void)snprintf(source_answer.token, sizeof source_answer.token, "%s",
                   credentials->session_token == NULL ? "" : credentials->session_token);
}

enum status source_ask(struct aws_credentials_provider *provider)
{
    struct aws_credentials_request request = {0};
    source_answer = (struct source_answer){0};
    aws_credentials_provider_get(provider, &request, on_answer, NULL);
    CHECK(source_answer.count == 0); /* never inside the call */
    while (source_answer.count == 0) {
        loop_run_once(source_loop, 1000);
    }
    return source_answer.status;
}
