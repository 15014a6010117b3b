"""No file is forgotten: every source is in a CMakeLists.txt, every test too, and every
configuration is named by a test."""

import os
import re

from tree import CODE_FOLDERS, finding


def check(tree):
    findings = []
    for path in tree.paths:
        if not path.startswith(tuple(folder + "/" for folder in CODE_FOLDERS + ("tests",))):
            continue
        is_test = path.startswith("tests/") and path.endswith("_test.py")
        if (path.endswith(".cpp") or is_test) and not _is_registered(tree, path):
            findings.append(finding(path, 1, "in no CMakeLists.txt: it is never built or run"))
    tests = [
        path for path in tree.paths
        if path.startswith("tests/") and path.endswith((".cpp", ".py", ".sh", ".txt"))
    ]  # fmt: skip
    for path in tree.paths:
        if path.startswith("configs/") and path.endswith(".toml"):
            name = os.path.basename(path)
            if not any(name in tree.text(test) for test in tests):
                findings.append(finding(path, 1, "named in no test"))
    return findings


def _is_registered(tree, path):
    """Named, relative to it, in the CMakeLists.txt of its own or a higher folder."""
    folder, name = os.path.split(path)
    while True:
        lists = os.path.join(folder, "CMakeLists.txt")
        if lists in tree.paths:
            pattern = r"(?<![\w.-])%s(?![\w.-])" % re.escape(name)
            if re.search(pattern, re.sub(r"#.*", "", tree.text(lists))):
                return True
        if not folder:
            return False
        folder, parent = os.path.split(folder)
        name = os.path.join(parent, name)
