"""What is in the images: everything that the programs need, and nothing else."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

import container

SERVICES = ["poller", "gateway", "worker"]
IMAGES = [*SERVICES, "ferry"]
LARGEST = 35 << 20  # of a service, in bytes of files


def programs_of(root: Path) -> list[str]:
    return sorted(program.name for program in (root / "usr/local/bin").iterdir())


def files_of(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if not path.is_dir() or path.is_symlink()]


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_holds_its_programs_without_debugging_information(images, image):
    expected = ["ferry", "ferry-gateway", "ferry-poller", "ferry-worker"] if image == "ferry" else [f"ferry-{image}"]
    assert programs_of(images / image) == expected
    for program in expected:
        sections = subprocess.run(["readelf", "-SW", images / image / "usr/local/bin" / program], capture_output=True, text=True,
                                  check=True).stdout
        assert ".text" in sections and ".debug_info" not in sections


@pytest.mark.parametrize("image", IMAGES)
def test_each_library_is_needed(images, image, tmp_path):
    """Without any one of them some program of the image does not start, and names it: so none is there in vain, and one
    that was forgotten would show."""
    root = container.copy_image(image, tmp_path / "root")
    starts = [[f"/usr/local/bin/{program}", "--version"] for program in programs_of(root)]
    for start in starts:
        done = container.run_in(root, *start)
        assert done.returncode == 0, done.stderr
    libraries = [path for path in files_of(root) if re.search(r"/lib[^/]*\.so[.0-9]*$", str(path))]
    assert len(libraries) > 20
    for library in libraries:
        library.rename(tmp_path / library.name)
        failures = [done for done in (container.run_in(root, *start) for start in starts) if done.returncode != 0]
        assert failures and all(library.name in done.stderr for done in failures), f"{library.name} is not needed"
        (tmp_path / library.name).rename(library)


@pytest.mark.parametrize("image", IMAGES)
def test_nobody_but_root_can_change_a_file_and_none_gives_rights(images, image):
    for path in [images / image, *(images / image).rglob("*")]:
        about = path.lstat()
        assert about.st_uid == 0 and about.st_gid == 0, path
        assert not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID), path
        assert os.access(path, os.R_OK) and about.st_mode & stat.S_IROTH, path


@pytest.mark.parametrize("image", IMAGES)
def test_there_is_no_program_but_ours_and_the_loader(images, image):
    executables = {path.name for path in files_of(images / image) if path.stat().st_mode & stat.S_IXUSR and ".so" not in path.name}
    assert executables == set(programs_of(images / image))


@pytest.mark.parametrize("image", SERVICES)
def test_a_services_files_are_small(images, image):
    size = sum(path.lstat().st_size for path in files_of(images / image))
    print(f"{image}: {size / 1e6:.1f} MB")
    assert size <= LARGEST


@pytest.mark.parametrize("image", IMAGES)
def test_scanners_and_lawyers_find_what_is_inside(images, image):
    root = images / image
    assert "Apache License" in (root / "usr/share/doc/ferry/LICENSE").read_text()
    packages = {path.name: path.read_text() for path in (root / "var/lib/dpkg/status.d").iterdir()}
    assert {"libc6", "libcurl4", "ca-certificates"} <= packages.keys()
    for name, text in packages.items():
        assert re.search(rf"^Package: {re.escape(name)}$", text, re.M) and re.search("^Version: .", text, re.M)
        assert (root / f"usr/share/doc/{name}/copyright.gz").stat().st_size > 0
