/* Messages as proto3's JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <temporal/api/history/v1/message.pb-c.h>

#include "payload.h"
#include "proto_json.h"

static void assert_json(const ProtobufCMessage *message, enum temporal_payload_form form, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    proto_json_append(&out, message, form);
    assert_string_equal(out.data, expected);
    buffer_deinit(&out);
}

static void fields_have_their_proto3_forms(void **state)
{
    (void)state;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    Pb__TimerStartedEventAttributes timer = PB__TIMER_STARTED_EVENT_ATTRIBUTES__INIT;
    Pb__HistoryEvent event = PB__HISTORY_EVENT__INIT;
    time.seconds = 951782400; /* 2000-02-29 */
    time.nanos = 1500000;
    duration.seconds = 90;
    timer.timer_id = "a\"b";
    timer.start_to_fire_timeout = &duration;
    event.event_id = 9007199254740993;
    event.event_time = &time;
    event.event_type = PB__EVENT_TYPE__EVENT_TYPE_TIMER_STARTED;
    event.attributes_case = PB__HISTORY_EVENT__ATTRIBUTES_TIMER_STARTED_EVENT_ATTRIBUTES;
    event.timer_started_event_attributes = &timer;
    assert_json(&event.base, TEMPORAL_PAYLOAD_READABLE,
                "{\"eventId\":\"9007199254740993\",\"eventTime\":\"2000-02-29T00:00:00.001500Z\","
                "\"eventType\":\"EVENT_TYPE_TIMER_STARTED\","
                "\"timerStartedEventAttributes\":{\"timerId\":\"a\\\"b\",\"startToFireTimeout\":\"90s\"}}");
}

static void times_have_as_many_digits_as_they_need(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *expected;
    } cases[] = {{0, 0, "\"1970-01-01T00:00:00Z\""},
                 {-1, 0, "\"1969-12-31T23:59:59Z\""},
                 {4107542399, 999999999, "\"2100-02-28T23:59:59.999999999Z\""},
                 {4107542400, 120000000, "\"2100-03-01T00:00:00.120Z\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        time.seconds = cases[i].seconds;
        time.nanos = cases[i].nanos;
        assert_json(&time.base, TEMPORAL_PAYLOAD_READABLE, cases[i].expected);
    }
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    duration.seconds = -1;
    duration.nanos = -5000;
    assert_json(&duration.base, TEMPORAL_PAYLOAD_READABLE, "\"-1.000005s\"");
}

static void payloads_are_readable_or_encoded(void **state)
{
    (void)state;
    const struct temporal_payload values[] = {{.data = "{\"b\":1.00}", .length = 10},
                                              {.encoding = TEMPORAL_ENCODING_NULL},
                                              {.encoding = TEMPORAL_ENCODING_BINARY, .data = "\xFF", .length = 1}};
    Pb__Payloads *payloads = payloads_from_view(values, 3);
    assert_json(&payloads->base, TEMPORAL_PAYLOAD_READABLE,
                "[{\"b\":1.00},null,{\"metadata\":{\"encoding\":\"binary/plain\"},\"data\":\"/w==\"}]");
    assert_json(&payloads->base, TEMPORAL_PAYLOAD_ENCODED,
                "{\"payloads\":[{\"metadata\":{\"encoding\":\"anNvbi9wbGFpbg==\"},\"data\":\"eyJiIjoxLjAwfQ==\"},"
                "{\"metadata\":{\"encoding\":\"YmluYXJ5L251bGw=\"}},"
                "{\"metadata\":{\"encoding\":\"YmluYXJ5L3BsYWlu\"},\"data\":\"/w==\"}]}");
    pb__payloads__free_unpacked(payloads, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_their_proto3_forms),
        cmocka_unit_test(times_have_as_many_digits_as_they_need),
        cmocka_unit_test(payloads_are_readable_or_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
