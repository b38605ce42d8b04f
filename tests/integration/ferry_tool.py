"""The command-line tool as a process: run to its end, killed in its middle, or before a terminal of its own."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from ferrystack.ferry import programs
from ferrystack.process import ROOT


def environment(**more) -> dict:
    """No configuration but what is said, and nothing of who runs the tests."""
    return {"PATH": "/usr/bin:/bin", "FERRY_CONFIG": "/dev/null", **more}


def ferry(*arguments, env: dict, code: int = 0, stdin: str = "",
          timeout: float = 120) -> subprocess.CompletedProcess:
    """Runs it; the exit code must be that one."""
    done = subprocess.run([programs() / "ferry", *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          env=environment(**env), input=stdin, check=False, cwd="/")
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def lines(text: str) -> list[dict]:
    """NDJSON: those about messages, and the summary at the end of them."""
    return [json.loads(line) for line in text.splitlines()]


def start(*arguments, env: dict, out) -> subprocess.Popen:
    """Runs on; out: where stdout and stderr go."""
    return subprocess.Popen([programs() / "ferry", *map(str, arguments)], env=environment(**env), stdin=subprocess.DEVNULL,
                            stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)


class Terminal:
    """The tool with a pseudo-terminal as stdin, stdout and stderr. Everything that it writes is in `seen`."""

    def __init__(self, *arguments, env: dict, columns: int = 80):
        self.process, self.seen = None, ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen([programs() / "ferry", *map(str, arguments)], stdin=slave, stdout=slave,
                                        stderr=slave, env=environment(**{"TERM": "xterm", **env}), start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # for Ctrl-C
                                        cwd="/")
        os.close(slave)

    def type(self, text: str):
        os.write(self._master, text.encode())

    def _read(self, seconds: float) -> bool:
        """false: it is closed."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # how Linux says that the other side is closed
            chunk = b""
        self.seen += chunk.decode()
        return bool(chunk)

    def wait_for(self, pattern: str, timeout: float = 30):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            assert time.monotonic() < end and self._read(0.1), f"no {pattern!r} in\n{self.seen!r}"

    def end(self, timeout: float = 60) -> int:
        """Reads on until it has ended; its exit code."""
        limit = time.monotonic() + timeout
        while self._read(0.1):
            assert time.monotonic() < limit, f"it does not end:\n{self.seen!r}"
        os.close(self._master)
        return self.process.wait(10)

    def picture(self) -> list[str]:
        """What stands there after all that moves the cursor; the unknown fails."""
        lines, row, column = [""], 0, 0
        for control, text in re.findall(r"(\x1b\[\??\d*[A-Za-z]|\r|\n)|([^\x1b\r\n]+)", self.seen):
            if text:
                lines[row] = lines[row][:column] + text + lines[row][column + len(text):]
                column += len(text)
            elif control == "\r":
                column = 0
            elif control == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            elif control[-1] == "A":
                row -= int(control[2:-1])
                assert row >= 0, self.seen
            elif control in ("\x1b[K", "\x1b[J"):
                lines[row] = lines[row][:column]
                del lines[row + 1 if control[-1] == "J" else len(lines):]
            else:
                assert control in ("\x1b[?7l", "\x1b[?7h"), control
        return lines

    def screen(self) -> list[str]:
        """The lines that a person sees in the end: what was drawn over is gone."""
        shown = []
        for line in self.seen.replace("\r\n", "\n").split("\n"):
            shown.append(line.rsplit("\r\x1b[K", 1)[-1])
        return shown
