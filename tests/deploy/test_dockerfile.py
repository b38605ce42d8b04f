"""The Dockerfile, as far as it can be tried without a container engine: what it copies is there and is enough to build,
and its images are what they are said to be."""

import fnmatch
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ferrystack.process import ROOT

TEXT = (ROOT / "deploy" / "Dockerfile").read_text()
IMAGES = ["poller", "gateway", "worker", "ferry"]


def instructions() -> list[tuple[str, str]]:
    lines = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def stages() -> dict[str, list[tuple[str, str]]]:
    """By name; the first instruction of each is its FROM. What stands before the first FROM is named ""."""
    found, name = {"": []}, ""
    for word, rest in instructions():
        if word == "FROM":
            name = re.fullmatch(r"\S+ AS (\S+)", rest).group(1)
            found[name] = []
        found[name].append((word, rest))
    return found


def only(stage: str, wanted: str) -> str:
    """The rest of the stage's one instruction of this kind."""
    rests = [rest for word, rest in stages()[stage] if word == wanted]
    assert len(rests) == 1, f"{stage}: {wanted} stands there {len(rests)} times"
    return rests[0]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def is_ignored(name: str) -> bool:
    """By .dockerignore, for the few forms of patterns that stand in it."""
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert not [pattern for pattern in patterns if pattern.startswith("!")], "this test knows no exceptions"
    parts = name.split("/")
    heads = ["/".join(parts[:i + 1]) for i in range(len(parts))]
    return any(fnmatch.fnmatchcase(head, form) for pattern in patterns for head in heads
               for form in (pattern.rstrip("/"), pattern.rstrip("/").removeprefix("**/")))


def copies() -> list[tuple[list[str], str]]:
    """(sources, destination) of what comes from the repository."""
    words = [shlex.split(rest) for stage in stages().values() for word, rest in stage if word == "COPY"]
    return [(each[:-1], each[-1]) for each in words if not each[0].startswith("--from=")]


def test_what_is_copied_is_in_the_repository_and_not_ignored():
    files = tracked()
    sources = [source for each, _ in copies() for source in each]
    assert sources
    for source in sources:
        below = [name for name in files if name == source or name.startswith(source + "/")]
        assert below, f"{source} is not in the repository"
        assert [name for name in below if not is_ignored(name)], f"{source} is in .dockerignore"


def what_make_would_do(folder: Path, arguments: list[str]) -> list[str]:
    done = subprocess.run(["make", "--dry-run", "BUILD=/nowhere", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace(str(folder), "FOLDER").splitlines()


def test_what_is_copied_is_enough_to_build(tmp_path):
    """make, told to say only what it would do, would do the same as in the repository."""
    files = [name for name in tracked() if not is_ignored(name)]
    for sources, destination in copies():
        for source in sources:
            for name in files:
                if name == source or name.startswith(source + "/"):
                    inside = name[len(source) + 1:]
                    target = tmp_path / destination / (inside or ("" if destination == source else Path(source).name))
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, target)
    make = re.search(r"\bmake (.*)", [rest for word, rest in stages()["build"] if word == "RUN" and "make" in rest][-1]).group(1)
    arguments = [word for word in shlex.split(make) if not word.startswith("-")]
    there, here = (what_make_would_do(folder, arguments) for folder in (tmp_path, ROOT))
    assert sorted(there) == sorted(here)
    for image in IMAGES:
        assert [line for line in there if f"/image/{image} " in line]
    assert (tmp_path / "deploy/image-root").stat().st_mode & 0o111
    assert (tmp_path / "tools/setup").stat().st_mode & 0o111


def test_the_base_is_an_argument_and_every_image_has_a_target():
    assert ("ARG", "BASE=debian:bookworm-slim") in stages()[""]
    assert only("build", "FROM") == "${BASE} AS build"
    assert list(stages())[2:] == IMAGES


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_its_root_file_system_and_nothing_else(image):
    assert only(image, "FROM") == f"scratch AS {image}"
    assert only(image, "COPY") == f"--from=build /image/{image} /"
    assert not [word for word, _ in stages()[image] if word in ("RUN", "ADD", "ENV", "SHELL")]
    user, group = only(image, "USER").split(":")
    assert int(user) > 0 and int(group) > 0
    assert only(image, "WORKDIR") == "/etc/ferry"
    program = "ferry" if image == "ferry" else f"ferry-{image}"
    assert json.loads(only(image, "ENTRYPOINT")) == [f"/usr/local/bin/{program}"]
    if image != "ferry":
        command = only(image, "HEALTHCHECK").partition("CMD ")[2]
        assert json.loads(command) == [f"/usr/local/bin/{program}", "healthcheck"]
