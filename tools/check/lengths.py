"""Files of at most 500 lines, functions of at most 70.

A function that is longer for a reason stands in long_functions.txt with its length; the number may
only go down, so that what was allowed once does not grow."""

import ast
import os
import re

from tree import braces, finding

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
ALLOWED = os.path.join("tools", "check", "long_functions.txt")

_NO_FUNCTION = re.compile(r"\b(namespace|class|struct|enum|union|extern)\b[^()]*$")


def check(tree):
    allowed = _read_allowed(tree)
    findings = []
    for path in tree.cpp() + tree.python():
        count = tree.text(path).count("\n")
        if count > FILE_LINES_MAX:
            findings.append(finding(path, 1, "%d lines, at most %d" % (count, FILE_LINES_MAX)))
        functions = cpp_functions if path.endswith((".cpp", ".h")) else python_functions
        for name, first, length in functions(tree.text(path)):
            findings += _judge(path, name, first, length, allowed)
    for path, name in allowed:
        findings.append(finding(ALLOWED, 1, "%s %s is long no more: remove it" % (path, name)))
    return findings


def _judge(path, name, first, length, allowed):
    if length <= FUNCTION_LINES_MAX:
        return
    limit = allowed.pop((path, name), None)
    if limit is None:
        yield finding(path, first, "%s has %d lines, at most %d" % (name, length, FUNCTION_LINES_MAX))
    elif length > limit:
        yield finding(path, first, "%s grew from %d to %d lines" % (name, limit, length))
    elif length < limit:
        yield finding(path, first, "%s shrank to %d lines: lower %s" % (name, length, ALLOWED))


def _read_allowed(tree):
    if ALLOWED not in tree.paths:
        return {}
    rows = [line.split() for _, line in tree.lines(ALLOWED) if line and not line.startswith("#")]
    return {(path, name): int(length) for path, name, length in rows}


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def cpp_functions(text):
    """(name, first line, lines) of each function body outside of other functions: what has
    parentheses in front of its brace and stands in no function is one."""

    scopes = []  # (is function or inside one, name, first line)
    for brace, head, line in braces(text):
        if brace == "{":
            name = _function_name(head)
            inside = bool(scopes) and scopes[-1][0] is not None
            scopes.append(("inside" if inside else name, name, line))
        elif scopes:
            kind, name, first = scopes.pop()
            if kind is not None and kind != "inside":
                yield name, first, line - first + 1


def _function_name(head):
    if "(" not in head or _NO_FUNCTION.search(head):
        return None
    before = head.split("(")[0]
    if "=" in before and "operator" not in before:
        return None  # an initialiser
    words = re.findall(r"(operator\s*\S+|[\w:~]+)\s*$", before)
    if not words:
        return None
    if re.fullmatch(r"TEST(_[FP])?", words[0]):
        return re.sub(r"\s*,\s*", ".", head[head.index("(") + 1 : head.rindex(")")])
    return words[0].replace(" ", "")
