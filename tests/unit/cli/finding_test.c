/* The list of findings, for programs and for people. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "finding.h"

static void findings_are_counted_by_level_and_told_with_what_to_do(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    struct findings *findings = findings_new();
    findings_add(findings, &finding_allowed, "queue a", "%s is not refused", "DeleteMessage");
    findings_add(findings, &finding_queue_missing, "queue b", "no such queue");
    assert_int_equal(findings_count(findings, FINDING_OK), 1);
    assert_int_equal(findings_count(findings, FINDING_ERROR), 1);
    assert_int_equal(findings_count(findings, FINDING_WARNING), 0);
    const json_t *first = json_array_get(findings_json(findings), 0);
    assert_string_equal(json_string_value(json_object_get(first, "text")), "DeleteMessage is not refused");
    assert_null(json_object_get(first, "cure"));
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    findings_print(findings, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "ok        queue a: DeleteMessage is not refused (allowed)\n"
                              "error     queue b: no such queue (queue-missing)\n"
                              "          -> create the queue, or correct its URL, the region or the endpoint\n");
    free(text);
    findings_destroy(findings);
}

static void what_a_peer_says_may_be_anything(void **state)
{
    (void)state;
    char longer[2000];
    char *text = NULL;
    size_t length = 0;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    struct findings *findings = findings_new();
    findings_add(findings, &finding_unclear, "queue", "\xff\x1b[2J%s", longer);
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    findings_print(findings, out);
    assert_int_equal(fclose(out), 0);
    assert_null(strchr(text, '\x1b'));
    assert_true(length < sizeof longer);
    free(text);
    findings_destroy(findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_counted_by_level_and_told_with_what_to_do),
        cmocka_unit_test(what_a_peer_says_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
