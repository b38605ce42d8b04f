/* Whose run it is that a keyed start meets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "idempotency_match.h"

static struct idempotency make(const char *workflow_id, const char *key, const char *body)
{
    struct idempotency idempotency;
    idempotency_init(&idempotency, workflow_id, key, body, strlen(body));
    return idempotency;
}

/* A run whose memo is that of idempotency, hash_json being another one where it is given. */
static enum idempotency_match match_with(const struct idempotency *wanted, struct idempotency *run_memo)
{
    char key[] = IDEMPOTENCY_MEMO_KEY;
    char hash[] = IDEMPOTENCY_MEMO_HASH;
    char encoding[] = TEMPORAL_ENCODING_JSON;
    struct temporal_memo_value memo[] = {
        {.key = key,
         .value = {.encoding = encoding, .data = run_memo->key_json, .length = strlen(run_memo->key_json)}},
        {.key = hash,
         .value = {.encoding = encoding, .data = run_memo->hash_json, .length = strlen(run_memo->hash_json)}}};
    const struct temporal_describe_result run = {.memo = memo, .memo_count = 2};
    return idempotency_match(wanted, &run);
}

static void the_memo_tells_whose_run_it_is(void **state)
{
    (void)state;
    const struct idempotency wanted = make("w", "k", "{}");
    struct idempotency same = make("w", "k", "{}");
    struct idempotency other_body = make("w", "k", "[]");
    struct idempotency other_key = make("w", "l", "{}");
    const struct temporal_describe_result unkeyed = {0};
    assert_int_equal(match_with(&wanted, &same), IDEMPOTENCY_SAME);
    assert_int_equal(match_with(&wanted, &other_body), IDEMPOTENCY_REUSED);
    assert_int_equal(match_with(&wanted, &other_key), IDEMPOTENCY_OTHER);
    assert_int_equal(idempotency_match(&wanted, &unkeyed), IDEMPOTENCY_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_memo_tells_whose_run_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
