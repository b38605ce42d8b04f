#!/usr/bin/env python3
"""The checks of tools/lint refuse what they are there for: each on a small copy of the tree with one mistake in it."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


class ChecksTest(unittest.TestCase):
    def setUp(self):
        self.tree = Path(tempfile.mkdtemp(prefix="ferry-checks-"))
        self.addCleanup(shutil.rmtree, self.tree)

    def copy_sources(self):
        (self.tree / "tools").mkdir()
        for check in TOOLS.glob("check_*.py"):
            shutil.copy(check, self.tree / "tools")
        for top in ("libs", "services", "cli"):
            shutil.copytree(ROOT / top, self.tree / top)

    def append(self, name: str, text: str):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)

    def assert_refused(self, result: subprocess.CompletedProcess, *words: str):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def layers(self) -> subprocess.CompletedProcess:
        return run(sys.executable, self.tree / "tools/check_layers.py")

    def test_layers_hold_in_the_tree_as_it_is(self):
        self.copy_sources()
        self.assertEqual(self.layers().returncode, 0)

    def test_a_layer_may_not_look_up(self):
        self.copy_sources()
        self.append("libs/base/src/map.c", '#include "http/client.h"\n')
        self.assert_refused(self.layers(), "libs/base/src/map.c", "base may not include http/client.h")

    def test_services_do_not_include_each_other(self):
        self.copy_sources()
        self.append("services/poller/main.c", "#include <gateway/api.h>\n")
        self.assert_refused(self.layers(), "poller may not include gateway/api.h")

    def test_an_external_header_has_one_home(self):
        self.copy_sources()
        self.append("services/gateway/main.c", "#include <curl/curl.h>\n")
        self.assert_refused(self.layers(), "<curl/curl.h> belongs to libs/http alone")

    def test_private_headers_of_the_sdk_stay_private(self):
        self.copy_sources()
        self.append("services/worker/main.c", '#include "temporal/coroutine.h"\n')
        self.assert_refused(self.layers(), "is not a public header of libs/temporal")

    def test_a_module_may_not_depend_on_what_lies_above(self):
        self.copy_sources()
        makefile = self.tree / "libs/aws/module.mk"
        makefile.write_text(makefile.read_text().replace("DEPS :=", "DEPS := settings"))
        self.assert_refused(self.layers(), "aws may not depend on settings")

    def test_banned_functions_and_open_work_are_found(self):
        self.copy_sources()
        self.append("libs/aws/src/region.c", 'static void f(char *to) { strcpy(to, "a"); } /* TO' 'DO */\n')
        self.assert_refused(run(sys.executable, self.tree / "tools/check_banned.py"), "strcpy is banned", "TO" "DO is banned")

    def test_names_in_comments_and_strings_are_not_banned(self):
        self.copy_sources()
        self.append("libs/aws/src/region.c", '/* strcpy( */ static const char text[] = "strcpy(";\n')
        self.assertEqual(run(sys.executable, self.tree / "tools/check_banned.py").returncode, 0)

    def test_long_functions_files_and_lines_are_found(self):
        self.copy_sources()
        run("git", "-C", self.tree, "init", "-q")
        self.append("libs/base/src/long.c", "void f(void)\n{\n" + "    f();\n" * 81 + "}\n" + "\n" * 800 + "/" * 121 + "\n")
        self.assert_refused(run(sys.executable, self.tree / "tools/check_sizes.py"), "a function of 81 lines", "885 lines",
                            "libs/base/src/long.c:885: 121 columns")

    def compile_archive(self, name: str, source: str):
        self.append(name + ".c", source)
        self.assertEqual(run("gcc", "-c", self.tree / f"{name}.c", "-o", self.tree / f"{name}.o").returncode, 0)
        self.assertEqual(run("ar", "rcs", self.tree / f"lib{name}.a", self.tree / f"{name}.o").returncode, 0)

    def link_program(self, *libraries: str) -> Path:
        self.append("main.c", "int main(void) { return 0; }\n")
        result = run("gcc", self.tree / "main.c", "-Wl,--no-as-needed", "-o", self.tree / "program", *libraries)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.tree / "program"

    def test_a_name_of_a_shared_library_is_found(self):
        self.compile_archive("one", "int json_integer(void) { return 1; }\nstatic int json_array(void) { return 2; }\n"
                                    "int json_array_of_ours(void) { return json_array(); }\n")
        result = run(TOOLS / "check_symbols.py", self.tree, self.link_program("-ljansson"))
        self.assert_refused(result, "json_integer of libone.a(one.o) is a name of libjansson")
        self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_a_name_that_two_archives_define_is_found(self):
        self.compile_archive("one", "int twice;\n")
        self.compile_archive("two", "int twice;\n")
        self.assert_refused(run(TOOLS / "check_symbols.py", self.tree, self.link_program()),
                            "twice is defined more than once: libone.a(one.o), libtwo.a(two.o)")

    def test_names_of_two_programs_may_be_the_same(self):
        self.compile_archive("one-program", "int twice;\n")
        self.compile_archive("two-program", "int twice;\n")
        self.assertEqual(run(TOOLS / "check_symbols.py", self.tree, self.link_program()).returncode, 0)

    def test_a_program_without_protections_is_found(self):
        self.append("main.c", "int main(void) { return 0; }\n")
        run("gcc", "-no-pie", "-z", "norelro", "-z", "execstack", self.tree / "main.c", "-o", self.tree / "program")
        self.assert_refused(run(sys.executable, TOOLS / "check_hardening.py", self.tree / "program"),
                            "is not position independent", "has no GNU_RELRO", "has an executable stack", "no stack protector")

    def documentation(self, page: str) -> subprocess.CompletedProcess:
        """With a program whose configuration has one section, `one`, with the keys `first` and `second`."""
        self.append("docs/configuration.md", page)
        self.append("docs/tool.md", "### ferry up\n")
        self.append("ferry", "#!/bin/sh\nif [ \"$1\" = completion ]; then echo \"  'up') command=up ;;\"; exit 0; fi\n"
                             "if grep -q '^one:' \"$3\"; then keys='first, second'; else keys=one; fi\n"
                             "echo \"unknown key; known here: $keys\" >&2\nexit 2\n")
        (self.tree / "ferry").chmod(0o755)
        (self.tree / "tools").mkdir()
        shutil.copy(TOOLS / "check_documentation.py", self.tree / "tools")
        run("git", "-C", self.tree, "init", "-q")
        return run(sys.executable, self.tree / "tools/check_documentation.py", self.tree / "ferry")

    def test_a_complete_page_is_accepted(self):
        result = self.documentation("## one\n\n| key |\n|---|\n| `first` |\n| `second` |\n[here](configuration.md#one)\n")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_keys_that_are_missing_and_keys_that_nothing_reads_are_found(self):
        result = self.documentation("## one\n\n| key |\n|---|\n| `first` |\n| `third` |\n")
        self.assert_refused(result, "one.second is missing", "nothing reads one.third")

    def test_a_variable_that_is_missing_and_a_broken_link_are_found(self):
        self.append("libs/base/src/log.c", 'getenv("FERRY_SOMETHING");\n')
        result = self.documentation("## one\n\n| key |\n|---|\n| `first` |\n| `second` |\n[there](nowhere.md)\n")
        self.assert_refused(result, "FERRY_SOMETHING is missing", "the link to nowhere.md leads nowhere")

    def test_a_problem_without_a_section_and_a_section_without_a_problem_are_found(self):
        self.append("services/gateway/replies.c", 'http_exchange_problem(e, 409, is_open ? "still-open" : "gone", "T", 0);\n'
                                                  'return (struct problem){404, "not-there", "T", 0};\n')
        self.append("libs/http/src/request.c", 'send("\\"type\\":\\"" HTTP_PROBLEM_TYPE_PREFIX "too-long\\"");\n')
        self.append("docs/errors.md", "# Problems\n\n## not-there\nx\n\n## forgotten\nx\n")
        result = self.documentation("## one\n\n| key |\n|---|\n| `first` |\n| `second` |\n")
        self.assert_refused(result, "no section for still-open", "no section for gone", "no section for too-long",
                            "nothing answers forgotten")
        self.assertNotIn("not-there", result.stderr)

    def test_a_command_without_a_section_and_a_section_without_a_command_are_found(self):
        self.append("docs/tool.md", "### ferry down\n")
        result = self.documentation("## one\n\n| key |\n|---|\n| `first` |\n| `second` |\n")
        self.assert_refused(result, "there is no command ferry down")

    def test_a_finding_without_a_line_and_a_line_without_a_finding_are_found(self):
        self.append("cli/finding_kinds.c", 'KIND(one, "one", WARNING, NULL)\nKIND(two, "two", OK, NULL)\n'
                                           'KIND(fine, "fine", ERROR, "do")\n')
        self.append("docs/check.md", "| `one` | error | x |\n| `fine` | error | x |\n| `gone` | ok | x |\n")
        result = self.documentation("## one\n\n| key |\n|---|\n| `first` |\n| `second` |\n")
        self.assert_refused(result, "one is missing, or is no warning", "two is missing", "nothing finds gone")
        self.assertNotIn("fine", result.stderr)


if __name__ == "__main__":
    unittest.main()
