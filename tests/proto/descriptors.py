"""Holds our .proto files against the official descriptors: what they define must be there, with the same numbers,
names, types and shapes. We may leave things out; we may not change any."""

import importlib
import pathlib
import pkgutil
import subprocess
import tempfile

import temporalio.api
from google.protobuf import descriptor_pb2, descriptor_pool

try:  # package googleapis-common-protos: without it there is no google.rpc.Status and no service to compare with
    import google.rpc.status_pb2  # noqa: F401 (registers its descriptors)

    HAS_GOOGLE_APIS = True
except ImportError:
    HAS_GOOGLE_APIS = False

ROOT = pathlib.Path(__file__).resolve().parents[2] / "proto"
WELL_KNOWN_ROOT = "/usr/include"
OURS_TO_COMPARE = ("temporal.", "google.rpc")


def compile_protos(root=ROOT):
    """Our files as a FileDescriptorSet."""
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))
    assert names, f"no .proto files below {root}"
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set.pb"
        subprocess.run(
            ["protoc", f"-I{root}", f"-I{WELL_KNOWN_ROOT}", f"--descriptor_set_out={out}", *names],
            check=True,
        )
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def official_pool():
    """The pool that every module of the pinned temporalio release has registered its descriptors in."""
    for module in pkgutil.walk_packages(temporalio.api.__path__, "temporalio.api."):
        if module.name.endswith("_pb2") and (HAS_GOOGLE_APIS or not module.name.endswith("service_pb2")):
            importlib.import_module(module.name)
    return descriptor_pool.Default()


def _find(lookup, name):
    try:
        return lookup(name)
    except KeyError:
        return None


def _to_proto(descriptor, message):
    descriptor.CopyToProto(message)
    return message


def _oneof_name(message, field):
    return message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""


def _field_facts(message, field):
    return {
        "name": field.name,
        "type": descriptor_pb2.FieldDescriptorProto.Type.Name(field.type),
        "type name": field.type_name,
        "label": descriptor_pb2.FieldDescriptorProto.Label.Name(field.label),
        "oneof": _oneof_name(message, field),
        "proto3 optional": field.proto3_optional,
    }


class Comparison:
    def __init__(self, pool):
        self.pool = pool
        self.differences = []
        self.counts = {"messages": 0, "fields": 0, "enums": 0, "values": 0, "methods": 0}

    def _differ(self, what):
        self.differences.append(what)

    def message(self, name, ours):
        self.counts["messages"] += 1
        found = _find(self.pool.FindMessageTypeByName, name)
        if found is None:
            self._differ(f"message {name}: there is no such message")
            return
        theirs = _to_proto(found, descriptor_pb2.DescriptorProto())
        by_number = {field.number: field for field in theirs.field}
        for field in ours.field:
            self.counts["fields"] += 1
            official = by_number.get(field.number)
            if official is None:
                self._differ(f"field {name}.{field.name}: there is no number {field.number}")
                continue
            mine, yours = _field_facts(ours, field), _field_facts(theirs, official)
            for fact, value in mine.items():
                if value != yours[fact]:
                    self._differ(f"field {name}.{field.name}: {fact} is {yours[fact]!r}, not {value!r}")
        if ours.options.map_entry != theirs.options.map_entry:
            self._differ(f"message {name}: a map on one side only")
        for nested in ours.nested_type:
            self.message(f"{name}.{nested.name}", nested)
        for enum in ours.enum_type:
            self.enum(f"{name}.{enum.name}", enum)

    def enum(self, name, ours):
        self.counts["enums"] += 1
        found = _find(self.pool.FindEnumTypeByName, name)
        if found is None:
            self._differ(f"enum {name}: there is no such enum")
            return
        theirs = {value.name: value.number for value in found.values}
        for value in ours.value:
            self.counts["values"] += 1
            if theirs.get(value.name) != value.number:
                self._differ(f"enum {name}: {value.name} is {theirs.get(value.name)}, not {value.number}")

    def service(self, name, ours):
        found = _find(self.pool.FindServiceByName, name)
        if found is None:
            self._differ(f"service {name}: there is no such service")
            return
        theirs = {method.name: method for method in _to_proto(found, descriptor_pb2.ServiceDescriptorProto()).method}
        for method in ours.method:
            self.counts["methods"] += 1
            official = theirs.get(method.name)
            if official is None:
                self._differ(f"service {name}: there is no method {method.name}")
                continue
            for fact in ("input_type", "output_type", "client_streaming", "server_streaming"):
                if getattr(method, fact) != getattr(official, fact):
                    self._differ(f"method {name}.{method.name}: {fact} is {getattr(official, fact)}")

    def file(self, ours):
        if not ours.package.startswith(OURS_TO_COMPARE):
            self._differ(f"file {ours.name}: package {ours.package} is not one of Temporal's")
            return
        if ours.package == "google.rpc" and not HAS_GOOGLE_APIS:
            return
        if ours.syntax != "proto3":
            self._differ(f"file {ours.name}: not proto3")
        for message in ours.message_type:
            self.message(f"{ours.package}.{message.name}", message)
        for enum in ours.enum_type:
            self.enum(f"{ours.package}.{enum.name}", enum)
        for service in ours.service if HAS_GOOGLE_APIS else []:
            self.service(f"{ours.package}.{service.name}", service)


def compare(files, pool):
    comparison = Comparison(pool)
    for file in files.file:
        comparison.file(file)
    return comparison
