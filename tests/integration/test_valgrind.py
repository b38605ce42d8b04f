"""The three services under valgrind memcheck: no wrong access and nothing lost, from the start to SIGTERM's end."""

import shutil

import pytest

from ferrystack.ferry import programs
from ferrystack.process import ROOT
from http_request import request

RUN_VALGRIND = ROOT / "tests" / "sanitizers" / "run-valgrind"


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed: tools/setup lint")
@pytest.mark.skipif(b"__asan_init" in (programs() / "ferry-worker").read_bytes(),
                    reason="valgrind and AddressSanitizer do not go together")
def test_the_services_touch_and_keep_nothing_that_is_not_theirs(world):
    url = world.create_queue(fifo=False)
    ferry = world.ferry(url, queue={"visibility": "60s"}, work_ms=100)
    for service in ferry.all:
        service.arguments.insert(0, str(RUN_VALGRIND))
        service.start()
    ferry.wait_ready(timeout=120)

    good = world.send_many(url, 6)
    refused = world.send(url, "no JSON")
    world.wait_completed(good, 120)
    returned = ferry.poller.wait_for_event(60, "message returned", message_id=refused)
    assert returned["msg"] == "message returned"
    for path in ("/v1/routes/nowhere/events", "/v1/routes/hello-world/events"):
        assert request("POST", ferry.gateway_url + path, "{ no json").status in (400, 404)
    result = request("GET", f"{ferry.gateway_url}/v1/workflows/{world.workflow_id(good[0])}/result?wait=5s")
    assert result.json["result"] == "finished!"

    codes = ferry.stop()
    complaints = [line for service in ferry.all for line in service.text().splitlines() if line.startswith("==")]
    assert set(codes.values()) == {0}, f"{codes}\n" + "\n".join(complaints[:200])
