/* ID templates: what is accepted, and how they are walked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "settings/template.h"

#define FIELDS_BEHIND "{MessageDeduplicationId}, {SequenceNumber}, {attributes.NAME}, {event.NAME} or {body.PATH}"

static void assert_refused(const char *text, const char *expected)
{
    struct error error = {0};
    assert_int_equal(settings_template_check(text, &error), STATUS_INVALID_ARGUMENT);
    assert_string_equal(error.text, expected);
}

static void accepts_text_and_known_fields(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(settings_template_check("{MessageId}", &error), STATUS_OK);
    assert_int_equal(settings_template_check("plain", &error), STATUS_OK);
    assert_int_equal(settings_template_check("a-{MessageGroupId}/{MessageDeduplicationId}.{SequenceNumber}", &error),
                     STATUS_OK);
}

static void fields_of_attributes_and_body_carry_their_names(void **state)
{
    (void)state;
    const char *cursor = "{attributes.tenant.id}{body.order.id}";
    struct settings_template_part part;
    const char *name = NULL;
    size_t length = 0;
    assert_true(settings_template_next(&cursor, &part));
    assert_int_equal(part.field, SETTINGS_TEMPLATE_ATTRIBUTE);
    assert_int_equal(part.length, strlen("tenant.id"));
    assert_memory_equal(part.text, "tenant.id", part.length);
    assert_true(settings_template_next(&cursor, &part));
    assert_int_equal(part.field, SETTINGS_TEMPLATE_BODY);
    assert_true(settings_template_path_next(&part.text, &part.length, &name, &length));
    assert_int_equal(length, 5);
    assert_memory_equal(name, "order", 5);
    assert_true(settings_template_path_next(&part.text, &part.length, &name, &length));
    assert_int_equal(length, 2);
    assert_memory_equal(name, "id", 2);
    assert_false(settings_template_path_next(&part.text, &part.length, &name, &length));
    assert_false(settings_template_next(&cursor, &part));
}

static void refuses_what_is_no_template(void **state)
{
    (void)state;
    char longer[SETTINGS_TEMPLATE_MAX + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_refused("", "expected a template of 1 to 500 bytes, found 0 bytes");
    assert_refused(longer, "expected a template of 1 to 500 bytes, found 501 bytes");
    assert_refused("a}", "expected \"{\" before \"}\" in \"a}\"");
    assert_refused("{MessageId", "expected \"}\" after \"{\" in \"{MessageId\"");
    assert_refused("{a{MessageId}}", "expected \"}\" after \"{\" in \"{a{MessageId}}\"");
    assert_refused("{messageid}", "unknown field {messageid}: expected {MessageId}, {MessageGroupId}, "
                                  FIELDS_BEHIND);
    assert_refused("{body.}", "unknown field {body.}: expected {MessageId}, {MessageGroupId}, "
                              FIELDS_BEHIND);
    assert_refused("{body.a..b}", "unknown field {body.a..b}: expected {MessageId}, {MessageGroupId}, "
                                  FIELDS_BEHIND);
    assert_refused("{}", "unknown field {}: expected {MessageId}, {MessageGroupId}, "
                         FIELDS_BEHIND);
}

static void an_event_s_attribute_is_named_as_cloudevents_names_it(void **state)
{
    (void)state;
    const char *cursor = "{event.comexample2}";
    struct settings_template_part part;
    assert_int_equal(settings_template_check(cursor, NULL), STATUS_OK);
    assert_true(settings_template_next(&cursor, &part));
    assert_int_equal(part.field, SETTINGS_TEMPLATE_EVENT);
    assert_int_equal(part.length, strlen("comexample2"));
    assert_memory_equal(part.text, "comexample2", part.length);
    static const char *const refused[] = {"{event.}", "{event.Type}", "{event.a.b}", "{event.data}",
                                          "{event.data_base64}"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(settings_template_check(refused[i], NULL), STATUS_INVALID_ARGUMENT);
    }
}

static void walks_text_and_fields_in_order(void **state)
{
    (void)state;
    const char *cursor = "a-{MessageGroupId}{MessageId}";
    struct settings_template_part part;
    assert_true(settings_template_next(&cursor, &part));
    assert_int_equal(part.field, SETTINGS_TEMPLATE_TEXT);
    assert_int_equal(part.length, 2);
    assert_memory_equal(part.text, "a-", 2);
    assert_true(settings_template_next(&cursor, &part));
    assert_int_equal(part.field, SETTINGS_TEMPLATE_MESSAGE_GROUP_ID);
    assert_true(settings_template_next(&cursor, &part));
    assert_int_equal(part.field, SETTINGS_TEMPLATE_MESSAGE_ID);
    assert_false(settings_template_next(&cursor, &part));
}

static void knows_which_fields_it_holds(void **state)
{
    (void)state;
    assert_true(settings_template_has("x{SequenceNumber}{MessageId}", SETTINGS_TEMPLATE_MESSAGE_ID));
    assert_false(settings_template_has("MessageId{SequenceNumber}", SETTINGS_TEMPLATE_MESSAGE_ID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_text_and_known_fields),
        cmocka_unit_test(refuses_what_is_no_template),
        cmocka_unit_test(fields_of_attributes_and_body_carry_their_names),
        cmocka_unit_test(an_event_s_attribute_is_named_as_cloudevents_names_it),
        cmocka_unit_test(walks_text_and_fields_in_order),
        cmocka_unit_test(knows_which_fields_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
