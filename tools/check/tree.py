"""The files of the project, for all checks: read once, without build trees and runs."""

import os
import re

CODE_FOLDERS = ("core", "coordinator", "worker", "jobs", "slurm", "tools")
SKIPPED_FOLDERS = {"build", ".git", "xorch-runs", "__pycache__"}
TEXT_ENDINGS = (".cpp", ".h", ".py", ".sh", ".toml", ".md", ".txt", ".cmake", ".fbs", ".json")

_LITERALS_AND_COMMENTS = re.compile(
    r'R"(?P<mark>[^()\s]*)\(.*?\)(?P=mark)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # not a digit separator
    r"|//[^\n]*|/\*.*?\*/",
    re.DOTALL,
)


def blank(found):
    """Spaces as long as what was found; lines keep their numbers."""
    return re.sub(r"[^\n]", " ", found.group(0))


def code_only(text):
    """C++ without its comments and the content of its literals."""
    return _LITERALS_AND_COMMENTS.sub(blank, text)


def braces(text):
    """(brace, head, line) of each brace of C++, read as braces and not as grammar. The head of an
    opening one is what stands between it and the end of the statement or block before it."""
    text = re.sub(r"(?m)^\s*#(?:.*\\\n)*.*$", blank, code_only(text))
    head_from = 0
    line = 1
    for found in re.finditer(r"[\n;{}]", text):
        if found.group() == "\n":
            line += 1
            continue
        if found.group() != ";":
            head = " ".join(text[head_from : found.start()].split())
            yield found.group(), head if found.group() == "{" else "", line
        head_from = found.end()


class Tree:
    def __init__(self, root):
        self.root = root
        self.paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
            self.paths += [os.path.relpath(os.path.join(folder, name), root) for name in names]
        self.paths.sort()
        self._texts = {}

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def lines(self, path):
        """(number from 1, text) of each line."""
        return enumerate(self.text(path).split("\n"), start=1)

    def cpp(self):
        return [path for path in self.paths if path.endswith((".cpp", ".h"))]

    def python(self):
        return [path for path in self.paths if path.endswith(".py")]

    def texts(self):
        """Everything that people write, also scripts without an ending."""
        return [
            path for path in self.paths
            if path.endswith(TEXT_ENDINGS) or "." not in os.path.basename(path)
            or path.startswith(".ci")
        ]  # fmt: skip

    def includes(self, path):
        """(line number, name, quoted) of each #include."""
        for number, line in self.lines(path):
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if found:
                yield number, found.group(2), found.group(1) == '"'


def finding(path, line, text):
    return "%s:%d: %s" % (path, line, text)
