/* Tests of base/metrics.h: the registry, its text, and sums of several texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/thread.h"

static char *text_of(struct metrics *metrics)
{
    struct buffer out;
    buffer_init(&out, METRICS_TEXT_MAX);
    metrics_write(metrics, &out);
    return buffer_take(&out, NULL);
}

static void writes_open_metrics(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metric_counter_add(metrics_counter(metrics, "ferry_messages", "Messages \"seen\",\nby \\ queue.",
                                       METRIC_LABELS({"queue", "a"}, {"kind", "x"})),
                       3);
    metric_gauge_set(metrics_gauge(metrics, "ferry_open_runs", "Open runs.", NULL), -2);
    const double bounds[] = {0.5, 1.0};
    struct metric_histogram *histogram =
        metrics_histogram(metrics, "ferry_wait_seconds", "Waits.", bounds, 2, METRIC_LABELS({"q", "a"}));
    metric_histogram_observe(histogram, 0.25);
    metric_histogram_observe(histogram, 1.0); /* a bound belongs to its bucket */
    metric_histogram_observe(histogram, 7.5);
    char *text = text_of(metrics);
    assert_string_equal(text, "# TYPE ferry_messages counter\n"
                              "# HELP ferry_messages Messages \\\"seen\\\",\\nby \\\\ queue.\n"
                              "ferry_messages_total{kind=\"x\",queue=\"a\"} 3\n"
                              "# TYPE ferry_open_runs gauge\n"
                              "# HELP ferry_open_runs Open runs.\n"
                              "ferry_open_runs -2\n"
                              "# TYPE ferry_wait_seconds histogram\n"
                              "# HELP ferry_wait_seconds Waits.\n"
                              "ferry_wait_seconds_bucket{q=\"a\",le=\"0.5\"} 1\n"
                              "ferry_wait_seconds_bucket{q=\"a\",le=\"1.0\"} 2\n"
                              "ferry_wait_seconds_bucket{q=\"a\",le=\"+Inf\"} 3\n"
                              "ferry_wait_seconds_sum{q=\"a\"} 8.75\n"
                              "ferry_wait_seconds_count{q=\"a\"} 3\n"
                              "# EOF\n");
    free(text);
    metrics_destroy(metrics);
}

static void an_empty_registry_is_a_valid_text(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    char *text = text_of(metrics);
    assert_string_equal(text, "# EOF\n");
    free(text);
    metrics_destroy(metrics);
    metrics_destroy(NULL);
}

static void the_same_name_and_labels_are_the_same_metric(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric_counter *first = metrics_counter(metrics, "a", "h", METRIC_LABELS({"x", "1"}, {"y", "2"}));
    assert_ptr_equal(first, metrics_counter(metrics, "a", "h", METRIC_LABELS({"y", "2"}, {"x", "1"})));
    assert_ptr_not_equal(first, metrics_counter(metrics, "a", "h", METRIC_LABELS({"x", "2"}, {"y", "1"})));
    assert_ptr_not_equal(first, metrics_counter(metrics, "a", "h", NULL));
    metrics_destroy(metrics);
}

static void label_values_are_escaped_and_cut(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    char longer[301];
    memset(longer, 'l', 300);
    longer[300] = '\0';
    metrics_counter(metrics, "a", "h", METRIC_LABELS({"x", "q\"b\\s\nn\xFF\xC3\xA4"}));
    metrics_counter(metrics, "a", "h", METRIC_LABELS({"x", longer}));
    char *text = text_of(metrics);
    assert_non_null(strstr(text, "a_total{x=\"q\\\"b\\\\s\\nn\xEF\xBF\xBD\xC3\xA4\"} 0\n"));
    assert_null(strstr(text, longer));
    assert_non_null(strstr(text, longer + 100));
    free(text);
    metrics_destroy(metrics);
}

static void series_beyond_the_limit_share_one(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric_counter *shared = NULL;
    for (int i = 0; i < METRICS_SERIES_MAX + 20; i++) {
        char value[16];
        (void)snprintf(value, sizeof value, "v%d", i);
        struct metric_counter *counter = metrics_counter(metrics, "a", "h", METRIC_LABELS({"x", value}));
        metric_counter_add(counter, 1);
        if (i >= METRICS_SERIES_MAX) {
            assert_true(shared == NULL || shared == counter);
            shared = counter;
        }
    }
    assert_int_equal(metric_counter_value(shared), 20);
    char *text = text_of(metrics);
    assert_non_null(strstr(text, "a_total{x=\"other\"} 20\n"));
    assert_non_null(strstr(text, "a_total{x=\"v499\"} 1\n"));
    assert_null(strstr(text, "v500"));
    free(text);
    metrics_destroy(metrics);
}

static void families_that_do_not_fit_are_left_out_whole(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metrics_gauge(metrics, "first", "h", NULL);
    metrics_gauge(metrics, "a_family_with_a_longer_name", "And a longer help as well.", NULL);
    metrics_gauge(metrics, "last", "h", NULL);
    struct buffer out;
    buffer_init(&out, 90);
    metrics_write(metrics, &out);
    assert_string_equal(out.data, "# TYPE first gauge\n# HELP first h\nfirst 0\n"
                                  "# TYPE last gauge\n# HELP last h\nlast 0\n# EOF\n");
    buffer_deinit(&out);
    buffer_init(&out, 3);
    metrics_write(metrics, &out);
    assert_int_equal(out.length, 0);
    buffer_deinit(&out);
    metrics_destroy(metrics);
}

static void count_up(void *user)
{
    metric_gauge_add(user, 1);
}

static void collectors_run_before_each_text(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric_gauge *gauge = metrics_gauge(metrics, "g", "h", NULL);
    metrics_on_collect(metrics, count_up, gauge);
    metrics_on_collect(metrics, count_up, gauge);
    free(text_of(metrics));
    char *text = text_of(metrics);
    assert_non_null(strstr(text, "\ng 4\n"));
    free(text);
    metrics_destroy(metrics);
}

static void observe_many(void *argument)
{
    struct metrics *metrics = argument;
    struct metric_histogram *histogram = metrics_histogram(
        metrics, "h_seconds", "h", metrics_latency_bounds, metrics_latency_bound_count, NULL);
    struct metric_counter *counter = metrics_counter(metrics, "c", "h", NULL);
    for (int i = 0; i < 2000; i++) {
        metric_histogram_observe(histogram, 0.5);
        metric_counter_add(counter, 1);
    }
}

static void threads_lose_nothing(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(thread_start(&threads[i], "observer", 0, observe_many, metrics, NULL), STATUS_OK);
    }
    free(text_of(metrics)); /* while they run */
    for (int i = 0; i < 4; i++) {
        thread_join(threads[i]);
    }
    char *text = text_of(metrics);
    assert_non_null(strstr(text, "h_seconds_sum 4000.0\n"));
    assert_non_null(strstr(text, "h_seconds_count 8000\n"));
    assert_non_null(strstr(text, "h_seconds_bucket{le=\"0.25\"} 0\n"));
    assert_non_null(strstr(text, "h_seconds_bucket{le=\"0.5\"} 8000\n"));
    assert_non_null(strstr(text, "c_total 8000\n"));
    free(text);
    metrics_destroy(metrics);
}

static void texts_of_several_processes_are_summed(void **state)
{
    (void)state;
    const double bounds[] = {1.0};
    char *texts[3];
    for (int i = 0; i < 2; i++) {
        struct metrics *metrics = metrics_new();
        metric_counter_add(metrics_counter(metrics, "c", "h", METRIC_LABELS({"x", "a b"})), 5);
        metric_counter_add(metrics_counter(metrics, "c", "h", METRIC_LABELS({"x", i == 0 ? "first" : "second"})), 1);
        metric_gauge_set(metrics_gauge(metrics, "g", "h", NULL), i == 0 ? -7 : 3);
        metric_histogram_observe(metrics_histogram(metrics, "w", "h", bounds, 1, NULL), i == 0 ? 0.5 : 1.75);
        if (i == 1) {
            metrics_gauge(metrics, "only_second", "h", NULL);
        }
        texts[i] = text_of(metrics);
        metrics_destroy(metrics);
    }
    texts[2] = NULL;
    struct buffer out;
    buffer_init(&out, METRICS_TEXT_MAX);
    metrics_merge((const char *const *)texts, 3, &out);
    assert_string_equal(out.data, "# TYPE c counter\n# HELP c h\n"
                                  "c_total{x=\"a b\"} 10\nc_total{x=\"first\"} 1\nc_total{x=\"second\"} 1\n"
                                  "# TYPE g gauge\n# HELP g h\ng -4\n"
                                  "# TYPE w histogram\n# HELP w h\n"
                                  "w_bucket{le=\"1.0\"} 1\nw_bucket{le=\"+Inf\"} 2\nw_sum 2.25\nw_count 2\n"
                                  "# TYPE only_second gauge\n# HELP only_second h\nonly_second 0\n"
                                  "# EOF\n");
    buffer_deinit(&out);
    free(texts[0]);
    free(texts[1]);
}

static void of_times_the_largest_is_kept(void **state)
{
    (void)state;
#define AGE(seconds) "# TYPE old_seconds gauge\nold_seconds " seconds "\n"
#define WORK "# TYPE w_seconds histogram\nw_seconds_count 1\n"
    static const char *const texts[] = {AGE("7") WORK, AGE("12"), AGE("3") WORK};
    struct buffer out;
    buffer_init(&out, METRICS_TEXT_MAX);
    metrics_merge(texts, 3, &out);
    assert_string_equal(out.data, AGE("12") "# TYPE w_seconds histogram\nw_seconds_count 2\n# EOF\n");
#undef AGE
#undef WORK
    buffer_deinit(&out);
}

static void a_zero_has_no_sign(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    metrics_merge((const char *const[]){"# TYPE g gauge\ng -0.0\n"}, 1, &out);
    assert_string_equal(out.data, "# TYPE g gauge\ng 0\n# EOF\n");
    buffer_deinit(&out);
}

static void one_text_merges_to_itself(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metric_histogram_observe(metrics_histogram(metrics, "w_seconds", "h", metrics_latency_bounds,
                                               metrics_latency_bound_count, METRIC_LABELS({"x", "1"})),
                             0.125);
    char *text = text_of(metrics);
    struct buffer out;
    buffer_init(&out, METRICS_TEXT_MAX);
    metrics_merge((const char *const[]){text}, 1, &out);
    assert_string_equal(out.data, text);
    buffer_deinit(&out);
    free(text);
    metrics_destroy(metrics);
}

static void lines_that_are_no_samples_are_passed_over(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, METRICS_TEXT_MAX);
    metrics_merge((const char *const[]){"x 1\n# TYPE g gauge\nnothing\ng x\ng 1\ng 9223372036854775807\n\n# what"}, 1,
                  &out);
    assert_string_equal(out.data, "# TYPE g gauge\ng 9.22337203685478e+18\n# EOF\n");
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_open_metrics),
        cmocka_unit_test(an_empty_registry_is_a_valid_text),
        cmocka_unit_test(the_same_name_and_labels_are_the_same_metric),
        cmocka_unit_test(label_values_are_escaped_and_cut),
        cmocka_unit_test(series_beyond_the_limit_share_one),
        cmocka_unit_test(families_that_do_not_fit_are_left_out_whole),
        cmocka_unit_test(collectors_run_before_each_text),
        cmocka_unit_test(threads_lose_nothing),
        cmocka_unit_test(texts_of_several_processes_are_summed),
        cmocka_unit_test(of_times_the_largest_is_kept),
        cmocka_unit_test(a_zero_has_no_sign),
        cmocka_unit_test(one_text_merges_to_itself),
        cmocka_unit_test(lines_that_are_no_samples_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
