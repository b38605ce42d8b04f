/* Tests of base/config.h: what is read, and what errors say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/memory.h"

static struct config *parse(const char *text)
{
    struct config *config = NULL;
    struct error error;
    if (config_parse(text, "f.yaml", &config, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return config;
}

static void assert_refused(const char *text, const char *expected)
{
    struct config *config = NULL;
    struct error error;
    error_init(&error);
    assert_int_equal(config_parse(text, "f.yaml", &config, &error), STATUS_INVALID_ARGUMENT);
    assert_null(config);
    if (strstr(error.text, expected) != error.text) {
        fail_msg("\"%s\" does not begin with \"%s\"", error.text, expected);
    }
}

static void reads_a_tree(void **state)
{
    (void)state;
    struct config *config = parse("a: 1\n"
                                  "list:\n"
                                  "  - x\n"
                                  "  - { k: v }\n"
                                  "  - [1, 2]\n"
                                  "map:\n"
                                  "  b: 'two words'\n"
                                  "  c: |\n"
                                  "    line\n");
    const struct config_node *root = config_root(config);
    assert_true(config_is_mapping(root));
    assert_int_equal(config_count(root), 3);
    assert_string_equal(config_key(root, 1), "list");
    assert_null(config_key(root, 3));
    const struct config_node *list = config_get(root, "list");
    assert_true(config_is_list(list));
    assert_false(config_is_mapping(list));
    assert_int_equal(config_line(list), 3);
    assert_int_equal(config_count(list), 3);
    assert_string_equal(config_scalar(config_item(list, 0)), "x");
    assert_null(config_scalar(config_item(list, 1)));
    assert_string_equal(config_scalar(config_get(config_item(list, 1), "k")), "v");
    assert_int_equal(config_line(config_item(list, 2)), 5);
    assert_null(config_item(list, 3));
    const struct config_node *map = config_get(root, "map");
    assert_string_equal(config_scalar(config_get(map, "b")), "two words");
    assert_string_equal(config_scalar(config_value(map, 1)), "line\n");
    assert_null(config_get(root, "absent"));
    assert_null(config_get(list, "a"));
    assert_null(config_get(NULL, "a"));
    assert_int_equal(config_count(NULL), 0);
    config_destroy(config);
    config_destroy(NULL);
}

static void empty_files_and_keys_are_empty_mappings(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "# nothing\n", "---\n...\n", "~\n", "null\n", "{}\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct config *config = parse(texts[i]);
        assert_true(config_is_mapping(config_root(config)));
        assert_int_equal(config_count(config_root(config)), 0);
        assert_null(config_get(config_root(config), "a"));
        assert_int_equal(config_check_unknown(config_root(config), NULL), STATUS_OK);
        config_destroy(config);
    }
    struct config *config = parse("worker:\n  # all commented out\n");
    const struct config_node *worker = config_get(config_root(config), "worker");
    assert_true(config_is_mapping(worker));
    assert_true(config_is_list(worker));
    assert_false(config_is_scalar(worker));
    assert_null(config_get(worker, "a"));
    assert_int_equal(config_check_unknown(config_root(config), NULL), STATUS_OK);
    config_destroy(config);
}

static void what_a_configuration_needs_not_is_refused(void **state)
{
    (void)state;
    assert_refused("a: 1\nb:\n  c: 2\n  c: 3\n", "f.yaml:4: b.c: the key is there twice; first in line 3");
    assert_refused("a: &x 1\n", "f.yaml:1: a: YAML anchors");
    assert_refused("a: [&x 1]\n", "f.yaml:1: a[0]: YAML anchors");
    assert_refused("a: 1\nb: *a\n", "f.yaml:2: b: YAML aliases");
    assert_refused("a: !!str 1\n", "f.yaml:1: a: YAML tags");
    assert_refused("a: ! 1\n", "f.yaml:1: a: YAML tags");
    assert_refused("&k a: 1\n", "f.yaml:1: a: a key has no anchor");
    assert_refused("? [a]\n: 1\n", "f.yaml:1: ?: a key must be a text");
    assert_refused("a: 1\n---\nb: 2\n", "f.yaml:2: more than one YAML document");
    assert_refused("- a\n", "f.yaml:1: expected a mapping");
    assert_refused("just text\n", "f.yaml:1: expected a mapping");
    assert_refused("a: \"x\\0y\"\n", "f.yaml:1: a: a zero byte");
    assert_refused("\"k\\0\": 1\n", "f.yaml:1: k: a zero byte");
}

static void what_is_no_yaml_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("a: 1\n b: 2\n", "f.yaml:2: not valid YAML: ");
    assert_refused("a: [1, 2\n", "f.yaml:2: not valid YAML: ");
    assert_refused("a: 1\nb: \"x\n", "f.yaml:3: not valid YAML: ");
    assert_refused("a: \xFF\n", "f.yaml: at byte 3: not UTF-8");
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[200] = "a: ";
    for (int i = 0; i < CONFIG_DEPTH_MAX - 1; i++) {
        strcat(text, "[");
    }
    for (int i = 0; i < CONFIG_DEPTH_MAX - 1; i++) {
        strcat(text, "]");
    }
    config_destroy(parse(text));
    char deeper[210];
    (void)snprintf(deeper, sizeof deeper, "a: [%s]", text + 3);
    assert_refused(deeper, "f.yaml:1: a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: nested deeper than 16 levels");
}

static void variables_are_replaced(void **state)
{
    (void)state;
    setenv("T_URL", "http://h/q", 1);
    setenv("T_EMPTY", "", 1);
    unsetenv("T_UNSET");
    struct config *config = parse("plain: ${T_URL}\n"
                                  "double: \"a ${T_URL} b ${T_UNSET:x y}\"\n"
                                  "single: '${T_URL}'\n"
                                  "block: |-\n"
                                  "  ${T_URL}\n"
                                  "literal: $${T_URL} $T_URL $$\n"
                                  "default: ${T_UNSET:8080}\n"
                                  "empty_default: ${T_UNSET:}\n"
                                  "empty: ${T_EMPTY}\n"
                                  "empty_takes_default: ${T_EMPTY:z}\n");
    const struct config_node *root = config_root(config);
    assert_string_equal(config_scalar(config_get(root, "plain")), "http://h/q");
    assert_string_equal(config_scalar(config_get(root, "double")), "a http://h/q b x y");
    assert_string_equal(config_scalar(config_get(root, "single")), "${T_URL}");
    assert_string_equal(config_scalar(config_get(root, "block")), "${T_URL}");
    assert_string_equal(config_scalar(config_get(root, "literal")), "${T_URL} $T_URL $$");
    assert_string_equal(config_scalar(config_get(root, "default")), "8080");
    assert_string_equal(config_scalar(config_get(root, "empty_default")), "");
    assert_string_equal(config_scalar(config_get(root, "empty")), "");
    assert_string_equal(config_scalar(config_get(root, "empty_takes_default")), "z");
    config_destroy(config);
}

static void a_variable_is_a_value_and_never_yaml(void **state)
{
    (void)state;
    setenv("T_YAML", "1\nb: {c: 2}", 1);
    setenv("T_NULL", "null", 1);
    struct config *config = parse("a: ${T_YAML}\nn: ${T_NULL}\n");
    assert_int_equal(config_count(config_root(config)), 2);
    assert_string_equal(config_scalar(config_get(config_root(config), "a")), "1\nb: {c: 2}");
    assert_string_equal(config_scalar(config_get(config_root(config), "n")), "null");
    config_destroy(config);
}

static void variables_unset_or_misspelt_are_refused(void **state)
{
    (void)state;
    unsetenv("T_UNSET");
    assert_refused("a:\n  b: ${T_UNSET}\n",
                   "f.yaml:2: a.b: environment variable T_UNSET is not set; ${T_UNSET:...} gives a default");
    assert_refused("a: ${}\n", "f.yaml:1: a: expected ${NAME}");
    assert_refused("a: ${1X}\n", "f.yaml:1: a: expected ${NAME}");
    assert_refused("a: ${A-b}\n", "f.yaml:1: a: expected ${NAME}");
    assert_refused("a: ${T_UNSET\n", "f.yaml:1: a: expected ${NAME}");
    assert_refused("a: ${T_UNSET:x\n", "f.yaml:1: a: expected ${NAME}");
}

static void variables_cannot_blow_the_file_up(void **state)
{
    (void)state;
    char *value = memory_alloc(100001);
    memset(value, 'v', 100000);
    setenv("T_BIG", value, 1);
    assert_refused("a: ${T_BIG}${T_BIG}${T_BIG}${T_BIG}${T_BIG}${T_BIG}\n"
                   "b: ${T_BIG}${T_BIG}${T_BIG}${T_BIG}${T_BIG}${T_BIG}\n",
                   "f.yaml:2: b: the variables' values are over 1048576 bytes");
    unsetenv("T_BIG");
    free(value);
}

static void typed_readers_read(void **state)
{
    (void)state;
    struct config *config = parse("text: hello\nnumber: -42\nquoted: \"7\"\nyes: true\nno: false\n"
                                  "ms: 500ms\ns: 60s\nm: 10m\nh: 12h\nbare: 3\n"
                                  "kib: 10KiB\nmib: 64MiB\nplain: 1048576\nb: 5B\nchoice: worker\n");
    const struct config_node *root = config_root(config);
    struct error error;
    char *text = memory_copy_string("old");
    assert_int_equal(config_read_string(root, "text", &text, &error), STATUS_OK);
    assert_string_equal(text, "hello");
    free(text);
    int64_t number = 0;
    assert_int_equal(config_read_integer(root, "number", -42, 0, &number, &error), STATUS_OK);
    assert_int_equal(number, -42);
    assert_int_equal(config_read_integer(root, "quoted", 0, 7, &number, &error), STATUS_OK);
    assert_int_equal(number, 7);
    bool flag = false;
    assert_int_equal(config_read_boolean(root, "yes", &flag, &error), STATUS_OK);
    assert_true(flag);
    assert_int_equal(config_read_boolean(root, "no", &flag, &error), STATUS_OK);
    assert_false(flag);
    static const struct {
        const char *key;
        int64_t ms;
    } durations[] = {{"ms", 500}, {"s", 60000}, {"m", 600000}, {"h", 43200000}, {"bare", 3000}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(config_read_duration_ms(root, durations[i].key, 0, INT64_MAX, &number, &error), STATUS_OK);
        assert_int_equal(number, durations[i].ms);
    }
    static const struct {
        const char *key;
        int64_t bytes;
    } sizes[] = {{"kib", 10240}, {"mib", 67108864}, {"plain", 1048576}, {"b", 5}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(config_read_bytes(root, sizes[i].key, 0, INT64_MAX, &number, &error), STATUS_OK);
        assert_int_equal(number, sizes[i].bytes);
    }
    static const char *const choices[] = {"start", "completion", "worker", NULL};
    int choice = 0;
    assert_int_equal(config_read_choice(root, "choice", choices, &choice, &error), STATUS_OK);
    assert_int_equal(choice, 2);
    config_destroy(config);
}

static void absent_keys_leave_the_default(void **state)
{
    (void)state;
    struct config *config = parse("{}");
    const struct config_node *root = config_root(config);
    char *text = NULL;
    int64_t number = 5;
    bool flag = true;
    int choice = 1;
    static const char *const choices[] = {"a", NULL};
    assert_int_equal(config_read_string(root, "x", &text, NULL), STATUS_OK);
    assert_int_equal(config_read_integer(root, "x", 0, 1, &number, NULL), STATUS_OK);
    assert_int_equal(config_read_duration_ms(NULL, "x", 0, 1, &number, NULL), STATUS_OK);
    assert_int_equal(config_read_bytes(root, "x", 0, 1, &number, NULL), STATUS_OK);
    assert_int_equal(config_read_boolean(root, "x", &flag, NULL), STATUS_OK);
    assert_int_equal(config_read_choice(root, "x", choices, &choice, NULL), STATUS_OK);
    assert_null(text);
    assert_int_equal(number, 5);
    assert_true(flag);
    assert_int_equal(choice, 1);
    config_destroy(config);
}

static void assert_wrong_number(const char *value, const char *expected)
{
    char *text = memory_format("a:\n  n: %s\n", value);
    struct config *config = parse(text);
    int64_t number = 77;
    struct error error;
    error_init(&error);
    assert_int_equal(config_read_integer(config_get(config_root(config), "a"), "n", 1, 500, &number, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(number, 77);
    assert_string_equal(error.text, expected);
    config_destroy(config);
    free(text);
}

static void wrong_numbers_are_refused_with_what_was_expected(void **state)
{
    (void)state;
    assert_wrong_number("abc", "f.yaml:2: a.n: expected a whole number from 1 to 500, not \"abc\"");
    assert_wrong_number("0", "f.yaml:2: a.n: expected a whole number from 1 to 500, not \"0\"");
    assert_wrong_number("501", "f.yaml:2: a.n: expected a whole number from 1 to 500, not \"501\"");
    assert_wrong_number("1.5", "f.yaml:2: a.n: expected a whole number from 1 to 500, not \"1.5\"");
    assert_wrong_number("5s", "f.yaml:2: a.n: expected a whole number from 1 to 500, not \"5s\"");
    assert_wrong_number("99999999999999999999", "f.yaml:2: a.n: expected a whole number from 1 to 500, not "
                                                "\"99999999999999999999\"");
    assert_wrong_number("\" 5\"", "f.yaml:2: a.n: expected a whole number from 1 to 500, not \" 5\"");
    assert_wrong_number("[5]", "f.yaml:2: a.n: expected a whole number from 1 to 500, not a list");
    assert_wrong_number("{b: 5}", "f.yaml:2: a.n: expected a whole number from 1 to 500, not a mapping");
    assert_wrong_number("", "f.yaml:2: a.n: expected a whole number from 1 to 500, not nothing");
}

static void the_other_readers_refuse_as_well(void **state)
{
    (void)state;
    struct config *config =
        parse("q:\n  - visibility: 13h\n    size: 1TB\n    flag: yes\n    ack: done\n    name: []\n");
    const struct config_node *queue = config_item(config_get(config_root(config), "q"), 0);
    struct error error;
    int64_t number = 1;
    assert_int_equal(config_read_duration_ms(queue, "visibility", 1000, 43200000, &number, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:2: q[0].visibility: expected a duration (500ms, 60s, 10m, 12h) from 1s to "
                                    "12h, not \"13h\"");
    assert_int_equal(config_read_bytes(queue, "size", 1024, INT64_MAX, &number, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:3: q[0].size: expected a size (1048576, 10KiB, 64MiB), at least 1KiB, not "
                                    "\"1TB\"");
    bool flag = false;
    assert_int_equal(config_read_boolean(queue, "flag", &flag, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:4: q[0].flag: expected true or false, not \"yes\"");
    static const char *const choices[] = {"start", "completion", NULL};
    int choice = 0;
    assert_int_equal(config_read_choice(queue, "ack", choices, &choice, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:5: q[0].ack: expected one of start, completion, not \"done\"");
    char *text = NULL;
    assert_int_equal(config_read_string(queue, "name", &text, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:6: q[0].name: expected a text, not a list");
    assert_null(text);
    assert_int_equal(number, 1);
    config_destroy(config);
}

static void errors_do_not_show_what_a_variable_holds(void **state)
{
    (void)state;
    setenv("T_SECRET", "s3cr3t", 1);
    struct config *config = parse("port: ${T_SECRET}\n");
    int64_t number = 0;
    struct error error;
    assert_int_equal(config_read_integer(config_root(config), "port", 1, 65535, &number, &error),
                     STATUS_INVALID_ARGUMENT);
    assert_null(strstr(error.text, "s3cr3t"));
    assert_non_null(strstr(error.text, "environment variable"));
    config_destroy(config);
}

static void unknown_keys_are_found_anywhere(void **state)
{
    (void)state;
    struct config *config = parse("queues:\n"
                                  "  - url: u\n"
                                  "  - url: u\n"
                                  "    visiblity: 60s\n");
    const struct config_node *queues = config_get(config_root(config), "queues");
    for (size_t i = 0; i < config_count(queues); i++) {
        char *text = NULL;
        int64_t number = 0;
        assert_int_equal(config_read_string(config_item(queues, i), "url", &text, NULL), STATUS_OK);
        assert_int_equal(config_read_duration_ms(config_item(queues, i), "visibility", 0, 10, &number, NULL),
                         STATUS_OK);
        free(text);
    }
    struct error error;
    assert_int_equal(config_check_unknown(config_root(config), &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:4: queues[1].visiblity: unknown key; known here: url, visibility");
    config_destroy(config);
}

static void keys_walked_over_are_known(void **state)
{
    (void)state;
    struct config *config = parse("routes:\n  a: {x: 1}\n  b: {}\nextra: {y: 1}\n");
    const struct config_node *routes = config_get(config_root(config), "routes");
    for (size_t i = 0; i < config_count(routes); i++) {
        (void)config_get(config_value(routes, i), "x");
    }
    (void)config_get(config_root(config), "extra");
    struct error error;
    assert_int_equal(config_check_unknown(routes, &error), STATUS_OK);
    assert_int_equal(config_check_unknown(config_root(config), &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "f.yaml:4: extra.y: unknown key; nothing is expected here");
    config_destroy(config);
}

static void files_are_loaded_or_refused_by_name(void **state)
{
    (void)state;
    char path[] = "/tmp/ferry-config-test-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "a: 1\n", 5), 5);
    struct config *config = NULL;
    struct error error;
    assert_int_equal(config_load(path, &config, &error), STATUS_OK);
    assert_string_equal(config_scalar(config_get(config_root(config), "a")), "1");
    config_destroy(config);
    config = NULL;

    char *large = memory_alloc(CONFIG_FILE_MAX + 10);
    memset(large, '#', CONFIG_FILE_MAX + 1);
    assert_int_equal(pwrite(descriptor, large, CONFIG_FILE_MAX + 1, 0), CONFIG_FILE_MAX + 1);
    assert_int_equal(config_load(path, &config, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "larger than 1048576 bytes"));
    assert_int_equal(config_parse(large, "f", &config, &error), STATUS_INVALID_ARGUMENT);
    free(large);
    close(descriptor);
    unlink(path);

    assert_int_equal(config_load(path, &config, &error), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(config_load("/", &config, &error), STATUS_INVALID_ARGUMENT);
    assert_null(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_tree),
        cmocka_unit_test(empty_files_and_keys_are_empty_mappings),
        cmocka_unit_test(what_a_configuration_needs_not_is_refused),
        cmocka_unit_test(what_is_no_yaml_is_refused_with_its_line),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(variables_are_replaced),
        cmocka_unit_test(a_variable_is_a_value_and_never_yaml),
        cmocka_unit_test(variables_unset_or_misspelt_are_refused),
        cmocka_unit_test(variables_cannot_blow_the_file_up),
        cmocka_unit_test(typed_readers_read),
        cmocka_unit_test(absent_keys_leave_the_default),
        cmocka_unit_test(wrong_numbers_are_refused_with_what_was_expected),
        cmocka_unit_test(the_other_readers_refuse_as_well),
        cmocka_unit_test(errors_do_not_show_what_a_variable_holds),
        cmocka_unit_test(unknown_keys_are_found_anywhere),
        cmocka_unit_test(keys_walked_over_are_known),
        cmocka_unit_test(files_are_loaded_or_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
