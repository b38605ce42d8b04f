"""Orders whose workflow deletes the message itself, through ferry-worker."""

import asyncio
from datetime import timedelta

from temporalio import workflow

from worker import charge, order_of, serve


@workflow.defn(name="processOrder")
class ProcessOrder:
    @workflow.run
    async def run(self, message: dict) -> dict:
        await workflow.execute_activity(charge, order_of(message), start_to_close_timeout=timedelta(seconds=30))
        return await workflow.execute_activity("sqs.DeleteMessage", {"receiptHandle": message["ReceiptHandle"]},
                                               task_queue="ferry", start_to_close_timeout=timedelta(minutes=1))


if __name__ == "__main__":
    asyncio.run(serve([ProcessOrder], [charge]))
