"""`ferry dlq ls|show|replay|drop` against real SQS servers; and the whole way of a replay with a filter that is killed in
its middle."""

import json
import re
import signal
import uuid

import pytest

from ferrystack.process import wait_until
from ferry_tool import Terminal, ferry, lines, start
from scene import LONG

both_kinds = pytest.mark.parametrize("fifo", [True, False], ids=["fifo", "standard"])


class Letters:
    """Dead letters as the poller writes them, and the tool with this server's environment."""

    def __init__(self, scene, fifo: bool = False):
        self.scene, self.fifo = scene, fifo
        self.url, self.dead = scene.queue("q", fifo=fifo), scene.queue("dead", fifo=fifo)
        self.client = scene.sqs.client

    def put(self, body, group: str = "g", attributes: dict | None = None, **about) -> str:
        """The original's MessageId."""
        about = {"reason": "failed", "messageId": str(uuid.uuid4()), "queue": self.url, "route": "orders", "attempt": 3,
                 "workflowId": "orders-1", "runId": str(uuid.uuid4()), **about}
        values = {"FerryDeadLetter": {"DataType": "String", "StringValue": json.dumps(about)}}
        for name, value in (attributes or {}).items():
            values[name] = {"DataType": "String", "StringValue": value}
        self.scene.send(self.dead, body, group, MessageAttributes=values)
        return about["messageId"]

    def run(self, *words, code: int = 0, stdin: str = "", **env):
        return ferry("dlq", *words, env={**self.scene.sqs.environment(), **env}, code=code, stdin=stdin)

    def terminal(self, *words, **options):
        return Terminal("dlq", *words, env=self.scene.sqs.environment(), **options)

    def take_all(self, url: str) -> list[dict]:
        """Every message of the queue, in the order in which it gives them; deleted."""
        found = []
        while True:
            got = self.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                                              AttributeNames=["All"], WaitTimeSeconds=1).get("Messages", [])
            if not got:
                return found
            found += got
            for message in got:
                self.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def bodies(self, url: str) -> list:
        return [json.loads(message["Body"]) for message in self.take_all(url)]


SERVERS = [("scripted", True), ("ministack", False), ("elasticmq", True)]
if LONG:
    SERVERS += [("scripted", False), ("ministack", True), ("elasticmq", False)]


@pytest.fixture
def letters(any_scene, fifo):
    return Letters(any_scene, fifo)


each_server = pytest.mark.parametrize("any_scene, fifo", SERVERS, indirect=["any_scene"],
                                      ids=[f"{name}-{'fifo' if fifo else 'standard'}" for name, fifo in SERVERS])


# --- looking ----------------------------------------------------------------------------------------------------------

@each_server
def test_ls_lists_messages_which_are_visible_again_at_once(letters):
    first = letters.put({"n": 1}, "a", workflowId="orders-7", failureType="Asked")
    second = letters.put({"n": 2}, "b", reason="rejected", attempt=None)
    out = letters.run("ls", letters.dead).stdout
    title, *rows = out.splitlines()
    assert title.split() == ["MESSAGE", "DEAD", "LETTER", "ROUTE", "REASON", "WORKFLOW", "ATTEMPT", "AGE"]
    assert sorted(row.split()[0] for row in rows) == sorted([first, second])
    assert any("orders-7" in row and " failed " in row and " 3 " in row for row in rows)
    assert '"n"' not in out, "bodies are for show"
    found = json.loads(letters.run("ls", letters.dead, "-o", "json").stdout)
    assert {row["messageId"] for row in found} == {first, second}, "seen again at once"
    assert {row["group"] for row in found if "group" in row} == ({"a", "b"} if letters.fifo else set())
    assert all(row["deadLetterId"] not in (first, second) and row["ageSeconds"] < 600 for row in found)


@each_server
def test_ls_with_a_limit_says_that_there_is_more(letters):
    for number in range(3):
        letters.put({"n": number}, f"g{number}")
    done = letters.run("ls", letters.dead, "--limit", 2)
    assert len(done.stdout.splitlines()) == 3 and "the first 2" in done.stderr
    assert len(json.loads(letters.run("ls", letters.dead, "--where", "body.n>=1", "-o", "json").stdout)) == 2
    assert len(letters.bodies(letters.dead)) == 3


@each_server
def test_show_has_the_message_in_full_under_both_its_ids(letters):
    original = letters.put('{"big":12345678901234567890,"n":[1.0]}', attributes={"colour": "red"}, detail="why")
    letters.put({"n": 2}, "other")
    full = json.loads(letters.run("show", letters.dead, original, "-o", "json").stdout)
    assert full["messageId"] == original and full["deadLetter"]["detail"] == "why"
    assert full["messageAttributes"]["colour"]["StringValue"] == "red"
    assert full["body"] == '{"big":12345678901234567890,"n":[1.0]}'
    text = letters.run("show", letters.dead, full["deadLetterId"]).stdout
    assert '{\n  "big": 12345678901234567890,\n  "n": [\n    1.0\n  ]\n}\n' in text and "colour" in text
    assert re.search(r"^reason +failed$", text, re.M) and re.search(rf"^message +{original}$", text, re.M)
    raw = letters.run("show", letters.dead, original, "--raw").stdout
    assert raw == full["body"]
    assert len(letters.bodies(letters.dead)) == 2


@each_server
def test_show_of_an_id_that_is_not_there_fails_and_hides_nothing(letters):
    letters.put({"n": 1})
    missing = letters.run("show", letters.dead, "no-such-id", code=1)
    assert "no-such-id" in missing.stderr and missing.stdout == ""
    assert len(letters.bodies(letters.dead)) == 1


def test_a_letter_is_no_command_for_the_terminal(scene):
    letters = Letters(scene)
    original = letters.put("line one\nline \u009b31m two", reason="bad\x1b[2J")
    for text in (letters.run("ls", letters.dead).stdout, letters.run("show", letters.dead, original).stdout):
        assert "\x1b" not in text and "\u009b" not in text, text
    assert "line one\nline ??31m two\n" in letters.run("show", letters.dead, original).stdout


def test_ls_without_a_queue_lists_those_of_the_configuration(scene, tmp_path):
    letters = Letters(scene)
    for number in range(3):
        letters.put({"n": number})
    path = tmp_path / "ferry.yaml"
    path.write_text(json.dumps({
        "queues": [{"url": letters.url, "route": ["bills", "orders"], "name": "shop"}],
        "routes": {"orders": {"workflow": "w", "task_queue": "t", "dead_letter_queue": letters.dead},
                   "bills": {"workflow": "w", "filter": '{"body":{"n":[1]}}', "task_queue": "t", "dead_letter_queue": letters.dead}}}))
    row, = json.loads(letters.run("ls", "-c", path, "-o", "json").stdout)
    assert (row["url"], row["messages"], row["hidden"], row["of"]) == (letters.dead, 3, 0, "route orders, route bills")
    assert re.search(r"^dead-\S+ +3 +0 +route orders, route bills$", letters.run("ls", "-c", path).stdout, re.M)
    for name in ("shop", letters.dead.rsplit("/", 1)[-1]):
        assert len(json.loads(letters.run("ls", name, "-o", "json", FERRY_CONFIG=str(path)).stdout)) == 3
    scene.sqs.client.delete_queue(QueueUrl=letters.dead)
    gone = letters.run("ls", "-c", path, code=1)
    assert "QueueDoesNotExist" in gone.stdout or "NonExistentQueue" in gone.stdout


# --- replay and drop --------------------------------------------------------------------------------------------------

@each_server
def test_a_replay_with_conditions_sends_what_they_take_and_leaves_the_rest_visible(letters):
    meant = {letters.put({"customer": number % 3, "n": number}, f"g{number}") for number in range(0, 25, 3)}
    for number in range(25):
        if number % 3 != 0:
            letters.put({"customer": number % 3, "n": number}, f"g{number}")
    done = letters.run("replay", letters.dead, "--where", "body.customer=0", "-o", "json")
    *messages, summary = lines(done.stdout)
    assert {message["messageId"] for message in messages} == meant
    assert all(message["outcome"] == "replayed" and message["to"] == letters.url for message in messages)
    assert (summary["count"], summary["left"], summary["lookedAt"], summary["complete"]) == (9, 0, 25, True)
    sent = letters.take_all(letters.url)
    assert {json.loads(message["MessageAttributes"]["FerryReplay"]["StringValue"])["messageId"]
            for message in sent} == meant
    assert {message["sentMessageId"] for message in messages} == {message["MessageId"] for message in sent}
    assert sorted(body["n"] for body in letters.bodies(letters.dead)) == [n for n in range(25) if n % 3 != 0]


@each_server
def test_a_dry_run_sends_and_hides_nothing(letters):
    original = letters.put({"n": 1}, reason="timed_out")
    done = letters.run("replay", letters.dead, "--dry-run")
    assert f"would replay {original}" in done.stdout and "timed_out" in done.stdout
    assert "would replay 1, left 0" in done.stdout and letters.url in done.stdout
    assert letters.bodies(letters.url) == [] and len(letters.bodies(letters.dead)) == 1


@each_server
def test_a_replay_to_another_queue_a_limit_and_a_rate(letters):
    other = letters.scene.queue("other", fifo=letters.fifo)
    for number in range(5):
        letters.put({"n": number}, f"g{number}")
    done = letters.run("replay", letters.dead, "--to", other, "--limit", 3, "--rate", 2)
    assert "replayed 3, left 0" in done.stdout
    assert len(letters.bodies(other)) == 3 and letters.bodies(letters.url) == []
    assert len(letters.bodies(letters.dead)) == 2


@each_server
def test_what_cannot_be_replayed_is_left_and_the_exit_code_says_so(letters):
    letters.put({"n": 1}, "a", queue=None)
    letters.put({"n": 2}, "b", queue=letters.dead)
    letters.put({"n": 3}, "c")
    done = letters.run("replay", letters.dead, code=1)
    assert "replayed 1, left 2" in done.stdout and "name one with --to" in done.stdout
    assert sorted(body["n"] for body in letters.bodies(letters.dead)) == [1, 2]


@each_server
def test_drop_deletes_what_the_conditions_take_and_nothing_else(letters):
    for number in range(6):
        letters.put({"n": number}, f"g{number}", reason="rejected" if number % 2 else "failed")
    dry = letters.run("drop", letters.dead, "--where", "reason=rejected", "--dry-run")
    assert "would delete 3, left 0" in dry.stdout
    done = letters.run("drop", letters.dead, "--where", "reason=rejected", "--filter", '{"body":{"n":[{"numeric":["<",5]}]}}',
                       "--yes")
    assert "deleted 2, left 0" in done.stdout
    assert sorted(body["n"] for body in letters.bodies(letters.dead)) == [0, 2, 4, 5]


def test_drop_without_a_terminal_needs_yes(scene):
    letters = Letters(scene)
    letters.put({"n": 1})
    refused = letters.run("drop", letters.dead, code=2, stdin="y\n")
    assert "--yes" in refused.stderr and len(letters.bodies(letters.dead)) == 1


@pytest.mark.parametrize("words, said", [
    (["replay", "http://x/1/dead", "--where", "colour=red"], "no field \"colour\""),
    (["replay", "http://x/1/dead", "--where", "reason"], "expected FIELD"),
    (["replay", "http://x/1/dead", "--filter", "{}"], "--filter: "),
    (["replay", "http://x/1/dead", "--rate", "0"], "--rate"),
    (["replay", "http://x/1/dead", "-o", "xml"], "--output"),
    (["drop", "orders"], "expected the URL of an SQS queue"),
    (["drop", "http://x/1/dead"], "--yes"),
    (["show", "http://x/1/dead"], "QUEUE ID"),
    (["show", "http://x/1/dead", "id", "--raw", "-o", "json"], "not both"),
    (["ls", "http://x/1/dead", "more"], "unexpected argument"),
])
def test_a_wrong_call_is_bad_usage(words, said):
    refused = ferry("dlq", *words, env={}, code=2)
    assert said in refused.stderr and refused.stdout == ""


# --- FIFO groups ------------------------------------------------------------------------------------------------------

def test_a_filter_reaches_what_stands_behind_messages_that_stay_in_their_group(scene):
    """SQS gives out ten of a group at the most while one of them is in hand: further rounds bring what is behind."""
    letters = Letters(scene, fifo=True)
    for number in range(30):
        letters.put({"n": number, "meant": number % 5 != 0}, "g")
    done = letters.run("replay", letters.dead, "--where", "body.meant=true")
    assert "replayed 24, left 0" in done.stdout
    assert [body["n"] for body in letters.bodies(letters.url)] == [n for n in range(30) if n % 5 != 0], "in their order"
    assert [body["n"] for body in letters.bodies(letters.dead)] == [0, 5, 10, 15, 20, 25]


def test_what_stands_behind_ten_messages_that_stay_is_out_of_reach_and_is_told(scene):
    letters = Letters(scene, fifo=True)
    for number in range(12):
        letters.put({"n": number}, "g")
    letters.put({"n": 99}, "other")
    done = letters.run("replay", letters.dead, "--where", "body.n>10", code=1)
    assert "replayed 1, left 0" in done.stdout and "1 groups have ten messages or more that stay" in done.stdout
    assert [body["n"] for body in letters.bodies(letters.url)] == [99]
    assert "no more than ten" in letters.run("ls", letters.dead).stderr
    assert [body["n"] for body in letters.bodies(letters.dead)] == list(range(12)), "in their order, and whole"


# --- faults -----------------------------------------------------------------------------------------------------------

def test_a_dead_letter_that_could_not_be_deleted_is_told_and_not_sent_twice(scene):
    letters = Letters(scene)
    letters.put({"n": 1})
    scene.sqs.fault("error", action="DeleteMessageBatch", queue=letters.dead, code="InternalError", times=9)
    done = letters.run("replay", letters.dead)
    assert "its dead letter was not deleted" in done.stdout and "replayed 1, left 0" in done.stdout
    assert len(letters.bodies(letters.url)) == 1 and len(letters.bodies(letters.dead)) == 1


def test_a_send_that_sqs_refuses_leaves_the_letter(scene):
    letters = Letters(scene)
    letters.put({"n": 1})
    scene.sqs.fault("error", action="SendMessageBatch", queue=letters.url, code="AccessDenied", times=9)
    done = letters.run("replay", letters.dead, code=1)
    assert "replayed 0, left 1" in done.stdout and "AccessDenied" in done.stdout
    assert len(letters.bodies(letters.dead)) == 1


# --- signals and terminals --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_what_was_not_done_is_visible_at_once(scene, number):
    letters = Letters(scene)
    for n in range(40):
        letters.put({"n": n})
    path = scene.directory / "replay.out"
    with path.open("w") as out:
        process = start("dlq", "replay", letters.dead, "--rate", "5", env=scene.sqs.environment(), out=out)
        wait_until(lambda: len(scene.sqs.messages(letters.url)) >= 5, 30, "the first replays", 0.05)
        process.send_signal(number)
        assert process.wait(30) == 1
    said = path.read_text()
    count = int(re.search(r"replayed (\d+), left 0", said)[1])
    assert "interrupted" in said and 5 <= count < 40
    assert len(letters.bodies(letters.url)) == count
    assert len(letters.bodies(letters.dead)) == 40 - count


def test_a_terminal_shows_a_bar_that_is_gone_at_the_end(scene):
    letters = Letters(scene)
    for n in range(30):
        letters.put({"n": n})
    terminal = letters.terminal("replay", letters.dead, "--rate", "15", columns=100)
    assert terminal.end() == 0
    bars = re.findall(r"replaying \[([#-]+)\] (\d+)/(\d+)", terminal.seen)
    assert len(bars) >= 2 and all(total == "30" for _, _, total in bars)
    done = [int(count) for _, count, _ in bars]
    assert done == sorted(done) and bars[0][0].count("#") < bars[-1][0].count("#")
    screen = terminal.screen()
    assert not any("[#" in line or "[-" in line for line in screen), screen
    assert "replayed 30, left 0" in screen and sum(line.startswith("replayed  ") for line in screen) == 30
    assert all(len(line) < 100 for line in re.split(r"\r\x1b\[K|\r\n", terminal.seen))


def test_there_is_no_bar_for_programs_and_dumb_terminals(scene):
    letters = Letters(scene)
    letters.put({"n": 1})
    for words in (["-o", "json"], []):
        terminal = Terminal("dlq", "ls", letters.dead, *words,
                            env={**scene.sqs.environment(), **({} if words else {"TERM": "dumb"})})
        assert terminal.end() == 0 and "\x1b[K" not in terminal.seen


@pytest.mark.parametrize("answer, code, rest", [("y\n", 0, 0), ("n\n", 1, 2), ("\n", 1, 2), ("yes please\n", 1, 2)])
def test_drop_asks_on_a_terminal(scene, answer, code, rest):
    letters = Letters(scene)
    letters.put({"n": 1})
    letters.put({"n": 2})
    terminal = letters.terminal("drop", letters.dead)
    terminal.wait_for(r"Delete all messages of .*dead.*\? \[y/N\] ")
    terminal.type(answer)
    assert terminal.end() == code
    assert ("deleted 2, left 0" in terminal.seen) == (code == 0)
    assert len(letters.bodies(letters.dead)) == rest


# --- the whole way ----------------------------------------------------------------------------------------------------

def killed_at(scene, words: list, fault: dict):
    """Starts the tool, which hangs at its next such call; and kills it there."""
    number = scene.sqs.fault("black_hole", times=1, **fault)
    path = scene.directory / "killed.out"
    with path.open("w") as out:
        process = start(*words, env=scene.sqs.environment(), out=out)
        try:
            wait_until(lambda: _hits(scene, number) > 0, 60, f"the call {fault}", 0.02)
            assert process.poll() is None, path.read_text()[-2000:]
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
    scene.sqs.clear(number)


def _hits(scene, number: int) -> int:
    return sum(fault["hits"] for fault in scene.sqs.state(messages=0, journal=0)["faults"] if fault["number"] == number)


@pytest.mark.timeout(1800 if LONG else 240)
@both_kinds
def test_a_replay_with_a_filter_that_is_killed_and_started_again_is_one_successful_run_each(scene, work, fifo):
    """In the long form 1,000 messages that the filter takes among 1,250; killed in three places."""
    meant, others = (1000, 250) if LONG else (120, 30)
    url, dead = scene.queue("q", fifo=fifo), scene.queue("dead", fifo=fifo)
    crew = scene.crew(url, pollers=1, route={"max_attempts": 1, "dead_letter_queue": dead}).start()
    kinds = ["other" if number % 5 == 4 else "meant" for number in range(meant + others)]
    originals = [(kind, scene.send(url, {"fail": 1, "kind": kind}, f"g{number % (len(kinds) // 3)}"))
                 for number, kind in enumerate(kinds)]
    scene.wait_letters(dead, len(kinds), 600 if LONG else 120)
    scene.wait_empty(url, 60)
    words = ["dlq", "replay", dead, "--where", "body.kind=meant", "--visibility", "5s"]
    for at in ({"action": "DeleteMessageBatch", "queue": dead, "skip": 3},  # sent, and not deleted
               {"action": "SendMessageBatch", "queue": url, "skip": 2, "when": "after"},  # sent, and not known
               {"action": "ReceiveMessage", "queue": dead, "skip": 4, "when": "after"}):  # taken, and not sent
        killed_at(scene, words, at)
    wait_until(lambda: all(letter["state"] == "ready" for letter in scene.sqs.messages(dead)), 60,
               "what the killed ones had in hand", 0.1)
    scene.wait_letters(dead, others + 1)
    done = ferry(*words, "-o", "json", env=scene.sqs.environment(), timeout=600)
    summary = lines(done.stdout)[-1]
    assert summary["complete"] and summary["left"] == 0 and 0 < summary["count"] <= meant
    wanted = [message for kind, message in originals if kind == "meant"]
    scene.wait_completed(wanted, 600 if LONG else 120)
    scene.wait_empty(url, 60)
    assert scene.temporal.count(f"TaskQueue = '{scene.task_queue}' AND ExecutionStatus = 'Completed'") == meant
    assert scene.temporal.count(f"TaskQueue = '{scene.task_queue}' AND ExecutionStatus = 'Failed'") == len(kinds)
    assert scene.temporal.count(f"TaskQueue = '{scene.task_queue}'") == len(kinds) + meant
    assert all(scene.status(message) == "COMPLETED" for message in wanted)
    left = scene.letters(dead)
    assert {letter["about"]["messageId"] for letter in left} == {m for kind, m in originals if kind == "other"}
    assert len(left) == others and crew.poller.running
