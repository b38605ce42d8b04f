"""Our subset of Temporal's API is wire-compatible with the official one; and the comparison notices when it is not."""

import copy
import re
import shutil

import pytest
from descriptors import HAS_GOOGLE_APIS, ROOT, compare, compile_protos, official_pool


@pytest.fixture(scope="session")
def pool():
    return official_pool()


@pytest.fixture(scope="session")
def ours():
    return compile_protos()


def find_message(files, package, name):
    for file in files.file:
        for message in file.message_type:
            if file.package == package and message.name == name:
                return message
    raise AssertionError(f"{package}.{name} is not ours")


def find_field(message, name):
    return next(field for field in message.field if field.name == name)


def test_nothing_differs_from_the_official_descriptors(ours, pool):
    result = compare(ours, pool)
    assert result.differences == []
    # An empty comparison would pass, too.
    assert result.counts["messages"] > 200
    assert result.counts["fields"] > 1000
    assert result.counts["values"] > 250


@pytest.mark.skipif(not HAS_GOOGLE_APIS, reason="googleapis-common-protos is not installed")
def test_the_methods_are_compared(ours, pool):
    assert compare(ours, pool).counts["methods"] > 25


def test_file_layout_is_the_official_one(ours, pool):
    for file in ours.file:
        if not HAS_GOOGLE_APIS and (file.package == "google.rpc" or file.service):
            continue
        assert pool.FindFileByName(file.name).package == file.package


def broken(ours, package, name, change):
    files = copy.deepcopy(ours)
    change(find_message(files, package, name))
    return files


def set_field(field_name, **facts):
    def change(message):
        for fact, value in facts.items():
            setattr(find_field(message, field_name), fact, value)

    return change


COMMON = "temporal.api.common.v1"
FAILURE = "temporal.api.failure.v1"


@pytest.mark.parametrize(
    ("package", "name", "change", "complaint"),
    [
        (COMMON, "Payload", set_field("data", number=77), "there is no number 77"),
        (COMMON, "RetryPolicy", set_field("maximum_attempts", number=2), "name is 'backoff_coefficient'"),
        (COMMON, "Payload", set_field("data", name="bytes"), "name is 'data'"),
        (COMMON, "Payload", set_field("data", type=9), "type is 'TYPE_BYTES'"),
        (COMMON, "Payloads", set_field("payloads", label=1), "label is 'LABEL_REPEATED'"),
        (COMMON, "Memo", lambda m: m.nested_type[0].options.ClearField("map_entry"), "a map on one side only"),
        (COMMON, "Memo", lambda m: setattr(m, "name", "Memory"), "there is no such message"),
        (FAILURE, "Failure", set_field("cause", type_name=".temporal.api.common.v1.Payload"), "type name is"),
        (FAILURE, "Failure", lambda m: find_field(m, "timeout_failure_info").ClearField("oneof_index"), "oneof is"),
    ],
)
def test_a_changed_message_is_noticed(ours, pool, package, name, change, complaint):
    differences = compare(broken(ours, package, name, change), pool).differences
    assert any(complaint in difference for difference in differences), differences


def test_a_changed_enum_value_is_noticed(ours, pool):
    files = copy.deepcopy(ours)
    for file in files.file:
        for enum in file.enum_type:
            if enum.name == "EventType":
                enum.value[3].number = 400
    assert len(compare(files, pool).differences) == 1


@pytest.mark.skipif(not HAS_GOOGLE_APIS, reason="googleapis-common-protos is not installed")
def test_a_changed_method_is_noticed(ours, pool):
    files = copy.deepcopy(ours)
    for file in files.file:
        for service in file.service if file.package.endswith(".workflowservice.v1") else []:
            service.method[0].name += "Please"
            service.method[1].output_type = service.method[2].output_type
    assert len(compare(files, pool).differences) == 2


def test_a_change_in_the_text_of_a_file_is_noticed(pool, tmp_path):
    shutil.copytree(ROOT, tmp_path / "proto")
    path = tmp_path / "proto/temporal/api/common/v1/message.proto"
    text, count = re.subn(r"bytes data = 2;", "bytes data = 12;", path.read_text())
    assert count == 1
    path.write_text(text)
    differences = compare(compile_protos(tmp_path / "proto"), pool).differences
    assert differences == ["field temporal.api.common.v1.Payload.data: there is no number 12"]
