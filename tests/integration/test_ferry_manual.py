"""`ferry man-pages` and `ferry completion`: every command has its page, and the pages are sound."""

import re
import subprocess

import pytest

from ferrystack.ferry import programs
from ferrystack.process import ROOT


def run(*words) -> str:
    return subprocess.run([programs() / "ferry", *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    directory = tmp_path_factory.mktemp("man")
    run("man-pages", str(directory))
    return directory


def commands() -> list[str]:
    """As the completion of bash lists them, which a test of its own runs."""
    return re.findall(r"'([a-z][a-z -]*)'", re.search(r"^\s+('.*)\) command=", run("completion", "bash"), re.M).group(1))


def test_every_command_and_service_has_a_page(pages):
    expected = {f"ferry-{command.replace(' ', '-')}.1" for command in commands()}
    expected |= {"ferry.1", "ferry.yaml.5", "ferry-poller.8", "ferry-gateway.8", "ferry-worker.8"}
    assert {page.name for page in pages.iterdir()} == expected


def test_the_pages_are_sound(pages):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *sorted(pages.iterdir())], capture_output=True,
                          text=True)
    assert (lint.returncode, lint.stdout) == (0, "")


def test_a_page_says_what_the_help_says(pages):
    for command in commands():
        help_text = run(*command.split(), "--help")
        page = subprocess.run(["mandoc", "-T", "utf8", pages / f"ferry-{command.replace(' ', '-')}.1"],
                              capture_output=True, text=True, check=True).stdout
        plain = re.sub(r".\x08", "", page)
        for option in re.findall(r"^  (?:-\w,|   ) (--[a-z-]+)", help_text, re.M):
            assert option in plain, f"{command}: {option}"
        summary = help_text.splitlines()[2]
        assert " ".join(summary.split()) in " ".join(plain.split()), command


def words_of(page) -> str:
    """As somebody reads it, without the breaks of its lines."""
    shown = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=200", page], capture_output=True, text=True, check=True)
    return " ".join(re.sub(r".\x08", "", shown.stdout).split())


def test_the_page_of_the_configuration_says_what_the_documentation_says(pages):
    source = (ROOT / "docs" / "configuration.md").read_text()
    words = words_of(pages / "ferry.yaml.5")
    rows = [line[2:].removesuffix("|").rstrip().split(" | ") for line in source.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    for cells in rows:
        for cell in (cells[0].strip("| "), cells[-1].strip("| ")):
            plain = re.sub(r"\[([^]]*)\]\(([^)#]*)[^)]*\)",
                           lambda link: f"docs/{link[2]}" if link[1] == link[2] else f"{link[1]} (docs/{link[2]})", cell)
            assert " ".join(plain.replace("`", "").split()) in words, cell
    assert "type: host:port; default: localhost:7233; environment: TEMPORAL_ADDRESS" in words
    assert "`" not in words and "](" not in words and "|" not in words and "**" not in words


def test_the_date_is_the_sources_where_a_package_says_so(tmp_path):
    subprocess.run([programs() / "ferry", "man-pages", tmp_path], check=True, env={"SOURCE_DATE_EPOCH": "86400"})
    assert '"1970-01-02"' in (tmp_path / "ferry.1").read_text()


def test_a_folder_that_is_not_there_is_bad_usage(tmp_path):
    result = subprocess.run([programs() / "ferry", "man-pages", tmp_path / "none"], capture_output=True, text=True)
    assert result.returncode == 2 and "No such file or directory" in result.stderr
