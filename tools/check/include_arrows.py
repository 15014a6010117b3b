"""Who may include whom, which headers stay behind the wall, and that pure code cannot reach the
operating system."""

import re

from tree import finding

# Folder -> folders that it may include from. The longest matching folder counts on both sides; what
# is in no row (a generated header, for instance) is not judged.
ARROWS = {
    "core": ("core", "core/wire"),
    "core/wire": ("core", "core/wire"),
    "core/io": ("core", "core/wire", "core/io"),
    "coordinator": ("core", "core/wire", "core/io", "coordinator"),
    "worker": ("core", "core/wire", "core/io", "worker"),
    "jobs": ("core", "core/wire", "core/io", "jobs"),
    "slurm": ("core", "core/wire", "core/io", "slurm"),
    "tools": (
        "core", "core/wire", "core/io", "coordinator", "worker", "jobs", "slurm", "tools",
    ),
    "tests": (
        "core", "core/wire", "core/io", "coordinator", "worker", "jobs", "slurm", "tools", "tests",
    ),
}  # fmt: skip

# Folders whose code is a function of its arguments.
PURE = ("core", "core/wire", "coordinator/decide")
OS_HEADER = re.compile(
    r"^(unistd\.h|fcntl\.h|poll\.h|pthread\.h|signal\.h|time\.h|sys/.*|netinet/.*|arpa/.*|thread|mutex|"
    r"shared_mutex|condition_variable|future|fstream|iostream|random|csignal|filesystem|zmq.*)$"
)
OS_CALL = re.compile(r"(system_clock|steady_clock|high_resolution_clock)::now|\bclock_gettime\b")

# What a header may include beside the project's own: the standard library, the vocabulary type
# tl::expected, and plain POSIX types. Tests may include their framework.
HEADER_MAY = re.compile(
    r"^([a-z_]+|tl/expected\.hpp|sys/[a-z_]+\.h|(unistd|signal|poll|fcntl|stdlib|sched|time)\.h)$"
)
TEST_FRAMEWORK = re.compile(r"^(gtest|gmock)/")
TOML = re.compile(r"^toml(\+\+|plusplus)?[/.]")
# LibTorch costs ten seconds a file unless everybody takes the one precompiled header.
TORCH = re.compile(r"^(torch|ATen|c10)/")
TORCH_DOOR = "jobs/torch/torch.h"


def folder_of(path, folders):
    matching = [folder for folder in folders if path.startswith(folder + "/")]
    return max(matching, key=len) if matching else None


def check(tree):
    findings = []
    toml_users = []
    for path in tree.cpp():
        for number, name, quoted in tree.includes(path):
            findings += _judge(path, number, name, quoted)
            if TOML.match(name):
                toml_users.append((path, number))
        findings += _clock_calls(tree, path)
        if path.endswith(".h") and "#pragma once" not in tree.text(path):
            findings.append(finding(path, 1, "a header without #pragma once"))
    if len({path for path, _ in toml_users}) > 1:
        for path, number in toml_users:
            findings.append(finding(path, number, "toml++ belongs into one .cpp only"))
    return findings


def _judge(path, number, name, quoted):
    home = folder_of(path, ARROWS)
    target = folder_of(name, ARROWS) if quoted else None
    if home and target and target not in ARROWS[home]:
        yield finding(path, number, "%s must not include from %s: %s" % (home, target, name))
    pure = folder_of(path, PURE + tuple(ARROWS)) in PURE
    if pure and not quoted and OS_HEADER.match(name):
        yield finding(path, number, "pure code must not reach the system: <%s>" % name)
    if not quoted and TORCH.match(name):
        if path != TORCH_DOOR:
            yield finding(path, number, "LibTorch comes through %s: <%s>" % (TORCH_DOOR, name))
        return
    in_tests = path.startswith("tests/")
    if path.endswith(".h") and not quoted and not HEADER_MAY.match(name):
        if not (in_tests and TEST_FRAMEWORK.match(name)):
            yield finding(path, number, "third-party headers belong into a .cpp: <%s>" % name)


def _clock_calls(tree, path):
    if folder_of(path, PURE + tuple(ARROWS)) not in PURE:
        return
    for number, line in tree.lines(path):
        if OS_CALL.search(line.split("//")[0]):
            yield finding(path, number, "pure code takes the time as an argument")
