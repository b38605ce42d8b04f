"""deploy/aws without an account: policies against what the services call, Terraform as far as it goes without its AWS
provider, task definitions against the model of ECS's API."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import botocore.session
import botocore.validate
import hcl2
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from ferrystack.ferry import programs  # noqa: E402

AWS = ROOT / "deploy" / "aws"
POLICIES = {path.stem: json.loads(path.read_text()) for path in sorted((AWS / "policies").glob("*.json"))}
TRUST = {path.stem: path.read_text() for path in sorted((AWS / "trust").glob("*.json"))}
TASKS = {path.stem: json.loads(path.read_text()) for path in sorted((AWS / "ecs").glob("*.json"))}
QUEUE, DEAD, EVENTS = (f"arn:aws:sqs:eu-central-1:111122223333:{name}.fifo" for name in ("hello", "hello-dead", "events"))
KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
# Whose policy is for which program.
SOURCES = {"poller": "services/poller/**/*.c", "worker": "services/worker/**/*.c", "gateway": "services/gateway/**/*.c",
           "dead-letters": "cli/dlq*.c"}
terraform_is_there = pytest.mark.skipif(not shutil.which("terraform"), reason="needs terraform")


def actions(policy: dict, resource: str | None = None) -> set[str]:
    return {action for statement in policy["Statement"] if resource in (None, statement["Resource"])
            for action in statement["Action"]}


# -- policies ---------------------------------------------------------------------------------------------------------

# What the functions of aws/sqs_client.h, and those of cli/sqs_session.h above them, ask SQS for. A batch needs the right
# of its single form.
CALLS = {"receive": "ReceiveMessage", "receive_message": "ReceiveMessage", "send": "SendMessage", "send_message": "SendMessage",
         "probe_send": "SendMessage", "delete": "DeleteMessage", "delete_message": "DeleteMessage",
         "change_visibility": "ChangeMessageVisibility", "get_queue_attributes": "GetQueueAttributes",
         "get_queue_url": "GetQueueUrl", "create_queue": "CreateQueue"}
NO_CALLS = {"new", "destroy", "options", "now_ms", "wait_until", "error_code", "error_class", "find_credentials"}


def calls_of(pattern: str) -> set[str]:
    """A function that is not known here is a KeyError."""
    text = "".join(path.read_text() for path in sorted(ROOT.glob(pattern)))
    names = {name.removesuffix("_batch") for name in re.findall(r"\bsqs_(?:client|session)_([a-z_]+)\b(?=[(,]|\s*})", text)}
    return {f"sqs:{CALLS[name]}" for name in names - NO_CALLS}


@pytest.mark.parametrize("name", SOURCES)
def test_a_policy_allows_what_the_program_calls_and_nothing_else(name):
    assert {action for action in actions(POLICIES[name]) if action.startswith("sqs:")} == calls_of(SOURCES[name])


def test_the_calls_are_found():
    assert {pattern: len(calls_of(pattern)) for pattern in SOURCES.values()} == dict(zip(SOURCES.values(), (5, 2, 1, 5)))


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_its_actions_and_resources(name):
    for statement in POLICIES[name]["Statement"]:
        assert statement["Effect"] == "Allow" and not re.search(r"[*?]", json.dumps([statement["Action"], statement["Resource"]]))
        assert statement["Resource"] in (QUEUE, DEAD, EVENTS, KEY)


@pytest.mark.parametrize("name", POLICIES)
def test_a_key_is_only_for_those_who_read_or_write_bodies_and_only_through_sqs(name):
    sees_bodies = {"sqs:ReceiveMessage", "sqs:SendMessage"} & actions(POLICIES[name])
    assert bool(actions(POLICIES[name], KEY)) == bool(sees_bodies)
    assert all(statement["Condition"] == {"StringLike": {"kms:ViaService": "sqs.*.amazonaws.com"}}
               for statement in POLICIES[name]["Statement"] if statement["Resource"] == KEY)


def test_the_poller_only_writes_dead_letters_and_who_replays_only_reads_them():
    assert actions(POLICIES["poller"], DEAD) == {"sqs:SendMessage"}
    assert "sqs:SendMessage" not in actions(POLICIES["dead-letters"], DEAD)
    assert actions(POLICIES["dead-letters"], QUEUE) == {"sqs:SendMessage"}


def test_the_documentation_lists_the_same_actions():
    page = (ROOT / "docs" / "aws.md").read_text()
    rows = dict(re.findall(r"^\| `(ferry[ a-z-]*)`[^|]* \| (.*) \|$", page, re.M))
    for program, name in {"ferry-poller": "poller", "ferry-worker": "worker", "ferry-gateway": "gateway", "ferry dlq": "dead-letters",
                          "ferry check --live": "check"}.items():
        assert set(re.findall(r"sqs:\w+", rows[program])) == {one for one in actions(POLICIES[name]) if one.startswith("sqs:")}


# -- Terraform --------------------------------------------------------------------------------------------------------

def hcl_files() -> list[Path]:
    return sorted((AWS / "terraform").rglob("*.tf"))


def module_text(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))


@pytest.mark.parametrize("path", hcl_files(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_file_is_hcl(path):
    assert hcl2.loads(path.read_text())


@pytest.mark.parametrize("folder", [AWS / "terraform", AWS / "terraform" / "policies"], ids=lambda folder: folder.name)
def test_what_is_referred_to_is_there_and_nothing_is_left_over(folder):
    text = re.sub(r"^\s*#.*$", "", module_text(folder), flags=re.M)
    declared = set(re.findall(r'^variable "(\w+)"', text, re.M))
    used = re.sub(r'^variable "\w+" \{.*?^\}', "", text, flags=re.M | re.S)
    assert declared == set(re.findall(r"\bvar\.(\w+)", used))
    resources = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.M))
    assert {(kind, name) for kind, name in re.findall(r"\b(aws_\w+)\.(\w+)\b", re.sub(r"data\.\w+\.\w+", "", text))} <= resources
    locals_ = set(re.findall(r"^  (\w+)\s*=", "".join(re.findall(r"^locals \{(.*?)^\}", text, re.M | re.S)), re.M))
    assert set(re.findall(r"\blocal\.(\w+)", text)) == locals_


def test_the_module_s_queue_is_what_the_documentation_asks_for():
    text = module_text(AWS / "terraform")
    for words in ("redrive_policy ", "redrivePermission = \"byQueue\"", "sqs_managed_sse_enabled ", "fifo_throughput_limit ",
                  "max_receive_count >= 10", "aws:SecureTransport"):
        assert words in text


@terraform_is_there
def test_terraform_s_own_format():
    run = subprocess.run(["terraform", "fmt", "-check", "-recursive", "-diff", AWS / "terraform"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def policies_module(tmp_path_factory):
    """The module that needs no provider, ready to be planned, with the documents where it looks for them."""
    if not shutil.which("terraform"):
        pytest.skip("needs terraform")
    copy = tmp_path_factory.mktemp("aws") / "aws"
    shutil.copytree(AWS, copy, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    folder = copy / "terraform" / "policies"
    for command in (["init", "-input=false"], ["validate"]):
        run = subprocess.run(["terraform", f"-chdir={folder}", *command], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    return folder


VARIABLES = {"queue_arns": ["arn:aws:sqs:eu-west-1:123456789012:a.fifo", "arn:aws:sqs:eu-west-1:123456789012:b"],
             "dead_letter_queue_arns": ["arn:aws:sqs:eu-west-1:123456789012:a-dead.fifo"],
             "trust": {"kind": "pod-identity", "account": "123456789012", "namespace": "mine"}}


def plan(folder: Path, variables: dict) -> subprocess.CompletedProcess:
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
    return subprocess.run(["terraform", f"-chdir={folder}", "plan", "-input=false", "-no-color", "-out=plan"],
                          capture_output=True, text=True)


def outputs(folder: Path, **changes) -> dict:
    run = plan(folder, VARIABLES | changes)
    assert run.returncode == 0, run.stderr
    shown = subprocess.run(["terraform", f"-chdir={folder}", "show", "-json", "plan"], capture_output=True, text=True, check=True)
    values = json.loads(shown.stdout)["planned_values"]["outputs"]
    return {kind: {name: json.loads(text) for name, text in values[kind]["value"].items()} for kind in ("policies", "trust")}


def test_the_module_puts_arns_in_the_place_of_the_examples(policies_module):
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    rendered = outputs(policies_module, kms_key_arns=[key], event_queue_arns=["arn:aws:sqs:eu-west-1:123456789012:e"])["policies"]
    places = {QUEUE: VARIABLES["queue_arns"], DEAD: VARIABLES["dead_letter_queue_arns"],
              EVENTS: ["arn:aws:sqs:eu-west-1:123456789012:e"], KEY: [key]}
    expected = {name: {**policy, "Statement": [{**statement, "Resource": places[statement["Resource"]]} for statement in policy["Statement"]]}
                for name, policy in POLICIES.items()}
    assert rendered == expected


def test_what_is_not_there_is_not_allowed(policies_module):
    rendered = outputs(policies_module, dead_letter_queue_arns=[])["policies"]
    assert "gateway" not in rendered and "kms" not in json.dumps(rendered)
    assert {action for statement in rendered["poller"]["Statement"] for action in statement["Action"]} == actions(POLICIES["poller"], QUEUE)


def test_each_service_s_trust_is_its_own(policies_module):
    trust = outputs(policies_module)["trust"]
    assert trust["worker"]["Statement"][0]["Condition"]["StringEquals"] == {
        "aws:RequestTag/kubernetes-namespace": "mine", "aws:RequestTag/kubernetes-service-account": "ferry-worker"}
    issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    trust = outputs(policies_module, trust={"kind": "irsa", "account": "123456789012", "oidc_provider": issuer})["trust"]
    assert trust["poller"]["Statement"][0]["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"}
    assert trust["poller"]["Statement"][0]["Condition"]["StringEquals"] == {
        f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": "system:serviceaccount:ferry:ferry-poller"}
    trust = outputs(policies_module, trust={"kind": "ecs", "account": "123456789012"})["trust"]
    assert trust["poller"]["Statement"][0]["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}


@pytest.mark.parametrize("changes, said", [
    ({"queue_arns": ["arn:aws:sqs:*:123456789012:*"]}, "without wildcards"),
    ({"queue_arns": []}, "at least one"),
    ({"trust": {"kind": "anybody", "account": "123456789012"}}, "trust.kind is"),
    ({"trust": {"kind": "ecs", "account": "1234"}}, "12 digits"),
    ({"trust": {"kind": "irsa", "account": "123456789012", "oidc_provider": "https://oidc.example"}}, "without https://")])
def test_a_wrong_variable_is_refused(policies_module, changes, said):
    run = plan(policies_module, VARIABLES | changes)
    assert run.returncode == 1 and said in run.stderr


# -- trust and tasks --------------------------------------------------------------------------------------------------

def test_trust_is_bound_to_somebody():
    assert TRUST.keys() == {"irsa", "pod-identity", "ecs"}
    for text in TRUST.values():
        [statement] = json.loads(text)["Statement"]
        assert statement["Principal"] != "*" and statement["Condition"]["StringEquals"]


def task_problems(task: dict) -> str:
    model = botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition")
    report = botocore.validate.ParamValidator().validate(task, model.input_shape)
    return report.generate_report()


@pytest.mark.parametrize("service", ["poller", "gateway", "worker"])
def test_a_task_definition_is_what_ecs_takes(service):
    task = TASKS[service]
    assert task_problems(task) == ""
    assert task_problems({**task, "cpus": "256"}) and task_problems({**task, "containerDefinitions": [{"essential": "yes"}]})
    [container] = task["containerDefinitions"]
    assert container["healthCheck"]["command"] == ["CMD", f"/usr/local/bin/ferry-{service}", "healthcheck"]
    assert container["readonlyRootFilesystem"] and container["user"] == "10001:10001"
    assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert container["stopTimeout"] > 30 and ":" in container["image"] and not container["image"].endswith(":latest")
    assert not [entry for entry in container["environment"] if re.search("TOKEN|KEY|SECRET", entry["name"])]
    assert ("taskRoleArn" in task) == (service != "gateway")


@pytest.mark.parametrize("service", ["poller", "gateway", "worker"])
def test_ferry_takes_a_task_s_environment(service, tmp_path):
    [container] = TASKS[service]["containerDefinitions"]
    environment = {entry["name"]: entry["value"] for entry in container["environment"]}
    ports = {mapping["name"]: mapping["containerPort"] for mapping in container["portMappings"]}
    listens = {"admin": environment["FERRY_ADMIN_LISTEN"]} | ({"http": environment["FERRY_LISTEN"]} if service == "gateway" else {})
    assert {name: int(address.rpartition(":")[2]) for name, address in listens.items()} == ports
    environment |= {entry["name"]: "not-a-secret" for entry in container["secrets"]}
    run = subprocess.run([programs() / f"ferry-{service}", "--check"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
