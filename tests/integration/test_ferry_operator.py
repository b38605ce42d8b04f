"""`ferry lanes`, `ferry queue` and `ferry trace` before two pollers: what stands in their hands, orders, and a message's
way as gateway, pollers and Temporal's own history tell it."""

import json
import signal
import subprocess

import pytest

from ferry_tool import Terminal
from ferrystack.ferry import programs
from ferrystack.process import free_port, wait_until
from tool import Tool

DECLINED = {"fail": 9, "type": "Declined", "text": "the card was declined"}


def name_of(url: str) -> str:
    return url.rsplit("/", 1)[-1]


class Stage:
    """A queue and two pollers, and the tool with the configuration of the first."""

    def __init__(self, scene, tmp_path, pollers: int = 2, **route):
        self.scene, self.dead = scene, scene.queue("dead")
        self.url = scene.queue("orders")
        self.name = name_of(self.url)
        route = {"dead_letter_queue": self.dead, "backoff": "600s", "backoff_max": "600s", "max_attempts": 3, **route}
        self.crew = scene.crew(self.url, pollers, route=route, queue={"visibility": "60s"})
        self.pollers = [f"http://127.0.0.1:{ferry.poller_admin_port}" for ferry in self.crew.ferries]
        self.all = [word for address in self.pollers for word in ("--poller", address)]
        self.tool = Tool(tmp_path, FERRY_CONFIG=str(self.crew.ferries[0].configuration_path))

    def lane(self, message: str) -> dict:
        """The lane whose head it is, once it is one."""
        def find():
            lanes = self.tool.ok("lanes", self.name, *self.all, "-o", "json").json["lanes"]
            return next((lane for lane in lanes if lane["head"]["messageId"] == message), None)
        return wait_until(find, 30, f"a lane with {message}", 0.1)

    def resting(self, message: str) -> dict:
        def rests():
            lane = self.lane(message)
            return lane if lane["head"]["state"] == "resting" else None
        return wait_until(rests, 30, f"{message} to rest", 0.1)


@pytest.fixture
def stage(scene, work, tmp_path):
    stage = Stage(scene, tmp_path)
    stage.crew.start()
    return stage


def test_lanes_say_what_is_stuck_and_why(stage):
    failing = stage.scene.send(stage.url, DECLINED, "B")
    stage.scene.send(stage.url, {}, "B")
    lane = stage.resting(failing)
    assert lane["group"] == "B" and lane["queue"] == stage.name and lane["poller"] in stage.pollers
    rows = stage.tool.ok("lanes", stage.name, *stage.all).rows
    assert [cell.strip() for cell in rows[0]] == ["POLLER", "GROUP", "DEPTH", "AGE", "MESSAGE", "STATE"]
    row = next(row for row in rows if failing in row)
    assert row[1] == "B" and row[-1].startswith("resting: failed (Declined), attempt 2 in 9m"), row
    both = stage.tool.ok("lanes", *stage.all).rows
    assert [cell.strip() for cell in both[0]] == ["POLLER", "QUEUE", "GROUP", "DEPTH", "AGE", "MESSAGE", "STATE"]


def test_orders_find_the_poller_that_has_the_message(stage):
    scene, tool = stage.scene, stage.tool
    retried, skipped, dead = (scene.send(stage.url, {**DECLINED, "fail": fail}, group)
                              for fail, group in ((1, "A"), (9, "B"), (9, "C")))
    for message in (retried, skipped, dead):
        stage.resting(message)
    assert tool.ok("lanes", "retry", stage.name, retried, *stage.all).out == f"{retried} is tried again\n"
    scene.wait_completed([retried])
    assert tool.ok("lanes", "skip", stage.name, skipped, *stage.all).out == f"{skipped} is deleted\n"
    answer = tool.ok("lanes", "dead-letter", stage.name, dead, *stage.all, "-o", "json").json
    assert answer["order"] == "dead-letter" and answer["messageId"] == dead and answer["poller"] in stage.pollers
    assert [letter["about"]["messageId"] for letter in scene.wait_letters(stage.dead, 1)] == [dead]
    scene.wait_empty(stage.url)
    gone = tool.fails("lanes", "retry", stage.name, skipped, *stage.all, said="The message is not in hand")
    assert all(address in gone.err for address in stage.pollers)


def watch(stage, *words, **options) -> subprocess.Popen:
    return subprocess.Popen([programs() / "ferry", "lanes", stage.name, "--watch", "--every", "100ms", *words],
                            env=stage.tool.environment, text=True, **options)


def test_lanes_are_watched_in_place_on_a_terminal(stage):
    failing = stage.scene.send(stage.url, DECLINED, "B")
    lane = stage.resting(failing)
    terminal = Terminal("lanes", "--watch", "--every", "100ms", "--poller", lane["poller"],
                        env=stage.tool.environment, columns=200)
    terminal.wait_for(f"{failing}  resting: failed")
    terminal.wait_for("UTC, every 0.1s(?s:.*)UTC, every")
    before = terminal.picture()
    assert before[0].endswith("UTC, every 0.1s") and before[1].startswith("QUEUE") and failing in before[2], before
    assert before[3:] == [""]
    stage.tool.ok("lanes", "skip", stage.name, failing, *stage.all)
    terminal.wait_for("no lanes")
    terminal.type("\x03")
    assert terminal.end() == 0
    assert terminal.picture()[1:] == ["no lanes", ""]  # and no ^C


def test_lanes_are_watched_as_one_table_after_the_other(stage, tmp_path):
    failing = stage.scene.send(stage.url, DECLINED, "B")
    stage.resting(failing)
    path = tmp_path / "out"
    with path.open("w") as out:
        process = watch(stage, *stage.all, stdout=out, stderr=subprocess.PIPE)
        wait_until(lambda: path.read_text().count("\n\n") >= 2, 30, "three tables", 0.1)
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=30)[1], process.returncode) == ("", 0)
    tables = path.read_text().split("\n\n")
    assert all(table.startswith("POLLER") and table.count(failing) == 1 for table in tables), tables


def test_lanes_are_watched_as_one_document_a_line(stage):
    failing = stage.scene.send(stage.url, DECLINED, "B")
    stage.resting(failing)
    process = watch(stage, *stage.all, "-o", "json", stdout=subprocess.PIPE)
    looks = [json.loads(process.stdout.readline()) for _ in range(3)]
    assert all([lane["head"]["messageId"] for lane in look["lanes"]] == [failing] for look in looks), looks
    assert all(look["failed"] == [] for look in looks)
    process.stdout.close()  # "| head": it ends with its reader
    assert process.wait(30) == 0


def test_a_watch_names_who_does_not_answer_and_goes_on(stage):
    nobody = f"http://127.0.0.1:{free_port()}"
    terminal = Terminal("lanes", "--watch", "--every", "100ms", "--poller", nobody, *stage.all,
                        env=stage.tool.environment, columns=200)
    terminal.wait_for(f"no poller answers at {nobody}(?s:.*)no poller answers at {nobody}")
    terminal.type("\x03")
    assert terminal.end() == 0
    assert "\n".join(terminal.picture()).count(nobody) == 1
    stage.tool.fails("lanes", "--watch", "--poller", nobody, said=f"no poller answers at {nobody}")
    stage.tool.fails("lanes", "nope", "--watch", said="has no queue nope")


def test_an_order_that_is_refused_is_said_once(stage):
    running = stage.scene.send(stage.url, {"wait": True}, "A")
    wait_until(lambda: stage.lane(running)["head"]["state"] == "running", 30, "it to run", 0.1)
    refused = stage.tool.fails("lanes", "retry", stage.name, running, *stage.all, said="Not in the message's present state")
    assert refused.err.count("ferry lanes retry:") == 1
    refused = stage.tool.fails("lanes", "retry", stage.name, running, *stage.all, "-o", "json", said="present state").json
    assert refused["poller"] is None and refused["messageId"] == running and len(refused["failed"]) == 1
    stage.tool.fails("lanes", "retry", "nope", running, said="ferry queue ls")
    stage.scene.go(running)
    stage.scene.wait_done(stage.url, [running])


def test_queues_are_listed_paused_and_resumed_at_every_poller(stage):
    tool = stage.tool
    rows = tool.ok("queue", "ls").rows
    assert [cell.strip() for cell in rows[0]] == ["QUEUE", "PAUSED", "CIRCUIT", "IN HAND", "HELD", "RUNNING", "RESTING",
                                                  "OLDEST"]
    assert [cell.strip() for cell in rows[1]][:3] == [stage.name, "no", "closed"]
    assert tool.ok("queue", "pause", stage.name, *stage.all).out == f"{stage.name} paused at 2 of 2 pollers\n"
    listed = tool.ok("queue", "ls", *stage.all, "-o", "json").json
    assert [(queue["poller"], queue["paused"]) for queue in listed["queues"]] == [(p, True) for p in stage.pollers]
    assert listed["failed"] == []
    assert tool.ok("queue", "resume", stage.name).out == f"{stage.name} resumed\n"
    listed = tool.ok("queue", "ls", *stage.all, "-o", "json").json
    assert [queue["paused"] for queue in listed["queues"]] == [False, True]


def test_who_does_not_answer_is_named_and_the_others_are_heard(stage):
    nobody = f"http://127.0.0.1:{free_port()}"
    for words in (("queue", "ls"), ("lanes",), ("queue", "resume", stage.name)):
        failed = stage.tool.fails(*words, "--poller", nobody, *stage.all, said=f"no poller answers at {nobody}")
        assert failed.err.count("no poller answers") == 1 and "poller.admin_listen" in failed.err
    listed = stage.tool("queue", "ls", "--poller", nobody, *stage.all, "-o", "json").json
    assert len(listed["queues"]) == 2 and [failure["poller"] for failure in listed["failed"]] == [nobody]


def test_what_is_no_poller_is_named(stage):
    gateway = stage.crew.ferries[0].gateway_url
    for words in (("lanes",), ("lanes", "--watch"), ("queue", "ls")):
        failed = stage.tool.fails(*words, "--poller", gateway, said=f"ferry {' '.join(words[:2]).split(' --')[0]}: ")
        assert "(null)" not in failed.err


def test_an_unknown_queue_is_said_to_be_unknown(stage):
    stage.tool.fails("lanes", "nope", said="has no queue nope: see 'ferry queue ls'")
    for words in (("queue", "pause", "nope"), ("lanes", "retry", "nope", "x")):
        stage.tool.fails(*words, said="There is no such queue")


def test_a_poller_of_two_processes_answers_as_one(scene, work, tmp_path):
    stage = Stage(scene, tmp_path, pollers=1)
    stage.crew.poller.arguments += ["--processes", "2"]
    stage.crew.start()
    failing = scene.send(stage.url, {**DECLINED, "fail": 1}, "A")
    assert stage.resting(failing)["process"] in (1, 2)
    rows = stage.tool.ok("queue", "ls").rows
    assert rows[0][0].strip() == "PROCESS" and [row[0].strip() for row in rows[1:]] == ["1", "2"]
    stage.tool.ok("lanes", "retry", stage.name, failing)
    scene.wait_done(stage.url, [failing])


def test_a_poller_without_an_admin_address_has_to_be_named(tmp_path):
    tool = Tool(tmp_path, FERRY_ADMIN_LISTEN="none", FERRY_GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    tool.fails("lanes", said="poller.admin_listen is none: name a poller's admin address with --poller URL", code=2)
    assert "poller" not in tool.fails("trace", "x", said="no gateway answers").err


@pytest.mark.parametrize("words, said", [
    (("lanes", "--limit", "1001"), "--limit: expected a number from 1 to 1000"),
    (("lanes", "--every", "5s"), "--every: expected --watch, too"),
    (("lanes", "--watch", "--every", "50ms"), "--every: expected at least 100ms"),
    (("lanes", "retry", "q"), "expected QUEUE MESSAGEID"),
    (("queue", "pause"), "expected NAME"),
    (("queue", "ls", "--poller", "here"), "--poller: expected http://host:port"),
    (("trace",), "expected ID"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_wrong_usage(tmp_path, words, said):
    assert said in Tool(tmp_path).fails(*words, said="--help'", code=2).err


def test_the_token_is_sent_to_pollers_too(scene, work, tmp_path):
    stage = Stage(scene, tmp_path, pollers=1)
    for ferry in stage.crew.ferries:
        for service in ferry.all:
            service.environment["FERRY_API_TOKEN"] = "the-secret"
    stage.crew.start()
    stage.tool.fails("queue", "ls", said="Set FERRY_API_TOKEN")
    stage.tool.environment["FERRY_API_TOKEN"] = "the-secret"
    stage.tool.ok("queue", "ls")


def test_a_poller_on_a_unix_socket(scene, work, tmp_path):
    url = scene.queue("orders")
    crew = scene.crew(url, settings={"poller": {"admin_listen": f"unix:{tmp_path}/admin"}})
    crew.start_gateway()
    crew.poller.start()
    tool = Tool(tmp_path, FERRY_CONFIG=str(crew.ferries[0].configuration_path))
    wait_until(lambda: tool("queue", "ls").code == 0, 30, "the poller to listen", 0.1)
    assert name_of(url) in tool.ok("queue", "ls").out
    (tmp_path / "elsewhere").mkdir()
    tool.fails("queue", "ls", "--poller", f"unix:{tmp_path}/elsewhere/admin", said="no poller answers at unix:")


# ---- trace -----------------------------------------------------------------------------------------------------------

def steps(result) -> list[str]:
    return [step["step"] for step in result.json["steps"]]


def test_a_message_that_is_done_is_traced_by_either_id(stage):
    scene, tool = stage.scene, stage.tool
    message = scene.send(stage.url, {}, "A")
    scene.wait_done(stage.url, [message])
    workflow = scene.workflow_id(message)
    found = tool.ok("trace", message, "-o", "json", "--ui", "http://ui.example/")
    by_workflow = tool.ok("trace", workflow, "-o", "json", "--ui", "http://ui.example/")
    assert found.json == by_workflow.json
    assert steps(found) == ["sent to SQS, group A", f"attempt 1 started: work on {scene.task_queue}, received 1 time",
                            "completed"]
    times = [step["time"] for step in found.json["steps"]]
    assert times == sorted(times)
    run = found.json["runId"]
    assert found.json["ui"] == f"http://ui.example/namespaces/default/workflows/{workflow}/{run}/history"
    assert found.json["queue"] == stage.url and found.json["route"] == "hello-world" and found.json["attempts"] == 1
    text = tool.ok("trace", message).out
    assert "where     done: its run has completed" in text and f"workflow  {workflow}\n" in text
    assert text.splitlines()[-1].split("  ", 1)[1] == "completed"


def test_a_message_that_failed_is_traced_to_the_poller_that_has_it(stage):
    scene, tool = stage.scene, stage.tool
    message = scene.send(stage.url, {**DECLINED, "fail": 1}, "B")
    lane = stage.resting(message)
    found = tool.ok("trace", message, *stage.all, "-o", "json")
    assert found.json["inHand"]["poller"] == lane["poller"] and found.json["inHand"]["head"]["state"] == "resting"
    assert found.json["verdict"].startswith(f"in hand of the poller at {lane['poller']}, queue {stage.name}: resting: failed")
    assert steps(found)[-1] == "failed: Declined: the card was declined"
    tool.ok("lanes", "retry", stage.name, message, *stage.all)
    scene.wait_done(stage.url, [message])

    def has_both_runs():
        traced = tool.ok("trace", message, *stage.all, "-o", "json")
        return traced if len(traced.json["steps"]) == 5 else None
    found = wait_until(has_both_runs, 30, "both runs to be listed", 0.2)
    assert steps(found)[1:] == [f"attempt 1 started: work on {scene.task_queue}, received 1 time",
                                "failed: Declined: the card was declined",
                                f"attempt 1 started: work on {scene.task_queue}, received 1 time", "completed"]


def test_activities_are_traced_with_their_failures(world, tmp_path):
    url = world.create_queue()
    ferry = world.ferry(url).start()
    good, bad = world.send(url, {"message": "hello"}), world.send(url, {"other": 1})
    tool = Tool(tmp_path, FERRY_CONFIG=str(ferry.configuration_path))
    world.wait_completed([good])
    assert steps(tool.ok("trace", good, "-o", "json"))[2:] == ["activity helloWorldActivity",
                                                               "activity helloWorldActivity completed", "completed"]

    def has_failed():
        said = steps(tool("trace", bad, "-o", "json"))
        return said if any(step.startswith("activity helloWorldActivity failed") for step in said) else None
    said = wait_until(has_failed, 60, "the activity's failure in the trace", 0.2)
    assert any(step.startswith("failed: ") for step in said), said


def test_a_queue_that_is_paused_is_named_where_that_may_be_why(stage):
    stage.tool.ok("queue", "pause", stage.name, *stage.all)
    wait_until(lambda: stage.scene.sqs.waiting() == 0, 20, "the long polls to end", 0.1)
    message = stage.scene.send(stage.url, {}, "A")
    traced = stage.tool("trace", message, *stage.all, "-o", "json")
    assert traced.code == 1 and traced.json["verdict"].endswith(f"; paused by an operator: {stage.name}"), traced.json
    assert traced.json["pausedQueues"] == [stage.name]
    stage.tool.ok("queue", "resume", stage.name, *stage.all)

    def is_found():
        said = stage.tool("trace", message, *stage.all, "-o", "json")
        return said.code == 0 and said.json
    assert wait_until(is_found, 30, "it to be found", 0.2)["pausedQueues"] == []


def test_who_is_not_known_is_said_so(stage):
    nothing = stage.tool("trace", "no-such-message")
    assert nothing.code == 1 and "where    not started: it waits at SQS" in nothing.out and nothing.err == ""
    deaf = stage.tool("trace", "no-such-message", "--gateway", f"http://127.0.0.1:{free_port()}")
    assert deaf.code == 1 and "not known: not everybody could be asked" in deaf.out and "no gateway answers" in deaf.err
