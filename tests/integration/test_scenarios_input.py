"""Bad input, odd input, large input: it arrives byte for byte or is rejected with the reason, and stops nobody else."""

import json
import random

import pytest

both_kinds = pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])


def every_character():
    """All that SQS takes, in bodies of at most a million bytes (ranges from SQS's documentation), in no handy order."""
    points = [9, 10, 13, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x110000)]
    random.Random(4).shuffle(points)
    texts, text, size = [], [], 0
    for point in points:
        character = chr(point)
        length = len(character.encode())
        if size + length > 900_000:
            texts.append("".join(text))
            text, size = [], 0
        text.append(character)
        size += length
    return [*texts, "".join(text)]


def test_every_character_that_sqs_takes_arrives_as_it_was_sent(scene, work):
    url = scene.queue(fifo=False)
    scene.crew(url, queue={"visibility": "60s"}).start()
    texts = every_character()
    messages = [scene.send(url, text) for text in texts]
    scene.wait_done(url, messages, 60)
    for message, text in zip(messages, texts):
        assert json.loads(scene.payload(message))["Body"] == text, "not byte for byte"


JSON_TEXTS = ['{"b":1,"a":2,"10":3,"9":4}', "[12345678901234567890123, -0, 1.0, 1e2, 1E+2, 0.1, 1.10, 1e400]", "[]",
              "{}", " [ ] ", '""', '{"a":1,"a":2}', '"\\u0000\\ud83c\\udf89"', "null", "true", "\t{ \n}\r",
              '{"deep":' + "[" * 200 + "]" * 200 + "}"]


@both_kinds
def test_json_reaches_the_workflow_with_its_numbers_its_order_and_its_spaces(scene, work, fifo):
    url = scene.queue(fifo=fifo)
    scene.crew(url, route={"input": "body"}).start()
    messages = [scene.send(url, text, f"g{i}") for i, text in enumerate(JSON_TEXTS)]
    scene.wait_done(url, messages)
    scene.assert_one_run_each(messages)
    assert [scene.payload(message).decode().strip() for message in messages] == [text.strip() for text in JSON_TEXTS]


def test_what_is_no_json_is_rejected_where_json_is_needed(scene, work):
    url, dead = scene.queue(), scene.queue("dead")
    texts = ["plain", "{", "[1,]", "{'a':1}", "NaN", "01", '"\x7f', "{} {}", "\ufeff{}"]
    crew = scene.crew(url, route={"input": "body", "dead_letter_queue": dead}).start()
    messages = [scene.send(url, text, f"g{i}") for i, text in enumerate(texts)]
    letters = scene.wait_letters(dead, len(texts))
    assert sorted(letter["body"] for letter in letters) == sorted(texts)
    assert {letter["about"]["reason"] for letter in letters} == {"rejected"}
    for message in messages:
        assert crew.said("message rejected", message_id=message)[0]["class"] == "not_json"
    assert scene.all_runs() == []


@both_kinds
def test_a_body_that_is_too_large_for_temporal_once_encoded_is_rejected_with_both_sizes(scene, work, fifo):
    """A mebibyte of control characters is six once it is JSON; one of letters passes."""
    url, dead = scene.queue(fifo=fifo), scene.queue("dead", fifo)
    crew = scene.crew(url, pollers=2, route={"dead_letter_queue": dead}, queue={"visibility": "60s"}).start()
    large = scene.send(url, "\t" * (1 << 20), "a")
    fits = scene.send(url, "x" * (1 << 20), "a")
    scene.wait_completed([fits], 40)
    letter, = scene.wait_letters(dead, 1)
    rejected, = crew.wait_said(5, "message rejected", message_id=large)
    assert rejected["class"] == "too_large" and str(1 << 20) in rejected["reason"]
    sizes = [int(word) for word in rejected["reason"].split() if word.isdigit()]
    assert len(sizes) >= 2 and max(sizes) >= 2 << 20
    assert len(letter["body"]) == 1 << 20 and scene.status(large) == ""
    scene.wait_empty(url)


# --- poison -----------------------------------------------------------------------------------------------------------

@both_kinds
def test_poison_never_stops_the_others(scene, work, fifo):
    """A route without a dead-letter queue: poison is returned, for longer each time, and its own group alone waits."""
    url = scene.queue(fifo=fifo)
    crew = scene.crew(url, pollers=2, route={"input": "body"}, queue={"max_in_flight": 5}).start()
    poison = [scene.send(url, "poison", f"bad{i}") for i in range(8)]
    healthy = [scene.send(url, {"n": i}, f"good{i % 3}") for i in range(12)]
    scene.wait_completed(healthy, 30)
    scene.assert_one_run_each(healthy)
    for message in poison:
        crew.wait_said(20, "message returned", message_id=message, reason="rejected")
    assert crew.metric("ferry_poller_circuit_open") == 0, "what is wrong with a message is not held against the target"


def test_poison_is_gone_after_as_many_receives_as_the_redrive_policy_says(scene, work):
    dead = [scene.queue("dead-f"), scene.queue("dead-s", fifo=False)]
    urls = [scene.queue("f", dead=dead[0], most=1), scene.queue("s", fifo=False, dead=dead[1], most=1)]
    crew = scene.crew([{"url": url} for url in urls], pollers=2, route={"input": "body"}).start()
    poison = [scene.send(url, "poison", "a") for url in urls]
    for message in poison:
        crew.wait_said(20, "message returned", message_id=message, visibility=10)
    behind = [scene.send(url, {}, "a") for url in urls]
    scene.wait_completed(behind, 30)
    for queue, message in zip(dead, poison):
        letter, = scene.wait_letters(queue, 1)
        assert letter["id"] == message
    for url in urls:
        scene.wait_empty(url)


def test_what_was_damaged_on_its_way_is_counted_and_comes_again(scene, work):
    urls = [scene.queue("f"), scene.queue("s", fifo=False)]
    given = {"a": {"DataType": "String", "StringValue": "right"}}
    damages = ("body", "md5", "attributes_md5", "attributes")
    for url in urls:
        for what in damages:
            scene.sqs.fault("corrupt", queue=url, what=what, body=f'"{what}"', times=1)
    crew = scene.crew([{"url": url} for url in urls], pollers=2).start()
    sent = [(url, what, scene.send(url, {"damage": what}, what, MessageAttributes=given))
            for url in urls for what in damages]
    scene.wait_completed([message for _, _, message in sent], 40)
    for url in urls:
        scene.wait_empty(url)
    scene.assert_one_run_each([message for _, _, message in sent])
    assert crew.metric("ferry_poller_messages_damaged_total") == len(sent)
    for url, what, message in sent:
        arrived = json.loads(scene.payload(message))
        assert json.loads(arrived["Body"]) == {"damage": what} and arrived["MessageAttributes"] == given
        assert scene.deliveries(url, message) == 2
