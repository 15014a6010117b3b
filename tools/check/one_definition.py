"""No two files define a type of one name in one namespace. No compiler sees that: each file is right
alone, and the linker keeps one of the two constructors for both types, so that the program writes
past the end of the smaller one."""

import re

from tree import braces, finding

_TYPE = re.compile(
    r"\b(?:class|struct|union|enum(?: class| struct)?) "
    r"(?:\[\[.*?\]\] |alignas\([^()]*\) )*"
    r"(?P<name>[\w:]+(?: ?<.*>)?)"
    r"(?: final)?(?: ?:(?!:).*)?$"
)
_NAMESPACE = re.compile(r"^(?:inline )?namespace ?(?P<name>[\w:]*)$")


def check(tree):
    first = {}
    findings = []
    for path in tree.cpp():
        for name, line in types(tree.text(path)):
            home, home_line = first.setdefault(name, (path, line))
            if home != path:
                text = "%s is also defined in %s:%d; rename one, or move it into an anonymous namespace"
                findings.append(finding(path, line, text % (name, home, home_line)))
    return findings


def types(text):
    """(full name, line) of each type that the linker could take for one of another file: not those
    of functions and anonymous namespaces."""
    scopes = []  # names of the open blocks; None for what hides its types from other files
    for brace, head, line in braces(text):
        if brace == "}":
            del scopes[-1:]
            continue
        namespace = _NAMESPACE.match(head)
        found = None if namespace else _TYPE.search(_without_template(head))
        if namespace:
            scopes.append(namespace.group("name") or None)
        elif found and None not in scopes:
            scopes.append(found.group("name").replace(" ", ""))
            yield "::".join(scopes), line
        else:
            scopes.append(None)


def _without_template(head):
    """`template <class T> struct A` names no type T."""
    while head.startswith("template"):
        depth = 0
        for position, character in enumerate(head):
            depth += (character == "<") - (character == ">")
            if character == ">" and depth == 0:
                break
        else:
            return ""
        head = head[position + 1 :].lstrip()
    return head
