"""A TCP proxy on loopback between any two parts: a network that goes away, is slow, loses one direction, or breaks off.

Directions: "up" is from who connected to the target, "down" is back, "both" is both. What was asked for holds for
connections that are there and for new ones, until heal().
"""

import asyncio
import socket
import struct
import threading

DIRECTIONS = ("up", "down")
CHUNK_BYTES = 65536
CHUNKS_UNDER_WAY = 256  # per direction of a connection: beyond it the sender is held back, as by a full window


class _Way:
    """What one direction does to bytes."""

    def __init__(self):
        self.delay_seconds = 0.0
        self.is_black_hole = False
        self.reset_after_bytes = None
        self.resets_left = None
        self.bytes_per_second = None
        self.generation = 0  # grows with each reset_after: bytes are counted from there


class _Connection:
    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter):
        self.near, self.far = near, far

    def reset(self):
        for writer in (self.near, self.far):
            linger = struct.pack("ii", 1, 0)
            try:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            except OSError:
                pass  # gone already
            writer.transport.abort()

    def close(self):
        for writer in (self.near, self.far):
            writer.transport.abort()


class CuttableProxy:
    """Everything about connections happens on the proxy's own thread; the methods may be called from any."""

    def __init__(self, target_port: int):
        self.target_port = target_port
        self.ways = {direction: _Way() for direction in DIRECTIONS}
        self.bytes = dict.fromkeys(DIRECTIONS, 0)  # that were passed on
        self._connections: set[_Connection] = set()
        self._is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._server = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._call(self._listen())

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    # -- what goes wrong ----------------------------------------------------------------------------------------------

    def cut(self):
        """Breaks every connection off; new ones are broken off at once until heal()."""
        self._is_cut = True
        self._call(self._close_all(with_reset=False))

    def reset(self):
        """Resets (RST) the connections that are there; new ones are fine."""
        self._call(self._close_all(with_reset=True))

    def delay(self, seconds: float, direction: str = "both"):
        """Everything arrives so much later; throughput stays."""
        self._set(direction, delay_seconds=seconds)

    def black_hole(self, direction: str = "both"):
        """Nothing arrives any more, not even the end of a connection; after heal() it does, as TCP would repeat it."""
        self._set(direction, is_black_hole=True)

    def reset_after(self, byte_count: int, direction: str = "both", times: int | None = None):
        """Each connection is reset (RST) once so many more bytes have passed; at most `times` connections."""
        self._set(direction, reset_after_bytes=byte_count, resets_left=times)

    def trickle(self, bytes_per_second: float, direction: str = "both"):
        """No more than so many bytes a second, for each connection."""
        self._set(direction, bytes_per_second=bytes_per_second)

    def heal(self):
        """An ordinary network again; connections that are there go on."""
        self._is_cut = False
        self._set("both", delay_seconds=0.0, is_black_hole=False, reset_after_bytes=None, resets_left=None,
                  bytes_per_second=None)

    def close(self):
        self.cut()
        self._call(self._close_listener())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _set(self, direction: str, **members):
        chosen = DIRECTIONS if direction == "both" else (direction,)
        for way in [self.ways[one] for one in chosen]:
            for name, value in members.items():
                setattr(way, name, value)
            way.generation += "reset_after_bytes" in members
        self._wake()

    # -- the proxy's own thread ---------------------------------------------------------------------------------------

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _wake(self):
        def wake():
            self._changed.set()
            self._changed = asyncio.Event()
        self._loop.call_soon_threadsafe(wake)

    async def _listen(self):
        self._server = await asyncio.start_server(self._carry, sock=self._listener)

    async def _close_listener(self):
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close_all(self, with_reset: bool):
        connections, self._connections = self._connections, set()
        for connection in connections:
            if with_reset:
                connection.reset()
            else:
                connection.close()

    async def _carry(self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter):
        if self._is_cut:
            near_writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            near_writer.transport.abort()
            return
        connection = _Connection(near_writer, far_writer)
        if self._is_cut:
            connection.close()
            return
        self._connections.add(connection)
        try:
            await asyncio.gather(self._pass_on("up", connection, near_reader, far_writer),
                                 self._pass_on("down", connection, far_reader, near_writer))
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _pass_on(self, direction: str, connection: _Connection, reader: asyncio.StreamReader,
                       writer: asyncio.StreamWriter):
        """One direction: reading goes on while what was read still waits for its time."""
        under_way = asyncio.Queue(CHUNKS_UNDER_WAY)
        reading = asyncio.create_task(self._read(reader, under_way))
        try:
            await self._write(direction, connection, under_way, writer)
        except OSError:
            connection.close()
        finally:
            reading.cancel()

    async def _read(self, reader: asyncio.StreamReader, under_way: asyncio.Queue):
        """(time of arrival, bytes); no bytes are the end, None is a broken connection."""
        while True:
            try:
                data = await reader.read(CHUNK_BYTES)
            except OSError:
                data = None
            await under_way.put((self._loop.time(), data))
            if not data:
                return

    async def _write(self, direction: str, connection: _Connection, under_way: asyncio.Queue,
                     writer: asyncio.StreamWriter):
        way = self.ways[direction]
        generation, counted = way.generation, 0
        while True:
            arrived, data = await under_way.get()
            await self._wait_for_its_turn(way, arrived)
            if data is None:
                connection.reset()
                return
            if data == b"":
                if writer.can_write_eof():
                    writer.write_eof()
                return
            if generation != way.generation:
                generation, counted = way.generation, 0
            counted += len(data)
            left = way.reset_after_bytes
            if left is not None and counted >= left and way.resets_left != 0:
                if way.resets_left is not None:
                    way.resets_left -= 1
                await self._send(direction, way, data[:len(data) - (counted - left)], writer)
                connection.reset()
                return
            await self._send(direction, way, data, writer)

    async def _wait_for_its_turn(self, way: _Way, arrived: float):
        while way.is_black_hole or self._loop.time() < arrived + way.delay_seconds:
            changed = self._changed
            wait = None if way.is_black_hole else arrived + way.delay_seconds - self._loop.time()
            try:
                await asyncio.wait_for(changed.wait(), wait)
            except asyncio.TimeoutError:
                pass

    async def _send(self, direction: str, way: _Way, data: bytes, writer: asyncio.StreamWriter):
        while data:
            rate = way.bytes_per_second
            part = data if rate is None else data[:max(1, int(rate / 20))]
            data = data[len(part):]
            writer.write(part)
            await writer.drain()
            self.bytes[direction] += len(part)
            if rate is not None:
                changed = self._changed
                try:
                    await asyncio.wait_for(changed.wait(), len(part) / rate)
                except asyncio.TimeoutError:
                    pass
