"""What each case shows: on AWS, as its documentation says it (nothing else than a run of these cases can confirm it), and
where the emulator of the tests differs. Each is a regular expression for the whole observation."""

HANDLE = "refused: (ReceiptHandleIsInvalid|InvalidParameterValue)"
NOT_IN_FLIGHT = "refused: (MessageNotInflight|ReceiptHandleIsInvalid|InvalidParameterValue)"

AWS = {
    "fifo_delete_after_the_lease": HANDLE,
    "standard_delete_after_the_lease": "accepted",
    "fifo_renewal_after_the_lease": NOT_IN_FLIGHT,
    "standard_renewal_after_the_lease": NOT_IN_FLIGHT,
    "standard_second_delete": "accepted, then accepted",
    "fifo_second_delete": "accepted, then accepted",
    "renewal_after_the_delete": NOT_IN_FLIGHT,
    "standard_delete_with_the_handle_before": "accepted",
    "fifo_delete_with_the_handle_before": f"{HANDLE}, then with the newest accepted",
    "delete_with_no_handle_at_all": "refused: ReceiptHandleIsInvalid",
    "receive_again_with_the_same_attempt_id": "a, then a",
    "a_group_in_flight_is_locked": "a, then (z|nothing)",
    "several_of_a_group_in_flight_and_the_first_deleted": "a b, then nothing",
    "order_of_a_group_after_the_lease": "a b c d, then a b c d",
    "renewal_beyond_twelve_hours": "refused: InvalidParameterValue",
    "deduplication_id_used_again": "the same MessageId, a",
    "deduplication_id_used_again_after_the_delete": "nothing",
    "digests_of_body_and_attributes": "body right, its digest right, attributes' digest right",
    "batch_with_one_bad_entry": "successful: good; failed: bad ReceiptHandleIsInvalid sender",
    "batch_with_an_id_twice": "refused: BatchEntryIdsNotDistinct",
    "batch_of_eleven": "refused: TooManyEntriesInBatchRequest",
    "groups_of_a_standard_queue_are_fair_and_not_locked": "a b c of tenant",
    "a_body_of_one_mebibyte_and_one_more": "accepted, then refused: InvalidParameterValue",
    "eleven_attributes": "refused: InvalidParameterValue",
    "the_trace_header_is_kept": "kept",
}

# It renews and deletes with a handle whose lease has run out, knows no attempt ids, no 12 hours and no number of
# attributes that is too high, and minds a second delete.
MINISTACK = AWS | {
    "fifo_delete_after_the_lease": "accepted",
    "fifo_renewal_after_the_lease": "accepted",
    "standard_renewal_after_the_lease": "accepted",
    "standard_second_delete": "accepted, then refused: ReceiptHandleIsInvalid",
    "fifo_second_delete": "accepted, then refused: ReceiptHandleIsInvalid",
    "standard_delete_with_the_handle_before": "refused: ReceiptHandleIsInvalid",
    "receive_again_with_the_same_attempt_id": "a, then nothing",
    "renewal_beyond_twelve_hours": "accepted",
    "eleven_attributes": "accepted",
}

TABLES = {"aws": AWS, "ministack": MINISTACK}
