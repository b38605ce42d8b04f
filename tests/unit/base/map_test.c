/* Tests of base/map.h and base/list.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"

static char s_values[5000];

static void name_of(int number, char name[16])
{
    (void)snprintf(name, 16, "key-%d", number);
}

static void gives_back_what_was_put(void **state)
{
    (void)state;
    struct map *map = map_new();
    assert_null(map_get(map, "a"));
    assert_null(map_remove(map, "a"));
    assert_null(map_put(map, "a", &s_values[1]));
    assert_ptr_equal(map_get(map, "a"), &s_values[1]);
    assert_ptr_equal(map_put(map, "a", &s_values[2]), &s_values[1]);
    assert_ptr_equal(map_get(map, "a"), &s_values[2]);
    assert_null(map_put(map, "", &s_values[3]));
    assert_ptr_equal(map_get(map, ""), &s_values[3]);
    assert_int_equal(map_count(map), 2);
    assert_ptr_equal(map_remove(map, "a"), &s_values[2]);
    assert_null(map_get(map, "a"));
    assert_int_equal(map_count(map), 1);
    map_destroy(map);
    map_destroy(NULL);
}

static void copies_its_keys(void **state)
{
    (void)state;
    struct map *map = map_new();
    char key[] = "first";
    map_put(map, key, &s_values[0]);
    key[0] = 'F';
    assert_ptr_equal(map_get(map, "first"), &s_values[0]);
    assert_null(map_get(map, key));
    map_destroy(map);
}

static void holds_thousands_through_puts_and_removes(void **state)
{
    (void)state;
    struct map *map = map_new();
    char name[16];
    for (int i = 0; i < 5000; i++) {
        name_of(i, name);
        assert_null(map_put(map, name, &s_values[i]));
    }
    for (int i = 0; i < 5000; i += 2) {
        name_of(i, name);
        assert_ptr_equal(map_remove(map, name), &s_values[i]);
    }
    for (int i = 0; i < 5000; i++) {
        name_of(i, name);
        assert_ptr_equal(map_get(map, name), i % 2 == 0 ? NULL : &s_values[i]);
    }
    for (int round = 0; round < 20000; round++) { /* removed places are used again */
        name_of(round % 2 == 0 ? 100000 : 100001, name);
        map_put(map, name, &s_values[0]);
        assert_ptr_equal(map_remove(map, name), &s_values[0]);
    }
    assert_int_equal(map_count(map), 2500);
    map_destroy(map);
}

static void walks_every_entry_once_while_removing(void **state)
{
    (void)state;
    struct map *map = map_new();
    char name[16];
    for (int i = 0; i < 100; i++) {
        name_of(i, name);
        map_put(map, name, &s_values[i]);
    }
    char seen[100] = {0};
    size_t position = 0;
    const char *key = NULL;
    void *value = NULL;
    while (map_next(map, &position, &key, &value)) {
        ptrdiff_t index = (char *)value - s_values;
        name_of((int)index, name);
        assert_string_equal(key, name);
        seen[index]++;
        if (index % 3 != 0) {
            map_remove(map, name);
        }
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_int_equal(map_count(map), 34);
    map_destroy(map);
}

struct item {
    int number;
    struct list node;
};

static void lists_keep_their_order(void **state)
{
    (void)state;
    struct list head;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_take_first(&head));
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    list_append(&head, &items[1].node);
    list_append(&head, &items[2].node);
    list_prepend(&head, &items[0].node);
    list_remove(&items[1].node);
    list_remove(&items[1].node);
    assert_int_equal(LIST_ITEM(list_take_first(&head), struct item, node)->number, 0);
    assert_int_equal(LIST_ITEM(list_take_first(&head), struct item, node)->number, 2);
    assert_true(list_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(copies_its_keys),
        cmocka_unit_test(holds_thousands_through_puts_and_removes),
        cmocka_unit_test(walks_every_entry_once_while_removing),
        cmocka_unit_test(lists_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
