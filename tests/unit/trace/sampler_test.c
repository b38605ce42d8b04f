/* Tests of trace/sampler.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/sampler.h"

static bool decides(const char *name, const char *argument, const struct trace_context *parent, uint8_t high_byte)
{
    struct trace_sampler sampler;
    const uint8_t trace_id[TRACE_ID_BYTES] = {1, [8] = high_byte, [15] = 1};
    (void)trace_sampler_parse(name, argument, &sampler);
    return trace_sampler_decide(&sampler, parent, trace_id);
}

static void the_default_follows_the_parent_and_records_what_has_none(void **state)
{
    const struct trace_context sampled = {.flags = TRACE_FLAG_SAMPLED};
    const struct trace_context not = {.flags = 0};
    (void)state;
    assert_true(decides(NULL, NULL, NULL, 0));
    assert_true(decides("", NULL, &sampled, 0));
    assert_false(decides(NULL, NULL, &not, 0));
    assert_true(decides("parentbased_always_off", NULL, &sampled, 0));
    assert_false(decides("parentbased_always_off", NULL, NULL, 0));
}

static void samplers_without_parents_ask_nobody(void **state)
{
    const struct trace_context sampled = {.flags = TRACE_FLAG_SAMPLED};
    const struct trace_context not = {.flags = 0};
    (void)state;
    assert_true(decides("always_on", NULL, &not, 0));
    assert_false(decides("always_off", NULL, &sampled, 0));
    assert_true(decides("traceidratio", "1", &not, 0xff));
    assert_false(decides("traceidratio", "0", &sampled, 0));
}

static void a_ratio_takes_a_part_of_the_trace_ids(void **state)
{
    const struct trace_context sampled = {.flags = TRACE_FLAG_SAMPLED};
    (void)state;
    assert_true(decides("traceidratio", "0.25", NULL, 0x3f));
    assert_false(decides("traceidratio", "0.25", NULL, 0x40));
    assert_true(decides("parentbased_traceidratio", "0.25", &sampled, 0xff));
    assert_false(decides("parentbased_traceidratio", "0.25", NULL, 0xff));
    assert_true(decides("traceidratio", NULL, NULL, 0xff));
}

static void what_is_not_understood_is_said(void **state)
{
    struct trace_sampler sampler;
    static const char *const bad[] = {"x", "-0.1", "1.1", "nan", "0.5x"};
    (void)state;
    assert_false(trace_sampler_parse("xray", NULL, &sampler));
    assert_true(sampler.is_parent_based && sampler.root == TRACE_SAMPLER_ALWAYS_ON);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(trace_sampler_parse("traceidratio", bad[i], &sampler));
        assert_int_equal(sampler.root, TRACE_SAMPLER_RATIO);
        assert_true(sampler.threshold == (uint64_t)1 << 63);
    }
    assert_true(trace_sampler_parse("always_on", "x", &sampler)); /* it needs no argument */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_follows_the_parent_and_records_what_has_none),
        cmocka_unit_test(samplers_without_parents_ask_nobody),
        cmocka_unit_test(a_ratio_takes_a_part_of_the_trace_ids),
        cmocka_unit_test(what_is_not_understood_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
