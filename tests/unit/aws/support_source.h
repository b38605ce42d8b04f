/* For tests of the sources that need the network: a loop, an HTTP client, one provider, the scripted server. */
#ifndef TESTS_AWS_SUPPORT_SOURCE_H
#define TESTS_AWS_SUPPORT_SOURCE_H

#include "credentials_sources.h"
#include "support.h"
#include "support_script.h"

extern struct loop *source_loop;
extern struct http_client *source_http;

/* What the last question brought. */
struct source_answer {
    int count;
    enum status status;
    char key[64];
    char secret[64];
    char token[64];
    int64_t expires_wall_ms;
    char text[ERROR_TEXT_SIZE];
};
extern struct source_answer source_answer;

/* For cmocka's setup and teardown. The teardown stops the scripted server if source_script started it. */
int source_prepare(void **state);
int source_release(void **state);

void source_script(const struct script_answer *answers, size_t count);
void source_set(const char *variable, const char *value); /* in the environment */
/* Asks and waits for the answer. */
enum status source_ask(struct aws_credentials_provider *provider);

#define SOURCE_TEST(name) cmocka_unit_test_setup_teardown(name, source_prepare, source_release)

#endif
