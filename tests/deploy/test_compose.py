"""What docker-compose.yml promises, checked without a container engine: the policy for each service, the profiles, and
that the files it mounts are what their readers take. tests/deploy/compose.sh runs the stack where there is an engine."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from compose_file import (OURS, PROFILES, ROOT, SERVER_PROFILES, bind_mounts, defaults, is_job, raw_services, services,
                          started, variables)
from ferrystack.ferry import programs

SERVICES = services()
# No health check can run in it: the image holds the collector's binary and nothing else.
WITHOUT_HEALTH = {"otel-collector"}
STACKS = [{"default"}, {"dev"}, {"default", "observability"}, {"dev", "observability"}]
each_service = pytest.mark.parametrize("name", SERVICES)
each_stack = pytest.mark.parametrize("profiles", STACKS, ids=lambda profiles: "+".join(sorted(profiles)))


# -- each service -----------------------------------------------------------------------------------------------------

@each_service
def test_a_service_is_started_again_and_limited(name):
    service = SERVICES[name]
    assert service["restart"] in ("unless-stopped", "no")
    assert service["mem_limit"] and service["pids_limit"] and service["init"] is True


@each_service
def test_a_service_has_no_capability_beyond_those_that_its_start_needs(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert name == "postgresql" or "cap_add" not in service
    assert not service.get("privileged") and "network_mode" not in service and "pid" not in service


@each_service
def test_a_service_is_checked_or_is_a_job_that_others_wait_for(name):
    service = SERVICES[name]
    health = service.get("healthcheck")
    if is_job(service):
        waiting = [other["depends_on"][name]["condition"] for other in SERVICES.values() if name in other.get("depends_on", {})]
        assert health == {"disable": True}
        # `up --wait` takes the end of a container for a failure unless somebody waits for exactly that.
        assert waiting and set(waiting) == {"service_completed_successfully"}
    elif name in WITHOUT_HEALTH:
        assert health is None, "`up --wait` fails where it is disabled, and waits until it runs where there is none"
    else:
        assert health["test"][0] == "CMD" and {"interval", "timeout", "retries"} <= health.keys()


@each_service
def test_ports_are_published_on_loopback_alone(name):
    for port in raw_services()[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+_PORT\}:\d+", port), port


@each_service
def test_an_image_and_its_version_stand_in_the_env_file_alone(name):
    variable = re.fullmatch(r"\$\{(\w+_IMAGE)\}", raw_services()[name]["image"])
    assert variable, "an image is a variable, so that another one can stand in for it"
    image, _, version = defaults()[variable[1]].rpartition(":")
    assert image and re.search(r"\d", version) or name in OURS


@each_service
def test_what_is_mounted_from_here_is_there_and_cannot_be_changed(name):
    for here, _, mode in bind_mounts(SERVICES[name]):
        assert here.exists(), f"{here} is mounted into {name}"
        assert mode == "ro"


@pytest.mark.parametrize("name", OURS)
def test_ours_are_read_only_without_root_and_ask_themselves_how_they_are(name):
    service = SERVICES[name]
    assert service["read_only"] is True and service["user"] == "10001:10001"
    assert service["healthcheck"]["test"] == ["CMD", f"/usr/local/bin/ferry-{name}", "healthcheck"]
    grace = int(service["stop_grace_period"].rstrip("s"))
    assert grace > 30, "longer than the `grace` of the configuration"
    assert service["build"] == {"context": ".", "dockerfile": "deploy/Dockerfile", "target": name}


def test_only_the_gateway_gets_no_credentials_for_queues():
    holders = {name for name in SERVICES if "AWS_SECRET_ACCESS_KEY" in SERVICES[name].get("environment", {})}
    assert holders == {"poller", "worker"}


# -- the file ---------------------------------------------------------------------------------------------------------

def test_every_variable_has_a_value():
    known = defaults()
    assert not [name for name, default in variables() if default is None and name not in known]
    # What is a secret anywhere else has its default, a known word, in the file, and never a value in .env.
    assert not [name for name in known if re.search("TOKEN|PASSWORD|SECRET", name)]


def test_every_variable_of_the_env_file_is_used():
    used = {name for name, _ in variables()} | {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"}
    assert set(defaults()) == used & set(defaults())


def test_ports_and_volumes_differ():
    ports = [value for name, value in defaults().items() if name.endswith("_PORT")]
    assert len(ports) == len(set(ports))


# -- profiles ---------------------------------------------------------------------------------------------------------

def test_the_profiles_are_those_of_the_documentation():
    assert {profile for service in SERVICES.values() for profile in service.get("profiles", [])} == set(PROFILES)
    assert defaults()["COMPOSE_PROFILES"] == "default"
    assert not [name for name in OURS if "profiles" in SERVICES[name]]


@pytest.mark.parametrize("profile", SERVER_PROFILES)
def test_a_profile_has_one_server_that_answers_to_temporal(profile):
    named = [name for name, service in started({profile}).items()
             if name == "temporal" or "temporal" in (service.get("networks") or {}).get("default", {}).get("aliases", [])]
    assert len(named) == 1


@each_stack
def test_nobody_waits_for_a_service_that_the_profile_does_not_start(profiles):
    running = started(profiles)
    for name, service in running.items():
        for other, condition in service.get("depends_on", {}).items():
            assert other in running, f"{name} waits for {other}"
            has_health = running[other].get("healthcheck") != {"disable": True}
            assert condition["condition"] == ("service_healthy" if has_health else "service_completed_successfully")
            assert condition.keys() == {"condition"}, "docker-compose 1.29 knows no other key"


@each_stack
def test_no_two_services_of_a_stack_publish_one_port(profiles):
    ports = [port.rsplit(":", 1)[0] for service in started(profiles).values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports))


@each_stack
def test_docker_compose_takes_the_file(profiles):
    """Debian's, and the plugin where there is one. Neither needs an engine for this."""
    commands = [["docker-compose"]] if shutil.which("docker-compose") else []
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        commands.append(["docker", "compose"])
    if not commands:
        pytest.skip("neither docker-compose nor docker compose is installed")
    for command in commands:
        run = subprocess.run([*command, "config"], cwd=ROOT, capture_output=True, text=True,
                             env={**os.environ, "COMPOSE_PROFILES": ",".join(profiles)})
        assert run.returncode == 0 and "level=warning" not in run.stderr, run.stderr
        assert set(started(profiles)) <= set(yaml.safe_load(run.stdout)["services"])


# -- the files that are mounted ---------------------------------------------------------------------------------------

def test_the_services_take_their_configuration():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FERRY_", "TEMPORAL_", "AWS_"))}
    for name in OURS:
        given = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
        given["FERRY_CONFIG"] = str(ROOT / "deploy" / "compose" / "ferry.yaml")
        run = subprocess.run([programs() / f"ferry-{name}", "--check"], capture_output=True, text=True,
                             env={**environment, **given})
        assert run.returncode == 0, run.stdout + run.stderr


def test_prometheus_scrapes_where_the_services_listen():
    configuration = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    ferry = yaml.safe_load((ROOT / "deploy" / "compose" / "ferry.yaml").read_text())
    targets = {job["job_name"]: job["static_configs"][0]["targets"][0] for job in configuration["scrape_configs"]}
    listens = {"gateway": ferry["gateway"]["listen"], "poller": ferry["poller"]["admin_listen"],
               "worker": ferry["worker"]["admin_listen"]}
    for name, listen in listens.items():
        assert targets[f"ferry-{name}"] == f"{name}:{listen.rsplit(':')[-1]}"
    assert {target.split(":")[0] for target in targets.values()} <= set(SERVICES)


def test_the_collector_listens_where_the_documentation_sends_spans():
    collector = yaml.safe_load((ROOT / "deploy" / "otel-collector" / "config.yaml").read_text())
    assert collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"] == "0.0.0.0:4318"
    assert "http://otel-collector:4318" in (ROOT / "docs" / "compose.md").read_text()
