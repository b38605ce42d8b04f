"""Documents against the schemas of Kubernetes' API, strictly: what the API does not know is refused.

The schemas of Kubernetes itself are those of the package kubernetes-validate. Those of KEDA and of the Prometheus
operator are not in a package that could be had for a check that is run often; below is, in our own words, the part of
them that the manifests use. A key that is used for the first time has to be looked up there, and added here.
"""

import functools
import json

import jsonschema
import kubernetes_validate

from .manifests import title

# The oldest that has `preStop.sleep` switched on, and the newest that the package knows.
VERSIONS = ("1.30", "1.37")

STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
COUNT = {"type": "integer", "minimum": 0}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}
NAME = {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}


def _object(required: list[str], **properties) -> dict:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _list(items: dict) -> dict:
    return {"type": "array", "minItems": 1, "items": items}


SELECTOR = _object([], matchLabels=STRINGS)
METADATA = _object(["name"], name=NAME, namespace=NAME, labels=STRINGS, annotations=STRINGS)
SCALING_POLICY = _object([], stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600})
# Metadata of KEDA's triggers are strings, whatever they mean; these are the names that versions 2.20 and 2.21 read.
TRIGGERS = {
    "aws-sqs-queue": ({"queueURL", "awsRegion"}, {
        "queueURL", "awsRegion", "queueLength", "activationQueueLength", "awsEndpoint", "scaleOnInFlight",
        "scaleOnDelayed"}),
    "temporal": ({"endpoint", "taskQueue"}, {
        "endpoint", "namespace", "taskQueue", "queueTypes", "targetQueueSize", "activationTargetQueueSize", "enableTLS",
        "tlsServerName", "unsafeSsl", "minConnectTimeout", "workerDeploymentName", "workerDeploymentBuildId",
        "includeRunningWorkflowCount", "workflowTaskQueueForCount"}),
}
TRIGGER = {"oneOf": [
    _object(["type", "metadata"], type={"const": kind}, name=NAME, authenticationRef=_object(["name"], name=NAME),
            metadata=_object(sorted(required), **dict.fromkeys(known, {"type": "string"})))
    for kind, (required, known) in TRIGGERS.items()]}
RULE = {"oneOf": [
    _object(["record", "expr"], record={"type": "string"}, expr={"type": "string"}, labels=STRINGS),
    _object(["alert", "expr"], alert={"type": "string"}, expr={"type": "string"}, labels=STRINGS, annotations=STRINGS,
            **{"for": DURATION, "keep_firing_for": DURATION})]}
SPECIFICATIONS = {
    ("keda.sh/v1alpha1", "ScaledObject"): _object(
        ["scaleTargetRef", "triggers"],
        scaleTargetRef=_object(["name"], name=NAME, kind=NAME, apiVersion=NAME), pollingInterval=COUNT,
        cooldownPeriod=COUNT, minReplicaCount=COUNT, maxReplicaCount=COUNT, triggers=_list(TRIGGER),
        fallback=_object(["failureThreshold", "replicas"], failureThreshold=COUNT, replicas=COUNT),
        advanced=_object([], horizontalPodAutoscalerConfig=_object(
            [], behavior=_object([], scaleUp=SCALING_POLICY, scaleDown=SCALING_POLICY)))),
    ("keda.sh/v1alpha1", "TriggerAuthentication"): _object(
        [], podIdentity=_object(["provider"], provider={"enum": ["aws"]}, identityOwner={"enum": ["keda", "workload"]},
                                roleArn={"type": "string", "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/"}),
        secretTargetRef=_list(_object(["parameter", "name", "key"], parameter={"enum": ["apiKey", "cert", "key", "ca"]},
                                      name=NAME, key={"type": "string"}))),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _object(
        ["selector", "endpoints"], jobLabel={"type": "string"}, selector=SELECTOR,
        endpoints=_list(_object(["port"], port=NAME, path={"type": "string", "pattern": "^/"}, interval=DURATION,
                                scrapeTimeout=DURATION))),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _object(
        ["groups"], groups=_list(_object(["name", "rules"], name={"type": "string"}, interval=DURATION,
                                         rules=_list(RULE)))),
}


def _custom_problem(document: dict, specification: dict) -> str | None:
    schema = _object(["apiVersion", "kind", "metadata", "spec"], apiVersion={"type": "string"}, kind={"type": "string"},
                     metadata=METADATA, spec=specification)
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(document))
    return error and f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


@functools.cache
def _problem(text: str) -> str | None:
    """Of a document as JSON: the same one is asked about again and again."""
    document = json.loads(text)
    specification = SPECIFICATIONS.get((document["apiVersion"], document["kind"]))
    if specification:
        return _custom_problem(document, specification)
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            return f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            return f"Kubernetes {version} has no {document['kind']} in {document['apiVersion']}"
    return None


def schema_problems(documents: list[dict]) -> list[str]:
    return [f"{title(document)}: {problem}" for document in documents if (problem := _problem(json.dumps(document, sort_keys=True)))]
