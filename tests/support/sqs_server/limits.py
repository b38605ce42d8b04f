"""What SQS refuses before it does anything: sizes, characters, numbers out of range, batches, attributes."""

import hashlib
import re
import struct

from .errors import SqsError, invalid
from .queues import Queue

MOST_ENTRIES = 10
MOST_ATTRIBUTES = 10
MOST_BYTES = 1048576
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_DATA_TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")

RANGES = {
    "DelaySeconds": (0, 900), "MaximumMessageSize": (1024, MOST_BYTES), "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20), "VisibilityTimeout": (0, 43200),
}
_FREE_ATTRIBUTES = {"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds",
                    "SqsManagedSseEnabled"}
_FIFO_ATTRIBUTES = {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}


def number_in(request: dict, name: str, default, low: int, high: int):
    value = request.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise SqsError("Serialization", f"{name} is not a number.")
    if not low <= value <= high:
        raise invalid(f"Value {value} for parameter {name} is invalid. Reason: Must be >= {low} and <= {high}, "
                      "if provided.")
    return value


def identifier(request: dict, name: str) -> str | None:
    value = request.get(name)
    if value is not None and (not isinstance(value, str) or not _IDENTIFIER.fullmatch(value)):
        raise invalid(f"Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric "
                      "and punctuation characters. 1 to 128 in length.")
    return value


def batch(request: dict) -> list[dict]:
    entries = request.get("Entries") or []
    if not entries:
        raise SqsError("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > MOST_ENTRIES:
        raise SqsError("TooManyEntriesInBatchRequest", f"Maximum number of entries per request are {MOST_ENTRIES}. "
                       f"You have sent {len(entries)}.")
    seen = set()
    for entry in entries:
        entry_id = entry.get("Id")
        if not isinstance(entry_id, str) or not _ENTRY_ID.fullmatch(entry_id):
            raise SqsError("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens "
                           "and underscores. It can be at most 80 letters long.")
        if entry_id in seen:
            raise SqsError("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")
        seen.add(entry_id)
    return entries


def queue_name(name) -> str:
    if not isinstance(name, str) or len(name) > 80 or not _QUEUE_NAME.fullmatch(name.removesuffix(".fifo")):
        raise invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
    return name


def queue_attributes(attributes: dict, is_fifo: bool) -> dict:
    for name, value in attributes.items():
        if name in RANGES:
            low, high = RANGES[name]
            if not isinstance(value, str) or not value.isdecimal() or not low <= int(value) <= high:
                raise invalid(f"Invalid value for the parameter {name}.")
        elif name in _FIFO_ATTRIBUTES and (is_fifo or value == "false"):
            continue
        elif name not in _FREE_ATTRIBUTES:
            raise SqsError("InvalidAttributeName", f"Unknown Attribute {name}.")
    if is_fifo and attributes.get("FifoQueue") == "false":
        raise invalid("The name of a FIFO queue can only be used with FifoQueue true.")
    return attributes


def message_size(entry: dict) -> int:
    body = entry.get("MessageBody")
    size = len(body.encode("utf-8", "surrogatepass")) if isinstance(body, str) else 0
    for name, attribute in (entry.get("MessageAttributes") or {}).items():
        value = attribute.get("StringValue")
        size += len(name.encode()) + len(str(attribute.get("DataType")).encode())
        size += len(value.encode()) if isinstance(value, str) else len(attribute.get("BinaryValue") or "") * 3 // 4
    return size


def message(queue: Queue, entry: dict):
    """Refuses what is wrong with the message of a SendMessage, or of an entry of its batch."""
    body = entry.get("MessageBody")
    if not isinstance(body, str) or body == "":
        raise SqsError("MissingParameter", "The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        raise SqsError("InvalidMessageContents", "Invalid characters found in message body.")
    attributes = entry.get("MessageAttributes") or {}
    if len(attributes) > MOST_ATTRIBUTES:
        raise invalid(f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
                      f"[{MOST_ATTRIBUTES}].")
    for name, attribute in attributes.items():
        _attribute(name, attribute)
    most = queue.number("MaximumMessageSize")
    if message_size(entry) > most:
        raise invalid(f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.")
    if queue.is_fifo:
        _fifo_message(queue, entry)
    elif entry.get("MessageDeduplicationId") is not None:
        raise invalid(f"Value {entry['MessageDeduplicationId']} for parameter MessageDeduplicationId is invalid. "
                      "Reason: The request include parameter that is not valid for this queue type.")


def _fifo_message(queue: Queue, entry: dict):
    if entry.get("MessageGroupId") is None:
        raise SqsError("MissingParameter", "The request must contain the parameter MessageGroupId.")
    if entry.get("MessageDeduplicationId") is None and queue.attributes.get("ContentBasedDeduplication") != "true":
        raise invalid("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
                      "provided explicitly")
    if entry.get("DelaySeconds"):
        raise invalid(f"Value {entry['DelaySeconds']} for parameter DelaySeconds is invalid. Reason: The request "
                      "include parameter that is not valid for this queue type.")


def _attribute(name: str, attribute: dict):
    lower = name.lower()
    if not _ATTRIBUTE_NAME.fullmatch(name) or lower.startswith(("aws.", "amazon.")) or ".." in name \
            or name[0] == "." or name[-1] == ".":
        raise invalid(f"Message attribute name '{name}' is invalid.")
    match = _DATA_TYPE.fullmatch(attribute.get("DataType") or "")
    if match is None:
        raise invalid(f"The message attribute '{name}' has an invalid message attribute type, the set of supported "
                      "type prefixes is Binary, Number, and String.")
    value = attribute.get("BinaryValue" if match[1] == "Binary" else "StringValue")
    if not value:
        raise invalid(f"Message attribute '{name}' must contain a non-empty value of its type.")
    if match[1] != "Binary" and _FORBIDDEN.search(value):
        raise SqsError("InvalidMessageContents", f"Invalid characters found in the value of attribute '{name}'.")
    if match[1] == "Number":
        try:
            float(value)
        except ValueError:
            raise invalid(f"Can't cast the value of message attribute '{name}' to a number.") from None


def attributes_md5(attributes: dict, binary_of) -> str | None:
    """MD5OfMessageAttributes: names in order, each with type and value, all with their length in front."""
    if not attributes:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        data_type = attribute["DataType"]
        for text in (name, data_type):
            raw = text.encode()
            digest.update(struct.pack(">I", len(raw)) + raw)
        is_binary = data_type.startswith("Binary")
        value = binary_of(attribute["BinaryValue"]) if is_binary else attribute["StringValue"].encode()
        digest.update((b"\2" if is_binary else b"\1") + struct.pack(">I", len(value)) + value)
    return digest.hexdigest()
