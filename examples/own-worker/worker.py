"""Orders and mails that Ferry brings from SQS."""

import asyncio
import json
import logging
import os
import signal
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker


@activity.defn
async def charge(order: dict) -> str:
    if not isinstance(order.get("amount"), int):
        raise ApplicationError("an order needs an amount", type="InvalidOrder", non_retryable=True)
    key = activity.info().workflow_id  # the same in every delivery and every attempt of this message
    activity.logger.info("charging %d with idempotency key %s", order["amount"], key)
    return key


@activity.defn
async def send_mail(mail: dict) -> None:
    activity.logger.info("a mail to %s", mail["to"])


def order_of(message: dict) -> dict:
    try:
        order = json.loads(message["Body"])
    except ValueError:
        order = None
    if not isinstance(order, dict):
        raise ApplicationError("the body is no JSON object", type="InvalidOrder", non_retryable=True)
    return order


@workflow.defn(name="processOrder")
class ProcessOrder:
    @workflow.run
    async def run(self, message: dict) -> str:
        return await workflow.execute_activity(charge, order_of(message), start_to_close_timeout=timedelta(seconds=30),
                                               retry_policy=RetryPolicy(maximum_attempts=5))


@workflow.defn(name="sendMail")
class SendMail:
    @workflow.run
    async def run(self, mail: dict) -> None:
        await workflow.execute_activity(send_mail, mail, start_to_close_timeout=timedelta(seconds=30),
                                        retry_policy=RetryPolicy(maximum_attempts=5))


async def serve(workflows: list, activities: list):
    logging.basicConfig(level=logging.INFO)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"))
    async with Worker(client, task_queue="shop", workflows=workflows, activities=activities):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve([ProcessOrder, SendMail], [charge, send_mail]))
