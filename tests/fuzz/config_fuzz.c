/* Fuzzes base/config.h: any text either becomes a tree that can be walked and read, or an error that names the file. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/config.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_error(enum status status, const struct error *error)
{
    CHECK(status == STATUS_INVALID_ARGUMENT && error->status == status);
    CHECK(strncmp(error->text, "fuzz.yaml:", strlen("fuzz.yaml:")) == 0);
}

/* Reads the key as every type; each read works or says why not. */
static void read_key(const struct config_node *mapping, const char *key)
{
    static const char *const choices[] = {"a", "b", NULL};
    struct error error;
    int64_t number = 7;
    bool flag = false;
    int choice = 0;
    char *text = NULL;
    enum status status = config_read_integer(mapping, key, -5, 500, &number, &error);
    CHECK(status == STATUS_OK ? number >= -5 && number <= 500 : number == 7);
    if (status != STATUS_OK) {
        check_error(status, &error);
    }
    number = 7;
    status = config_read_duration_ms(mapping, key, 1, 3600000, &number, &error);
    CHECK(status == STATUS_OK ? number >= 1 && number <= 3600000 : number == 7);
    number = 7;
    status = config_read_bytes(mapping, key, 1, INT64_MAX, &number, &error);
    CHECK(status == STATUS_OK ? number >= 1 : number == 7);
    (void)config_read_boolean(mapping, key, &flag, &error);
    (void)config_read_choice(mapping, key, choices, &choice, &error);
    CHECK(choice >= 0 && choice <= 1);
    status = config_read_string(mapping, key, &text, &error);
    CHECK((status == STATUS_OK) == (text != NULL));
    free(text);
}

static void walk(const struct config_node *node, int depth)
{
    CHECK(depth <= CONFIG_DEPTH_MAX && config_line(node) >= 1);
    CHECK(config_is_scalar(node) == (config_scalar(node) != NULL));
    for (size_t i = 0; i < config_count(node); i++) {
        if (config_is_mapping(node)) {
            const char *key = config_key(node, i);
            read_key(node, key);
            CHECK(config_get(node, key) == config_value(node, i));
            walk(config_value(node, i), depth + 1);
        } else {
            walk(config_item(node, i), depth + 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    (void)setenv("FUZZ", "value", 1);
    char *text = memory_copy(data, size);
    struct config *config = NULL;
    struct error error;
    enum status status = config_parse(text, "fuzz.yaml", &config, &error);
    if (status == STATUS_OK) {
        struct error unknown;
        status = config_check_unknown(config_root(config), &unknown);
        if (status != STATUS_OK) {
            check_error(status, &unknown);
        }
        walk(config_root(config), 0);
        CHECK(config_check_unknown(config_root(config), NULL) == STATUS_OK);
        config_destroy(config);
    } else {
        CHECK(config == NULL);
        check_error(status, &error);
    }
    free(text);
    return 0;
}
