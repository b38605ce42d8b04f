/* An SQS server that does what the test wrote down: answers in their order, and remembers what came. It checks each
 * request's signature as AWS does. */
#ifndef TESTS_AWS_SUPPORT_SERVER_H
#define TESTS_AWS_SUPPORT_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#define FAKE_ACCESS_KEY "AKIDFAKE"
#define FAKE_SECRET "fake/secret"
#define FAKE_REGION "eu-test-1"

struct fake_answer {
    int status;
    const char *body;
    const char *header_name; /* NULL: none */
    const char *header_value;
    bool is_held; /* never answered, until fake_server_stop */
};

struct fake_request {
    char target[64];
    char date[32];
    char token[32];
    char content_type[64];
    char query_mode[8];
    char *body;
    bool is_signature_right;
};

/* answers: borrowed. What comes beyond them is answered 599. */
void fake_server_start(const struct fake_answer *answers, size_t count);
void fake_server_stop(void);
int fake_server_port(void);
size_t fake_server_count(void); /* requests so far */
const struct fake_request *fake_server_request(size_t index);

#endif
