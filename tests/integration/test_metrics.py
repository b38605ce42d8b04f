"""What the services expose is read by the reference parser of OpenMetrics, and says what happened."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from http_request import request


def samples(port):
    answer = request("GET", f"http://127.0.0.1:{port}/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/openmetrics-text")
    found = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def total(found, name, **labels):
    return sum(sample.value for sample in found[name]
               if all(sample.labels.get(key) == value for key, value in labels.items()))


def test_the_three_services_count_what_they_did(world):
    url = world.create_queue()
    ferry = world.ferry(url).start()
    messages = world.send_many(url, 10)
    world.wait_completed(messages)
    world.wait_empty(url)
    poller, gateway, worker = (samples(ferry.admin_port(service)) for service in (ferry.poller, ferry.gateway, ferry.worker))
    assert total(poller, "ferry_poller_messages_received_total") == 10
    assert total(gateway, "ferry_http_server_requests_total", route="/v1/routes/{route}/events", status="200") >= 1
    assert any(name.startswith("temporal_") for name in worker)


def test_every_service_says_its_version_and_that_it_lives(world):
    ferry = world.ferry(world.create_queue()).start()
    for service in ferry.all:
        base = f"http://127.0.0.1:{ferry.admin_port(service)}"
        assert request("GET", f"{base}/livez").status == 200
        assert request("GET", f"{base}/readyz").status == 200
        assert request("GET", f"{base}/healthz").status == 200
        assert request("GET", f"{base}/version").json["version"]
