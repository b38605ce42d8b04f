"""Lists of workflows over HTTP."""

import urllib.parse

import pytest

from ferrystack.process import wait_until
from workflow_world import api, assert_problem  # noqa: F401


def listed(api, query: str, **options) -> list:
    answer = api.get(f"?{urllib.parse.urlencode({'query': query, **options})}")
    assert answer.status == 200, answer
    return answer.json["workflows"]


def test_a_list_has_what_the_query_finds(api):
    workflow_id = api.started("box")
    query = f"WorkflowId = '{workflow_id}'"
    wait_until(lambda: listed(api, query), 20, "the run to be visible")
    run = listed(api, query)[0]
    assert run["workflowId"] == workflow_id and run["workflowType"] == "box" and run["status"] == "Running", run


def test_a_list_is_as_long_as_its_page(api):
    queue = api.new_id("queue")
    started = {api.started("box", taskQueue=queue) for _ in range(5)}
    query = f"TaskQueue = '{queue}'"
    wait_until(lambda: len(listed(api, query)) == 5, 20, "the runs to be visible")
    assert {run["workflowId"] for run in listed(api, query, pageSize=1000)} == started
    assert len(listed(api, query, pageSize=2)) == 2


def test_a_list_that_finds_nothing_is_empty(api):
    assert api.get("?" + urllib.parse.urlencode({"query": "WorkflowId = 'none'"})).json == {"workflows": []}


@pytest.mark.parametrize("query, said", [("query=no+such+thing", ""), ("query=NoSuchAttribute+%3D+1", "NoSuchAttribute"),
                                         ("pageSize=0", "pageSize"), ("pageSize=1001", "pageSize")])
def test_a_wrong_list_is_400(api, query, said):
    assert_problem(api.get(f"?{query}"), 400, "invalid-request", said)
