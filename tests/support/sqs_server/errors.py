"""SQS's errors: what the AWS JSON protocol, the older query protocol and HTTP call each of them."""

SQS = "com.amazonaws.sqs#"
COMMON = "com.amazon.coral.service#"

# code: (JSON type, query code, HTTP status)
_KNOWN = {
    "QueueDoesNotExist": (SQS + "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400),
    "QueueNameExists": (SQS + "QueueNameExists", "QueueAlreadyExists", 400),
    "QueueDeletedRecently": (SQS + "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400),
    "PurgeQueueInProgress": (SQS + "PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 400),
    "MessageNotInflight": (SQS + "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400),
    "ReceiptHandleIsInvalid": (SQS + "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 400),
    "OverLimit": (SQS + "OverLimit", "OverLimit", 400),
    "EmptyBatchRequest": (SQS + "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400),
    "TooManyEntriesInBatchRequest": (SQS + "TooManyEntriesInBatchRequest",
                                     "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
    "BatchEntryIdsNotDistinct": (SQS + "BatchEntryIdsNotDistinct",
                                 "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
    "InvalidBatchEntryId": (SQS + "InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400),
    "BatchRequestTooLong": (SQS + "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400),
    "UnsupportedOperation": (SQS + "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400),
    "InvalidParameterValue": (COMMON + "InvalidParameterValueException", "InvalidParameterValue", 400),
    "MissingParameter": (COMMON + "MissingRequiredParameterException", "MissingParameter", 400),
    "UnknownOperation": (COMMON + "UnknownOperationException", "InvalidAction", 400),
    "Serialization": (COMMON + "SerializationException", "MalformedInput", 400),
    "MissingAuthenticationToken": (COMMON + "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
    "IncompleteSignature": (COMMON + "IncompleteSignatureException", "IncompleteSignature", 403),
    "InvalidClientTokenId": (COMMON + "UnrecognizedClientException", "InvalidClientTokenId", 403),
    "SignatureDoesNotMatch": (COMMON + "InvalidSignatureException", "SignatureDoesNotMatch", 403),
    "ExpiredToken": (COMMON + "ExpiredTokenException", "ExpiredToken", 403),
    "AccessDenied": (COMMON + "AccessDeniedException", "AccessDenied", 403),
    "ThrottlingException": (COMMON + "ThrottlingException", "Throttling", 400),
    "RequestThrottled": (SQS + "RequestThrottled", "RequestThrottled", 400),
    "InternalFailure": (COMMON + "InternalFailureException", "InternalFailure", 500),
    "ServiceUnavailable": (COMMON + "ServiceUnavailableException", "ServiceUnavailable", 503),
}


class SqsError(Exception):
    """A refused call, or a refused entry of a batch."""

    def __init__(self, code: str, message: str, status: int | None = None, is_sender_fault: bool | None = None):
        super().__init__(message)
        self.code, self.message = code, message
        known = _KNOWN.get(code, (SQS + code, code, 400))
        self.json_type, self.query_code = known[0], known[1]
        self.status = status or known[2]
        self.is_sender_fault = self.status < 500 if is_sender_fault is None else is_sender_fault

    def headers(self) -> dict:
        return {"x-amzn-query-error": f"{self.query_code};{'Sender' if self.is_sender_fault else 'Receiver'}"}

    def body(self) -> dict:
        return {"__type": self.json_type, "message": self.message}

    def entry(self, entry_id: str) -> dict:
        """As an entry of a batch's Failed list."""
        return {"Id": entry_id, "Code": self.query_code, "Message": self.message, "SenderFault": self.is_sender_fault}


def invalid(message: str) -> SqsError:
    return SqsError("InvalidParameterValue", message)
