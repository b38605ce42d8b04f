"""Work longer than a lease, than a poller's life, than SQS's 12 hours; and plain delivery on three SQS servers."""

import json
import signal

import pytest

from ferrystack.process import wait_until
from scene import LONG

SHORT_VISIBILITY, LONG_WORK = ("5s", 60000) if LONG else ("3s", 12000)


def test_work_longer_than_the_lease_is_one_run_and_one_delivery(scene, work, both):
    urls, entries = both
    scene.crew(entries, pollers=2, queue={"visibility": SHORT_VISIBILITY}).start()
    long = [scene.send(url, {"sleep_ms": LONG_WORK}, f"g{i}") for url in urls for i in range(3)]
    behind = scene.send(urls[0], {}, "g0")
    scene.wait_completed([*long, behind], LONG_WORK / 1000 + 30)
    for url in urls:
        scene.wait_empty(url)
    scene.assert_one_run_each([*long, behind])
    assert [scene.deliveries(url, message) for url, message in zip([urls[0]] * 3 + [urls[1]] * 3, long)] == [1] * 6
    assert scene.deliveries(urls[0], behind) == 1
    scene.assert_in_order([long[0], behind])


@pytest.mark.unclean
def test_work_longer_than_the_poller_s_life_is_attached_to_and_settled_by_its_next_holder(scene, work, both):
    urls, entries = both
    crew = scene.crew(entries, pollers=2, queue={"visibility": "3s"}).start_gateway()
    crew.pollers[0].start()
    long, behind = [scene.send(url, {"wait": True}) for url in urls], scene.send(urls[0], {})
    for message in long:
        crew.wait_said(20, "workflow started", message_id=message)
    crew.pollers[0].kill()
    wait_until(lambda: [scene.sqs.depth(url)[1] for url in urls] == [0, 0], 20, "the leases to end", 0.1)
    crew.pollers[1].start()
    for message in long:
        again, = crew.wait_said(20, "workflow started", message_id=message, outcome="attached")
        assert again["run_id"] == crew.said("workflow started", message_id=message)[0]["run_id"]
        scene.go(message)
    scene.wait_completed([*long, behind])
    for url, message in zip(urls, long):
        scene.wait_empty(url)
        assert scene.deliveries(url, message) == 2
    scene.assert_one_run_each([*long, behind])
    scene.assert_in_order([long[0], behind])


def test_a_poller_that_was_frozen_beyond_its_leases_acts_on_none_of_them(scene, work, both):
    """Its clock runs on while it is stopped: what it held is another's, and its old handles change nothing."""
    urls, entries = both
    crew = scene.crew(entries, pollers=2, queue={"visibility": "3s"}).start_gateway()
    crew.pollers[0].start()
    sent = [(url, scene.send(url, {"wait": True}, f"g{i}")) for url in urls for i in range(2)]
    crew.wait_said(20, "workflow started", len(sent))
    crew.pollers[0].signal(signal.SIGSTOP)
    crew.pollers[1].start()
    wait_until(lambda: [scene.deliveries(*one) for one in sent] == [2] * 4, 20, "the next deliveries", 0.05)
    for _, message in sent:
        scene.go(message)
    for url in urls:
        scene.wait_empty(url)
    crew.pollers[0].signal(signal.SIGCONT)
    after = scene.send(urls[0], {})
    scene.wait_done(urls[0], [after])
    scene.assert_one_run_each([*(message for _, message in sent), after])
    assert [scene.deliveries(*one) for one in sent] == [2] * 4


@pytest.mark.parametrize("pollers", [1, 2])
def test_a_run_beyond_the_12_hours_is_given_up_comes_again_and_is_settled(scene, work, both, pollers):
    """The server's limit is 4 s here: it refuses renewals beyond it, as SQS does after 12 h."""
    urls, entries = both
    scene.sqs.set(visibility_limit=4)
    crew = scene.crew(entries, pollers=pollers, queue={"visibility": "3s"}).start()
    long, behind = [scene.send(url, {"sleep_ms": 7000}) for url in urls], scene.send(urls[0], {})
    scene.wait_completed([*long, behind])
    for url in urls:
        scene.wait_empty(url)
    scene.assert_one_run_each([*long, behind])
    for url, message in zip(urls, long):
        assert scene.deliveries(url, message) >= 2
        assert crew.said("workflow started", message_id=message, outcome="attached")
    scene.assert_in_order([long[0], behind])


def test_two_pollers_deliver_each_message_once_on_every_server(any_scene, work):
    """Both kinds of queue, deleted when the run has completed or when its start is durable. ElasticMQ gives out a
    group's head while others of it are in flight, so order counts on the other servers."""
    scene = any_scene
    routes = {"hello-world": scene.route(),
              "start": scene.route(ack="start", order="none", id_prefix="hello-world")}
    entries = [{"url": scene.queue(f"{route[0]}-{'f' if fifo else 's'}", fifo), "route": route}
               for route in routes for fifo in (True, False)]
    crew = scene.crew(entries, pollers=2, routes=routes, queue={"visibility": "20s"}).start()
    sent = [[scene.send(entry["url"], {"sleep_ms": 20}, f"g{i % 5}") for i in range(20)] for entry in entries]
    scene.wait_completed([message for messages in sent for message in messages])
    for entry in entries:
        scene.wait_empty(entry["url"])
    scene.assert_one_run_each([message for messages in sent for message in messages])
    for group in range(0 if scene.server_name == "elasticmq" else 5):
        scene.assert_in_order(sent[0][group::5])
    assert all(poller.running for poller in crew.pollers)


def test_failures_and_dead_letters_on_every_server(any_scene, work):
    scene = any_scene
    urls, dead = [scene.queue("f"), scene.queue("s", fifo=False)], scene.queue("dead", fifo=False)
    scene.crew([{"url": url} for url in urls], pollers=2,
               route={"max_attempts": 2, "backoff": "200ms", "dead_letter_queue": dead}).start()
    sent = [[scene.send(url, {"fail": fail}, f"g{i % 2}") for i, fail in enumerate((1, 9, 0, 0))] for url in urls]
    for url in urls:
        scene.wait_empty(url)
    for messages in sent:
        assert [scene.run_statuses(message) for message in messages] == [
            ["FAILED", "COMPLETED"], ["FAILED", "FAILED"], ["COMPLETED"], ["COMPLETED"]]
    about = []
    while len(about) < 2:
        received = scene.sqs.client.receive_message(QueueUrl=dead, MessageAttributeNames=["All"], WaitTimeSeconds=5)
        about += [json.loads(letter["MessageAttributes"]["FerryDeadLetter"]["StringValue"])["messageId"]
                  for letter in received["Messages"]]
    assert sorted(about) == sorted(messages[1] for messages in sent)
