"""Runs the server on loopback until SIGTERM: `python -m sqs_server --port 0 --access-key A --secret-key S`."""

import argparse
import asyncio
import signal

from .actions import Service, Settings
from .server import Server
from .signature import Verifier
from .store import Store


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sqs_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one; it is printed")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--access-key", required=True)
    parser.add_argument("--secret-key", required=True)
    parser.add_argument("--session-token")
    parser.add_argument("--database", help="an SQLite file that outlives the process")
    return parser.parse_args()


async def serve(options: argparse.Namespace):
    store = Store(options.database) if options.database else None
    service = Service(Settings(), options.region, store)
    server = Server(service, Verifier(options.access_key, options.secret_key, options.session_token, options.region))
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, ended.set_result, None)
    listener = await loop.create_server(server.connection, "127.0.0.1", options.port, backlog=1024)
    print(f"listening on {listener.sockets[0].getsockname()[1]}", flush=True)
    await ended
    listener.close()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
