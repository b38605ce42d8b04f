"""`ferry completion`: each shell has loaded it, words are typed at its prompt, and what it makes of them is run."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from ferrystack.ferry import programs

SECONDS = 30
# What the shells run instead of the tool: it shows the words that it was given.
SHOW = "ferry() { printf 'GOT<'; printf '[%s]' \"$@\"; printf '>\\n'; }\n"
SETUP = {
    "bash": "bind 'set bell-style none'; bind '\"\\C-t\": insert-completions'\n",
    "zsh": "autoload -U compinit; compinit -u -D\n_all() { _main_complete; compstate[insert]=all }\n"
           "zle -C all-of-them complete-word _all; bindkey '^T' all-of-them; bindkey '^I' complete-word\n",
}
ALL = "\x14"  # control-T: insert every completion that there is
COMMAND = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, name: str, directory):
        clean = {"PATH": os.environ["PATH"], "HOME": str(directory), "TERM": "dumb", "PS1": "", "PROMPT": ""}
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execvpe(COMMAND[name][0], COMMAND[name], clean)
        script = subprocess.run([programs() / "ferry", "completion", name], capture_output=True, text=True, check=True)
        (directory / "completion").write_text(script.stdout)
        (directory / "setup").write_text(SETUP[name] + SHOW)
        self.answer(". ./setup; . ./completion; ferry ready\n")

    def answer(self, typed: str) -> list[str]:
        """The words with which `ferry` is run in the end."""
        os.write(self.terminal, typed.encode())
        deadline, text = time.monotonic() + SECONDS, ""
        while time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 1)[0]:
                text += os.read(self.terminal, 65536).decode(errors="replace")
            found = re.search(r"GOT<((?:\[[^\]\r\n]*\])*)>\r?\n", text)
            if found:
                return re.findall(r"\[([^\]]*)\]", found.group(1))
        raise AssertionError(f"{typed!r}: no answer in {text!r}")

    def complete(self, words: str) -> list[str]:
        return self.answer(f"ferry {words}\t\n")

    def every(self, words: str) -> set[str]:
        """What may stand instead of the last word."""
        given = self.answer(f"ferry {words}{ALL}\n")
        return set(given[len(words.split(" ")) - 1:])

    def close(self):
        os.close(self.terminal)  # hangs up
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module", params=["bash", "zsh"])
def shell(request, tmp_path_factory):
    assert shutil.which(request.param), f"{request.param} is missing: tools/setup lint installs it"
    directory = tmp_path_factory.mktemp(request.param)
    (directory / "orders.yaml").write_text("")
    (directory / "input.json").write_text("")
    (directory / "folder").mkdir()
    opened = Shell(request.param, directory)
    yield opened
    opened.close()


def commands() -> list[str]:
    text = subprocess.run([programs() / "ferry", "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z][a-z -]*[a-z])(?: [A-Z\[].*| bash.*|  .*)?$", text, re.M)


def test_words_of_commands_are_completed(shell):
    assert shell.complete("dl") == ["dlq"]
    assert shell.complete("dlq rep") == ["dlq", "replay"]
    assert shell.complete("workflow desc") == ["workflow", "describe"]
    assert shell.complete("lanes dead") == ["lanes", "dead-letter"]


def test_every_first_word_is_offered(shell):
    assert shell.every("") == {command.split()[0] for command in commands()}
    assert shell.every("queue ") == {"ls", "pause", "resume"}


def test_options_are_those_of_the_command(shell):
    assert shell.complete("workflow start echo --task") == ["workflow", "start", "echo", "--task-queue"] or \
        shell.complete("workflow start echo --task") == ["workflow", "start", "echo", "--task-queue="]
    assert shell.complete("dlq replay --dry") == ["dlq", "replay", "--dry-run"]
    assert shell.complete("queue ls --task") == ["queue", "ls", "--task"]


def test_values_of_options_are_completed(shell):
    assert shell.complete("lanes -o j") == ["lanes", "-o", "json"]
    assert shell.complete("workflow reset order-1 --to last") == ["workflow", "reset", "order-1", "--to",
                                                                 "lastWorkflowTask"]
    assert shell.complete("check -c ord") == ["check", "-c", "orders.yaml"]
    assert shell.complete("check --config=ord") == ["check", "--config=orders.yaml"]
    assert shell.complete("completion fi") == ["completion", "fish"]


def test_inputs_are_files_behind_an_at_sign(shell):
    assert shell.complete("workflow start echo @inp") == ["workflow", "start", "echo", "@input.json"]


@pytest.mark.parametrize("typed, expected", [
    ("dl", {"dlq"}),
    ("queue ", {"ls", "pause", "resume"}),
    ("lanes dead", {"dead-letter"}),
    ("workflow start echo --task", {"--task-queue"}),
    ("dlq replay --dry", {"--dry-run"}),
    ("queue ls --task", set()),
    ("lanes -o ", {"table", "json"}),
    ("workflow reset order-1 --to last", {"lastWorkflowTask"}),
    ("check -c ord", {"orders.yaml"}),
    ("completion fi", {"fish"}),
    ("workflow start echo @inp", {"@input.json"}),
])
def test_fish_offers_what_the_tables_say(tmp_path, typed, expected):
    (tmp_path / "orders.yaml").write_text("")
    (tmp_path / "input.json").write_text("")
    script = subprocess.run([programs() / "ferry", "completion", "fish"], capture_output=True, text=True, check=True)
    (tmp_path / "ferry.fish").write_text(script.stdout)
    run = subprocess.run(["fish", "--no-config", "-c", f"source ferry.fish; complete -C 'ferry {typed}'"], cwd=tmp_path,
                         capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert run.returncode == 0 and run.stderr == "", run
    assert {line.split("\t")[0] for line in run.stdout.splitlines()} == expected
