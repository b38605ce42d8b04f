"""What stands before Temporal in the cloud: TLS, client certificates, API keys; every call goes on to a real server, byte
for byte. A process of its own, since gRPC and fork() do not go together:

    python -m ferrystack.tls_frontend PORT TARGET CERTIFICATE KEY [CLIENT_CA] [KEYS]
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

from .process import Process, StackError, free_port, wait_until

LARGEST_MESSAGE = 128 << 20
OWN_METADATA = ("user-agent", "authorization")  # the frontend's business, not the server's behind it


class TlsFrontend:
    """On loopback, with a certificate and its key (paths of PEM files). With client_ca every client must show a certificate
    of it; with api_keys every call must carry one of them and name its namespace."""

    def __init__(self, directory: Path, target: str, certificate, key, client_ca=None, api_keys: set | None = None):
        self.port, self._seen = free_port(), 0
        self._keys = Path(directory) / "api-keys.json"
        self.set_api_keys(api_keys or set())
        arguments = [sys.executable, "-m", "ferrystack.tls_frontend", self.port, target, certificate, key, client_ca or "",
                     self._keys if api_keys is not None else ""]
        self.process = Process("tls-frontend", arguments, directory,
                               {"PYTHONPATH": Path(__file__).parents[1], "PYTHONUNBUFFERED": 1})

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.process.start()

        def listens():
            if not self.process.running:
                raise StackError(f"the TLS frontend ended at once:\n{self.process.tail()}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        wait_until(listens, 30, "the TLS frontend", 0.05)
        return self

    def stop(self):
        self.process.stop(10)

    def set_api_keys(self, keys: set):
        next_one = self._keys.with_suffix(".next")
        next_one.write_text(json.dumps(sorted(keys)))
        os.replace(next_one, self._keys)

    def forget(self):
        """calls begins anew."""
        self._seen = len(self.process.events())

    @property
    def calls(self) -> list[dict]:
        """method, metadata and outcome ("passed", "refused") of each call."""
        return self.process.events()[self._seen:]


class Frontend:
    """The process itself."""

    def __init__(self, target: str, keys_path: str):
        import grpc.aio
        self.grpc = grpc
        self.options = [("grpc.max_receive_message_length", LARGEST_MESSAGE),
                        ("grpc.max_send_message_length", LARGEST_MESSAGE)]
        self.channel = grpc.aio.insecure_channel(target, self.options)
        self.keys_path = keys_path

    async def serve(self, port: int, certificate: str, key: str, client_ca: str):
        ca = Path(client_ca).read_bytes() if client_ca else None
        pair = (Path(key).read_bytes(), Path(certificate).read_bytes())
        server = self.grpc.aio.server(options=self.options)
        server.add_generic_rpc_handlers((self._handler(),))
        server.add_secure_port(f"127.0.0.1:{port}", self.grpc.ssl_server_credentials([pair], ca, ca is not None))
        await server.start()
        await server.wait_for_termination()

    def _handler(self):
        frontend, grpc = self, self.grpc

        class Handler(grpc.GenericRpcHandler):
            def service(self, handler_call_details):
                async def forward(request, context):
                    return await frontend.forward(handler_call_details.method, request, context)
                return grpc.unary_unary_rpc_method_handler(forward)
        return Handler()

    async def forward(self, method: str, request: bytes, context) -> bytes:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        trouble = self._trouble(metadata) if self.keys_path else None
        print(json.dumps({"method": method.rsplit("/")[-1], "metadata": metadata,
                          "outcome": "refused" if trouble else "passed"}))
        if trouble:
            await context.abort(*trouble)
        passed = [(key, value) for key, value in metadata.items() if key not in OWN_METADATA]
        try:
            return await self.channel.unary_unary(method)(request, metadata=passed, timeout=context.time_remaining())
        except self.grpc.aio.AioRpcError as error:
            await context.abort(error.code(), error.details(), error.trailing_metadata())

    def _trouble(self, metadata: dict):
        if metadata.get("authorization", "").removeprefix("Bearer ") not in json.loads(Path(self.keys_path).read_text()):
            return self.grpc.StatusCode.UNAUTHENTICATED, "Request unauthorized: the API key is not valid"
        if not metadata.get("temporal-namespace"):
            return self.grpc.StatusCode.PERMISSION_DENIED, "temporal-namespace is missing"
        return None


async def main(port: str, target: str, certificate: str, key: str, client_ca: str = "", keys: str = ""):
    await Frontend(target, keys).serve(int(port), certificate, key, client_ca)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
