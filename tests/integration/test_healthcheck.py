"""`healthcheck` of each service: the same configuration, another process, an exit code and a line."""

import os
import socket
import subprocess

import pytest

from ferrystack.ferry import programs
from ferrystack.process import Process, free_port, wait_until
from gateway_world import gateway_for
from test_transport_security import Certificates


def healthcheck(ferry, service, *options, **environment):
    """(exit code, what it said)."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FERRY_", "TEMPORAL_", "AWS_"))}
    done = subprocess.run([programs() / service.name, "healthcheck", "-c", ferry.configuration_path, *options],
                          capture_output=True, text=True, timeout=30, env={**clean, **ferry.environment, **environment})
    return done.returncode, done.stdout + done.stderr


def test_it_follows_a_services_life(world):
    ferry = world.ferry(world.create_queue())
    code, said = healthcheck(ferry, ferry.poller)
    assert code == 1 and "no answer from" in said, said
    ferry.worker.start()
    ferry.poller.start()
    wait_until(lambda: healthcheck(ferry, ferry.poller, "--live")[0] == 0, 30, "the poller to live")
    code, said = healthcheck(ferry, ferry.poller)
    assert code == 1 and "not ready: " in said and "answered 503" in said, said  # there is no gateway
    ferry.gateway.start()
    ferry.wait_ready()
    for service in ferry.all:
        code, said = healthcheck(ferry, service)
        assert (code, said) == (0, f"{service.name}: ready (http://127.0.0.1:{ferry.admin_port(service)}/readyz)\n")
    ferry.gateway.stop()
    assert healthcheck(ferry, ferry.gateway)[0] == 1


def test_bad_configuration_and_nothing_to_ask_are_2(world):
    ferry = world.ferry(world.create_queue())
    code, said = healthcheck(ferry, ferry.worker, FERRY_ADMIN_LISTEN="none")
    assert code == 2 and "admin_listen is none" in said
    code, said = healthcheck(ferry, ferry.worker, FERRY_ADMIN_LISTEN="nowhere")
    assert code == 2 and "nowhere" in said
    assert healthcheck(ferry, ferry.worker, "--no-such-option")[0] == 2


def test_it_asks_a_gateway_that_speaks_tls_and_wants_certificates(world, tmp_path):
    """Its certificate is for other names, its token is not known here, and a proxy is not asked."""
    certificates = Certificates(tmp_path / "certificates")
    port, admin = free_port(), free_port()
    ferry = world.ferry("http://127.0.0.1:1/1/unused", {"gateway": certificates.gateway()}, gateway_port=port)
    ferry.gateway.start()
    wait_until(lambda: healthcheck(ferry, ferry.gateway)[0] == 0, 30, "the gateway to be ready")
    code, said = healthcheck(ferry, ferry.gateway, https_proxy="http://127.0.0.1:1")
    assert (code, said) == (0, f"ferry-gateway: ready (https://127.0.0.1:{port}/readyz)\n")
    ferry.gateway.stop()
    ferry.environment["FERRY_ADMIN_LISTEN"] = f"127.0.0.1:{admin}"  # the gateway's environment, too
    ferry.gateway.start()
    wait_until(lambda: healthcheck(ferry, ferry.gateway)[0] == 0, 30, "the gateway to be ready")
    assert f"http://127.0.0.1:{admin}/" in healthcheck(ferry, ferry.gateway)[1]


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
def test_it_asks_over_ipv6(world):
    ferry = gateway_for(world, settings={"gateway": {"admin_listen": f"[::1]:{free_port()}"}})
    code, said = healthcheck(ferry, ferry.gateway)
    assert code == 0 and "http://[::1]:" in said, said


def test_with_processes_it_asks_the_parent_for_all(world, tmp_path):
    ferry = world.ferry(world.create_queue(), {"worker": {"admin_listen": f"unix:{tmp_path}/admin"}})
    process = Process("ferry-worker", [programs() / "ferry-worker", "--processes", "2", "-c", ferry.configuration_path],
                      ferry.directory, ferry.environment).start()
    try:
        wait_until(lambda: healthcheck(ferry, ferry.worker)[0] == 0, 30, "both workers to be ready")
        assert healthcheck(ferry, ferry.worker)[1] == f"ferry-worker: ready (unix:{tmp_path}/admin/readyz)\n"
        assert len([event for event in process.events() if event.get("msg") == "ready"]) == 2
    finally:
        assert process.stop() == 0
