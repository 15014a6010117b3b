"""Each check finds a violation that is planted into an otherwise clean little project."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "check"))

import formatting  # noqa: E402
import include_arrows  # noqa: E402
import lengths  # noqa: E402
import main  # noqa: E402
import one_definition  # noqa: E402
import registration  # noqa: E402
import words  # noqa: E402
from tree import Tree  # noqa: E402

CLEAN = {
    "core/unit.h": "#pragma once\n\n#include <string>\n#include <tl/expected.hpp>\n",
    "core/unit.cpp": '#include "core/unit.h"\n',
    "core/io/socket.cpp": '#include <sys/socket.h>\n\n#include "core/unit.h"\n',
    "core/CMakeLists.txt": "xorch_library(core SOURCES unit.cpp io/socket.cpp)\n",
    "worker/agent.cpp": '#include "core/unit.h"\n',
    "worker/CMakeLists.txt": "agent.cpp\n",
    "tests/core/unit_test.cpp": '#include "core/unit.h"\n\n#include <gtest/gtest.h>\n',
    "tests/core/CMakeLists.txt": "unit_test.cpp\n",
    "tests/configs_test.py": "NAMES = ['curve.toml']\n",
    "tests/CMakeLists.txt": "configs_test.py\n",
    "configs/curve.toml": "[sweep]\n",
    ".clang-format": "BasedOnStyle: Google\n",
}


class Checks(unittest.TestCase):
    def findings(self, check, **planted):
        """What `check` says of the clean project with some files replaced; the key spells the path
        with `__` for a slash and `_dot_` for a dot."""
        files = dict(CLEAN)
        for key, text in planted.items():
            files[key.replace("__", "/").replace("_dot_", ".")] = text
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return check(Tree(root))

    def assert_found(self, expected, check, **planted):
        found = self.findings(check, **planted)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def test_the_clean_project_is_clean(self):
        for check in (
            include_arrows.check, lengths.check, one_definition.check, registration.check, words.check,
        ):  # fmt: skip
            self.assertEqual(self.findings(check), [])


class Arrows(Checks):
    def test_an_include_against_the_arrows_is_found(self):
        for home, name in (
            ("worker__agent_dot_cpp", "coordinator/decide/state.h"),
            ("coordinator__loop_dot_cpp", "worker/agent.h"),
            ("jobs__noop_dot_cpp", "coordinator/loop.h"),
            ("jobs__noop_dot_cpp", "worker/agent.h"),
            ("slurm__script_dot_cpp", "worker/agent.h"),
            ("core__unit_dot_cpp", "worker/agent.h"),
            ("core__unit_dot_cpp", "core/io/socket.h"),
            ("core__wire__codec_dot_cpp", "core/io/socket.h"),
            ("worker__agent_dot_cpp", "tools/cli/verbs.h"),
            ("tools__cli__main_dot_cpp", "tests/fake.h"),
        ):
            planted = {home: '#include "%s"\n' % name}
            self.assert_found("must not include from", include_arrows.check, **planted)

    def test_pure_code_that_includes_the_system_is_found(self):
        for name in ("unistd.h", "sys/stat.h", "thread", "mutex", "zmq.h", "fstream"):
            for home in ("core__unit_dot_cpp", "coordinator__decide__state_dot_cpp"):
                planted = {home: "#include <%s>\n" % name}
                self.assert_found("must not reach the system", include_arrows.check, **planted)

    def test_pure_code_that_reads_a_clock_is_found_and_a_comment_about_it_is_not(self):
        read = "auto now = std::chrono::steady_clock::now();\n"
        self.assert_found("takes the time", include_arrows.check, core__unit_dot_cpp=read)
        self.assertEqual(self.findings(include_arrows.check, core__unit_dot_cpp="// " + read), [])

    def test_a_third_party_header_in_a_header_is_found_but_not_a_test_framework_in_a_test(self):
        header = "#pragma once\n\n#include <%s>\n"
        self.assert_found(
            "belong into a .cpp", include_arrows.check, worker__os__a_dot_h=header % "zmq.hpp"
        )
        framework = header % "gtest/gtest.h"
        self.assertEqual(self.findings(include_arrows.check, tests__fake_dot_h=framework), [])

    def test_a_second_user_of_tomlplusplus_is_found(self):
        include = "#include <toml++/toml.h>\n"
        found = self.findings(
            include_arrows.check,
            coordinator__input__a_dot_cpp=include,
            coordinator__input__b_dot_cpp=include,
        )
        self.assertEqual(len(found), 2)

    def test_libtorch_comes_through_one_header(self):
        include = "#pragma once\n#include <torch/torch.h>\n"
        self.assertEqual(self.findings(include_arrows.check, jobs__torch__torch_dot_h=include), [])
        self.assert_found("jobs/torch/torch.h", include_arrows.check, jobs__a_dot_cpp=include)

    def test_a_header_without_its_guard_is_found(self):
        self.assert_found("#pragma once", include_arrows.check, core__unit_dot_h="\n")


class Lengths(Checks):
    @staticmethod
    def function(lines, head="int f(int a) {"):
        return "namespace x {\n%s\n%s}\n}\n" % (head, "    a();\n" * (lines - 2))

    def test_a_long_file_is_found(self):
        self.assertEqual(self.findings(lengths.check, core__unit_dot_cpp="\n" * 500), [])
        self.assert_found("501 lines", lengths.check, core__unit_dot_cpp="\n" * 501)

    def test_a_long_function_is_found_by_its_name_and_first_line(self):
        for head, name in (
            ("int f(int a) {", "f"),
            ("Result<void> Loop::run(\n    Now now\n) {", "Loop::run"),
            ("Loop::Loop(int a) : a_(a) {", "Loop"),
            ("TEST(Plan, RejectsADuplicateAxis) {", "Plan.RejectsADuplicateAxis"),
            ("bool operator==(const A& a, const A& b) {", "operator=="),
        ):
            ok = self.findings(lengths.check, core__unit_dot_cpp=self.function(70, head))
            self.assertEqual(ok, [])
            long = self.function(71, head)
            self.assert_found("%s has 71 lines" % name, lengths.check, core__unit_dot_cpp=long)

    def test_braces_in_text_comments_and_macros_do_not_count(self):
        text = '#define OPEN {\nint f() {\n    a("{"); // {\n    b(\'{\'); /* { */ c(R"x(")";{)x");\n}\n'
        self.assertEqual(list(lengths.cpp_functions(text)), [("f", 2, 4)])

    def test_a_digit_separator_does_not_open_a_character(self):
        text = "int a = 10'000;\nint f() {\n    b(1'0);\n}\n"
        self.assertEqual(list(lengths.cpp_functions(text)), [("f", 2, 3)])

    def test_classes_tables_and_lambdas_inside_functions_are_no_functions_of_their_own(self):
        text = (
            "class A {\n    int g() {\n        h([&](int a) {\n        });\n    }\n};\n"
            "const Table table = make({\n    {1},\n});\nenum class E { a, b };\n"
        )
        self.assertEqual([name for name, _, _ in lengths.cpp_functions(text)], ["g"])

    def test_a_long_python_function_is_found(self):
        text = "def f():\n" + "    a()\n" * 70
        self.assert_found("f has 71 lines", lengths.check, tools__a_dot_py=text)

    def test_an_allowed_length_may_shrink_but_not_grow(self):
        key = lengths.ALLOWED.replace("/", "__").replace(".", "_dot_")

        def found(length, allowed):
            planted = {"core__unit_dot_cpp": self.function(length)}
            planted[key] = "# why\ncore/unit.cpp f %d\n" % allowed
            return self.findings(lengths.check, **planted)

        self.assertEqual(found(80, 80), [])
        self.assertIn("grew from 80 to 81", found(81, 80)[0])
        self.assertIn("shrank to 79", found(79, 80)[0])
        self.assertIn("long no more", found(70, 80)[0])


class OneDefinition(Checks):
    def test_two_types_of_one_name_in_one_namespace_are_found_whatever_their_kind(self):
        for kind in (
            "struct Held {", "class Held final : public std::vector<int> {", "enum class Held : int {",
            "union Held {", "template <class T>\nstruct Held {", "class [[nodiscard]] Held {",
        ):  # fmt: skip
            self.assert_found(
                "worker/agent.cpp:2: xorch::Held is also defined in core/unit.h:3",
                one_definition.check,
                core__unit_dot_h="#pragma once\nnamespace xorch {\nstruct Held {};\n}\n",
                worker__agent_dot_cpp="namespace xorch {\n%s};\n}\n" % kind.replace("\n", " "),
            )

    def test_types_of_anonymous_namespaces_of_functions_and_of_other_types_do_not_clash(self):
        for text in (
            "namespace xorch {\nnamespace {\nstruct Held {};\n}\n}\n",
            "namespace {\nnamespace xorch {\nstruct Held {};\n}\n}\n",
            "namespace xorch {\nvoid f() {\nstruct Held {};\n}\n}\n",
            "namespace xorch {\nclass A {\nstruct Held {};\n};\n}\n",
            "namespace xorch {\nstruct A::Held {};\n}\n",
            "namespace xorch::other {\nstruct Held {};\n}\n",
            "namespace xorch {\nclass Held;\n// struct Held {\nstruct Held f() {}\n}\n",
            "namespace xorch {\ntemplate <class Held> struct A {};\n}\n",
            "namespace xorch {\ntemplate <> struct Held<int> {};\n}\n",
        ):
            planted = {
                "core__unit_dot_h": "#pragma once\nnamespace xorch {\nstruct Held {};\n}\n",
                "worker__agent_dot_cpp": text,
            }
            self.assertEqual(self.findings(one_definition.check, **planted), [], text)

    def test_a_type_after_blocks_of_other_kinds_is_still_found(self):
        before = "namespace xorch {\nnamespace {\nint a = 1;\n}\nvoid f() { g({1}); }\n"
        self.assert_found(
            "xorch::A::Held",
            one_definition.check,
            core__unit_dot_cpp=before + "struct A::Held {};\n}\n",
            worker__agent_dot_cpp="namespace xorch {\nstruct A {\nstruct Held {};\n};\n}\n",
        )


class Formatting(Checks):
    def test_an_unformatted_file_is_found_where_the_right_version_is_installed(self):
        try:
            self.assertEqual(self.findings(formatting.check), [])
        except formatting.Skipped as reason:
            self.skipTest(str(reason))
        self.assert_found("not formatted", formatting.check, core__unit_dot_cpp="int   a ;\n")

    def test_a_missing_program_is_a_reason_to_skip_not_to_pass(self):
        path = os.environ["PATH"]
        os.environ["PATH"] = ""
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        with self.assertRaisesRegex(formatting.Skipped, "clang-format 14 is not installed"):
            self.findings(formatting.check)


class Registration(Checks):
    def test_a_source_or_test_in_no_list_is_found(self):
        for key in (
            "core__lost_dot_cpp",
            "tests__core__lost_test_dot_cpp",
            "tests__python__lost_test_dot_py",
        ):
            self.assert_found("in no CMakeLists.txt", registration.check, **{key: "\n"})

    def test_a_name_that_only_ends_alike_or_stands_in_a_comment_does_not_count(self):
        self.assert_found(
            "core/it.cpp",
            registration.check,
            core__it_dot_cpp="\n",
            core__CMakeLists_dot_txt="unit.cpp io/socket.cpp  # it.cpp\n",
        )

    def test_a_configuration_that_no_test_names_is_found(self):
        self.assert_found("named in no test", registration.check, configs__new_dot_toml="\n")


class Words(Checks):
    def test_words_of_unfinished_work_are_found_in_any_text(self):
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.assert_found("unfinished", words.check, core__unit_dot_cpp="// %s: more\n" % word)
            self.assert_found("unfinished", words.check, README_dot_md=word + "\n")
            self.assert_found("unfinished", words.check, tools__run="#!/bin/bash\n# %s\n" % word)

    def test_paths_of_a_machine_are_found(self):
        for path in ("/ho" + "me/anna/x", "/ro" + "ot/x", "../sha" + "red/data"):
            self.assert_found("somebody's machine", words.check, docs__a_dot_md="cd %s\n" % path)
        self.assertEqual(self.findings(words.check, docs__a_dot_md="$HOME/wo" "rk/x a/home/b\n"), [])

    def test_only_the_entry_of_the_ci_may_know_where_shared_data_lies(self):
        line = "data=../sha" + "red/data\n"
        self.assertEqual(self.findings(words.check, _dot_ci__run=line), [])
        self.assert_found("somebody's machine", words.check, tools__test=line)

    def test_a_test_that_sleeps_is_found_and_a_unit_that_does_is_not(self):
        for call in ("std::this_thread::sleep" + "_for(1s);", "us" + "leep(5);"):
            self.assert_found("must not sleep", words.check, tests__core__unit_test_dot_cpp=call)
        call = "time.sle" + "ep(1)\n"
        literal = 'harness.python("%s");' % call.strip()
        self.assertEqual(self.findings(words.check, tests__core__unit_test_dot_cpp=literal), [])
        self.assert_found("must not sleep", words.check, tests__a_test_dot_py=call)
        self.assertEqual(self.findings(words.check, tests__scripts__train_dot_py=call), [])


class Program(unittest.TestCase):
    def test_it_says_by_its_exit_code_what_it_found(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "core"))
            with contextlib.redirect_stdout(io.StringIO()) as output:
                self.assertEqual(main.main(["--root", root, "words"]), 0)
                with open(os.path.join(root, "core", "a.cpp"), "w", encoding="utf-8") as file:
                    file.write("// TO" + "DO\n")
                self.assertEqual(main.main(["--root", root, "words"]), 1)
            self.assertIn("core/a.cpp:1: unfinished work", output.getvalue())


if __name__ == "__main__":
    unittest.main()
