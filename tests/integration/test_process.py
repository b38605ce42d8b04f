"""What every test's servers stand on: ferrystack.process."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from ferrystack.process import free_port


def ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]


def test_a_free_port_is_none_that_the_system_gives_to_an_outgoing_connection():
    begin, end = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if begin < 22000 and end > 63000:
        pytest.skip("the system gives nearly all ports to outgoing connections")
    assert not [port for port in ports(50) if begin <= port <= end]


def test_processes_side_by_side_get_different_ports_before_any_of_them_listens():
    with ProcessPoolExecutor(4) as pool:
        found = [port for some in pool.map(ports, [100] * 4) for port in some]
    assert len(set(found)) == 400
