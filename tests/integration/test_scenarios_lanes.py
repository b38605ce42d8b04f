"""Lanes without gaps: a message that leaves hand unsettled lets its group go on in order, soon, and is not overtaken.
Two pollers in every one. The bound on each is far below any cap: the return's own visibility and some seconds."""

import signal
import subprocess

import pytest

from ferrystack.process import free_port, wait_until

KNOWN = '{"body": {"kind": ["known"]}}'
SOON = 45  # s; a return takes 10 s at first, and a cap would take 12 h


class Groups:
    """Two groups of three on one queue: the first one's A is the bad message, the second one's B. All are there before
    the pollers are, so that one receive brings a whole group."""

    def __init__(self, scene, bad, good=None):
        self.scene, self.url = scene, scene.queue()
        self.groups = [[scene.send(self.url, self.body(bad, good, group, position), f"g{group}")
                        for position in range(3)] for group in (0, 1)]
        self.bad = [self.groups[0][0], self.groups[1][1]]
        self.good = [message for group in self.groups for message in group if message not in self.bad]
        self.all = [*self.bad, *self.good]

    @staticmethod
    def body(bad, good, group, position):
        if position != group:
            return {"name": f"good{group}{position}", **(good or {})}
        return bad if isinstance(bad, str) else {"name": f"bad{group}", **bad}

    def fault_each(self, kind, **members):
        """A fault of their own for the two bad messages."""
        return [self.scene.sqs.fault(kind, queue=self.url, body=f'"bad{group}"', **members) for group in (0, 1)]

    def wait_in_order(self, messages=None, timeout=SOON):
        """All of them (or those given) are done, and each group one after the other."""
        wanted = self.all if messages is None else messages
        self.scene.wait_done(self.url, wanted, timeout)
        for group in self.groups:
            self.scene.assert_in_order([message for message in group if message in wanted])

    def assert_nothing_overtook(self):
        """What stands behind the bad ones has not been started."""
        assert self.scene.status(self.groups[0][1]) == self.scene.status(self.groups[0][2]) == ""
        assert self.scene.status(self.groups[1][2]) == ""


def reset(scene, message):
    command = scene.temporal.command("workflow", "reset", "-w", scene.workflow_id(message), "-t", "FirstWorkflowTask",
                                     "--reason", "test")
    done = subprocess.run(command, capture_output=True, text=True, input="y\n", check=False)
    assert done.returncode == 0, done.stderr


def test_a_message_that_is_returned_lets_its_group_go_on_in_order(scene, work):
    """Its run was canceled; the operator resets that, and the next delivery finds a run that has completed."""
    groups = Groups(scene, {"wait": True})
    crew = scene.crew(groups.url, pollers=2, route={"on_canceled": "return"}).start()
    for message in groups.bad:
        wait_until(lambda message=message: scene.status(message) == "RUNNING", 20, "its run", 0.05)
        scene.temporal.request(f"workflows/{scene.workflow_id(message)}/cancel", {})
        crew.wait_said(20, "message returned", message_id=message)
    groups.assert_nothing_overtook()
    for message in groups.bad:
        reset(scene, message)
        scene.go(message)
    scene.wait_done(groups.url, groups.all, SOON)
    groups.wait_in_order()
    assert all(scene.run_statuses(message)[-1] == "COMPLETED" for message in groups.all)


def test_a_message_whose_lease_lapses_lets_its_group_go_on_in_order(scene, work):
    """SQS answers no renewal in time, so the poller gives it up by its own clock, or gets it again before that."""
    groups = Groups(scene, {"sleep_ms": 6000})
    faults = groups.fault_each("black_hole", action="ChangeMessageVisibilityBatch")
    scene.crew(groups.url, pollers=2, queue={"visibility": "4s"}).start()
    for message in groups.bad:
        wait_until(lambda message=message: scene.deliveries(groups.url, message) >= 2, 20, "its next delivery", 0.1)
    for fault in faults:
        scene.sqs.clear(fault)
    groups.wait_in_order()
    scene.assert_one_run_each(groups.all)


def test_a_message_whose_renewal_is_refused_lets_its_group_go_on_in_order(scene, work):
    groups = Groups(scene, {"sleep_ms": 5000})
    groups.fault_each("fail_entries", action="ChangeMessageVisibilityBatch", times=1, code="ReceiptHandleIsInvalid",
                      sender_fault=True)
    crew = scene.crew(groups.url, pollers=2, queue={"visibility": "4s"}).start()
    for message in groups.bad:
        crew.wait_said(20, "message left hand", message_id=message)
    groups.wait_in_order()
    scene.assert_one_run_each(groups.all)


def test_a_message_whose_md5_is_wrong_lets_its_group_go_on_in_order(scene, work):
    groups = Groups(scene, {})
    groups.fault_each("corrupt", what="md5", times=1)
    crew = scene.crew(groups.url, pollers=2).start()
    for message in groups.bad:
        crew.wait_said(20, "message returned", message_id=message, reason="damaged")
    groups.wait_in_order()
    scene.assert_one_run_each(groups.all)


@pytest.mark.parametrize("action", ["dead_letter", "delete"])
def test_a_message_that_no_route_takes_lets_its_group_go_on_in_order(scene, work, action):
    groups, dead = Groups(scene, {"kind": "strange"}, {"kind": "known"}), scene.queue("dead")
    scene.crew(groups.url, pollers=2, route={"filter": KNOWN}, queue={
        "unmatched": action, **({"dead_letter_queue": dead} if action == "dead_letter" else {})}).start()
    groups.wait_in_order(groups.good)
    scene.assert_one_run_each(groups.good)
    assert sorted(letter["about"]["messageId"] for letter in scene.letters(dead)) == (
        sorted(groups.bad) if action == "dead_letter" else [])
    assert all(scene.deliveries(groups.url, message) == 1 for message in groups.all)


def test_a_message_that_no_route_takes_and_is_returned_runs_in_its_place_once_a_route_does(scene, work):
    groups = Groups(scene, {"kind": "strange"}, {"kind": "known"})
    crew = scene.crew(groups.url, pollers=2, route={"filter": KNOWN}).start()
    for message in groups.bad:
        crew.wait_said(20, "message returned", message_id=message, reason="unmatched")
    groups.assert_nothing_overtook()
    for poller in crew.pollers:
        poller.signal(signal.SIGTERM)
    assert [poller.wait(20) for poller in crew.pollers] == [0, 0]
    scene.crew(groups.url, pollers=2).start()
    groups.wait_in_order()
    scene.assert_one_run_each(groups.all)


def test_a_message_that_is_rejected_lets_its_group_go_on_in_order(scene, work):
    groups, dead = Groups(scene, "no JSON"), scene.queue("dead")
    scene.crew(groups.url, pollers=2, route={"input": "body", "dead_letter_queue": dead}).start()
    groups.wait_in_order(groups.good)
    scene.assert_one_run_each(groups.good)
    assert sorted(letter["about"]["messageId"] for letter in scene.letters(dead)) == sorted(groups.bad)


@pytest.mark.unclean
def test_a_group_whose_poller_is_killed_goes_on_in_order_elsewhere(scene, work):
    url = scene.queue()
    messages = [scene.send(url, {"sleep_ms": 1500 if i == 0 else 50}) for i in range(4)]
    crew = scene.crew(url, pollers=2, queue={"visibility": "3s"}).start_gateway()
    crew.pollers[0].start()
    crew.wait_said(20, "workflow started", message_id=messages[0])
    crew.pollers[0].kill()
    crew.pollers[1].start()
    scene.wait_done(url, messages, SOON)
    scene.assert_in_order(messages)
    scene.assert_one_run_each(messages)


# --- the failed head of a lane ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("action", ["dead_letter", "delete", "return"])
def test_a_failed_head_is_tried_in_place_then_on_failed_then_its_lane_goes_on(scene, work, action):
    """Followers wait all the while, are not overtaken, and none of them is dead-lettered unrun."""
    url, dead = scene.queue(), scene.queue("dead")
    head = scene.send(url, {"fail": 3}, "A")
    followers = [scene.send(url, {}, "A") for _ in range(3)]
    others = [scene.send(url, {}, "B") for _ in range(3)]
    route = {"max_attempts": 3, "backoff": "500ms", "on_failed": action,
             **({"dead_letter_queue": dead} if action == "dead_letter" else {})}
    crew = scene.crew(url, pollers=2, route=route).start()
    scene.wait_completed(others, 20)
    wait_until(lambda: scene.run_statuses(head) == ["FAILED"] * 3, 30, "three attempts", 0.1)
    assert scene.deliveries(url, head) == 1, "all attempts under one lease"
    if action == "return":
        crew.wait_said(20, "message returned", message_id=head, reason="failed")
        assert [scene.status(message) for message in followers] == ["", "", ""]
        reset(scene, head)  # the operator has removed the cause
        wait_until(lambda: scene.status(head) == "COMPLETED", 20, "the reset run", 0.1)
    scene.wait_done(url, followers, SOON)
    assert scene.run_statuses(head)[:3] == ["FAILED"] * 3
    scene.assert_in_order([head, *followers])
    letters = [letter["about"]["messageId"] for letter in scene.letters(dead)]
    assert letters == ([head] if action == "dead_letter" else [])


def test_a_head_that_fails_once_and_then_succeeds_keeps_its_place(scene, work):
    url = scene.queue()
    messages = [scene.send(url, {"fail": 1 if i == 1 else 0}, "A") for i in range(4)]
    scene.crew(url, pollers=2, route={"backoff": "500ms"}).start()
    scene.wait_done(url, messages)
    assert [scene.run_statuses(message) for message in messages] == [
        ["COMPLETED"], ["FAILED", "COMPLETED"], ["COMPLETED"], ["COMPLETED"]]
    scene.assert_in_order(messages)
    assert scene.deliveries(url, messages[1]) == 1


@pytest.mark.unclean
def test_attempts_are_counted_over_all_deliveries(scene, work):
    """The poller dies between two attempts: its successor goes on counting where it was."""
    dead = scene.queue("dead")
    url = scene.queue()
    head, behind = scene.send(url, {"fail": 9}, "A"), scene.send(url, {}, "A")
    route = {"max_attempts": 3, "backoff": "2s", "dead_letter_queue": dead}
    crew = scene.crew(url, pollers=2, route=route, queue={"visibility": "4s"}).start_gateway()
    crew.pollers[0].start()
    wait_until(lambda: scene.run_statuses(head) == ["FAILED"], 20, "the first failure", 0.05)
    crew.wait_said(10, "next attempt planned", message_id=head)
    crew.pollers[0].kill()
    crew.pollers[1].start()
    scene.wait_done(url, [behind], SOON)
    assert scene.run_statuses(head) == ["FAILED"] * 3
    letter, = scene.wait_letters(dead, 1)
    assert letter["about"]["attempt"] == 3 and letter["about"]["receiveCount"] == 2
    scene.assert_in_order([head, behind])


def test_an_outage_in_the_middle_of_a_lane_keeps_its_order(scene, work):
    url, port = scene.queue(), free_port()
    messages = [scene.send(url, {"sleep_ms": 200}, f"g{i % 2}") for i in range(10)]
    crew = scene.crew(url, pollers=2, queue={"visibility": "4s"}, gateway_port=port).start()
    wait_until(lambda: scene.status(messages[2]) != "", 20, "the middle", 0.02)
    crew.gateway.stop()
    crew.wait_said(30, "waiting for runs failed")
    crew.start_gateway()
    scene.wait_done(url, messages, 60)
    scene.assert_one_run_each(messages)
    for group in range(2):
        scene.assert_in_order(messages[group::2])
