"""Lists, counts and histories over HTTP."""

import urllib.parse

import pytest

from ferrystack.process import wait_until
from workflow_world import api, assert_problem  # noqa: F401


def listed(api, query: str, **options) -> list:
    """The runs of all pages."""
    runs, token = [], None
    while True:
        parameters = {"query": query, **options, **({"pageToken": token} if token else {})}
        answer = api.get(f"?{urllib.parse.urlencode(parameters)}")
        assert answer.status == 200, answer
        runs += answer.json["workflows"]
        token = answer.json.get("nextPageToken")
        if token is None:
            return runs


# --- lists -----------------------------------------------------------------------------------------------------------

def test_a_list_has_what_the_query_finds(api):
    workflow_id = api.started("box", memo={"order": 1.50})
    query = f"WorkflowId = '{workflow_id}'"
    wait_until(lambda: listed(api, query), 20, "the run to be visible")
    run = listed(api, query)[0]
    assert run["workflowId"] == workflow_id and run["workflowType"] == "box" and run["status"] == "Running", run
    answer = api.get(f"?{urllib.parse.urlencode({'query': query})}")
    assert b'"memo":{"order":1.50}' in answer.body and "nextPageToken" not in answer.json, answer


def test_a_list_comes_in_pages(api):
    queue = api.new_id("queue")
    started = {api.started("box", taskQueue=queue) for _ in range(5)}
    query = f"TaskQueue = '{queue}'"
    wait_until(lambda: len(listed(api, query)) == 5, 20, "the runs to be visible")
    for size in (1, 2, 5, 1000):
        assert {run["workflowId"] for run in listed(api, query, pageSize=size)} == started
    first = api.get(f"?{urllib.parse.urlencode({'query': query, 'pageSize': 2})}").json
    assert len(first["workflows"]) == 2 and first["nextPageToken"]


def test_a_list_that_finds_nothing_is_empty(api):
    assert api.get("?" + urllib.parse.urlencode({"query": "WorkflowId = 'none'"})).json == {"workflows": []}


@pytest.mark.parametrize("query, said", [("query=no+such+thing", ""), ("query=NoSuchAttribute+%3D+1", "NoSuchAttribute"),
                                         ("pageSize=0", "pageSize"), ("pageSize=1001", "pageSize"),
                                         ("pageToken=", "pageToken"), ("pageToken=%2B", "pageToken")])
def test_a_wrong_list_is_400(api, query, said):
    assert_problem(api.get(f"?{query}"), 400, "invalid-request", said)
