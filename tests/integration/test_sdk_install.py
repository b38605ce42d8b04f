"""The SDK as its users meet it: installed, found by pkg-config, and the README's example built from its words."""

import asyncio
import os
import subprocess

import pytest
from temporalio.client import Client

from ferrystack.process import ROOT, Process


@pytest.fixture(scope="session")
def greeting(tmp_path_factory):
    """The example, built against an installation below a folder of its own."""
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["make", "-s", "install-sdk", f"PREFIX={prefix}"], cwd=ROOT, check=True,
                   env={k: v for k, v in os.environ.items() if k != "MAKEFLAGS"})
    environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "temporal-c"], env=environment, capture_output=True,
                           text=True, check=True).stdout.split()
    program = prefix / "greeting"
    subprocess.run(["gcc", "-Wall", "-Wextra", "-o", program, ROOT / "examples/greeting/greeting.c", *flags], check=True)
    return program


def test_the_readme_shows_the_example_as_it_is():
    code = (ROOT / "examples/greeting/greeting.c").read_text()
    indented = "".join(f"    {line}" if line.strip() else line for line in code.splitlines(keepends=True))
    assert indented in (ROOT / "README.md").read_text()


def test_the_example_says_hello(greeting, tmp_path, temporal):
    source = (ROOT / "examples/greeting/greeting.c").read_text()
    assert "localhost:7233" in source
    process = Process("greeting", [greeting, temporal.address], tmp_path).start()
    try:
        async def go():
            client = await Client.connect(temporal.address)
            return await client.execute_workflow("greet", "world", id=f"greet-{tmp_path.name}", task_queue="greetings")
        assert asyncio.run(go()) == "Hello, world!"
    finally:
        assert process.stop() is not None
