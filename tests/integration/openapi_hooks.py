"""What schemathesis cannot know of the API: values whose rules are the server's, or need two members at once.

Only valid requests are changed: invalid ones are sent as they were made.
"""

import os
import uuid

import schemathesis

QUERIES = ["", "ExecutionStatus = 'Running'", "WorkflowType = 'any' AND StartTime > '2020-01-01T00:00:00Z'"]


def is_valid(case) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    if not is_valid(case):
        return
    query, body = case.query, case.body
    if case.headers.get("Idempotency-Key"):  # the same one with another body is refused
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if query.get("query") is not None:  # in Temporal's own language
        query["query"] = QUERIES[len(query["query"]) % len(QUERIES)]
    query.pop("pageToken", None)  # the server's own
    if query.get("wait") is not None:  # what has not ended would be waited for
        query["wait"] = "50ms"
    if "batch" in (case.media_type or ""):
        query.pop("wait", None)
        case.headers.pop("Prefer", None)
    if query.get("reverse") is not None:  # a history is waited for at its end only
        query.pop("wait", None)
    if isinstance(body, dict) and "eventId" in body:  # of that run's history
        del body["eventId"]
        body["to"] = "firstWorkflowTask"
    if query.get("arguments") == "list" and not isinstance(body, list):
        query.pop("arguments")
    if isinstance(body, dict) and "waitMs" in body:
        body["waitMs"] = int(min(body["waitMs"], 100))
    if isinstance(body, dict) and "workflowType" in body:
        body["taskQueue"] = os.environ["SCHEMATHESIS_TASK_QUEUE"]
        body.pop("searchAttributes", None)  # the namespace knows none of such names
        body.pop("startDelay", None)
        if "id" in case.path_parameters or "Ferry-Workflow-Id" in case.headers:
            body.pop("workflowId", None)  # two that differ are refused
        if isinstance(body.get("retryPolicy"), dict):
            body["retryPolicy"].pop("maximumInterval", None)  # at least the initial one, of which it is a multiple
            body["retryPolicy"].pop("initialInterval", None)
