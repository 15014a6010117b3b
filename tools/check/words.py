"""No words of unfinished work, no paths of somebody's machine, and no test that waits for time to
pass."""

import re

from tree import code_only, finding

# Put together, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(%s)\b" % "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")))
PERSONAL = re.compile(r"(?<![\w.$}/])/(home|root|Users|work)/\w|\.\./" + "shared")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")

# The one place that may know where real data lies beside a checkout.
MAY_NAME_SHARED_DATA = (".ci/run",)
# Stand-ins for a user's programs: they take time, as training does.
UNITS = ("tests/scripts/",)


def check(tree):
    findings = []
    for path in tree.texts():
        for number, line in tree.lines(path):
            findings += _judge(path, number, line)
        if path.startswith("tests/") and not path.startswith(UNITS):
            findings += _sleeps(path, tree.text(path))
    return findings


def _judge(path, number, line):
    unfinished = UNFINISHED.search(line)
    if unfinished:
        yield finding(path, number, "unfinished work: " + unfinished.group(0))
    personal = PERSONAL.search(line)
    if personal and path not in MAY_NAME_SHARED_DATA:
        yield finding(path, number, "a path of somebody's machine: " + personal.group(0))


def _sleeps(path, text):
    """In C++ a program in a literal is a unit of the test's, and may sleep."""
    if path.endswith((".cpp", ".h")):
        text = code_only(text)
    elif not path.endswith(".py"):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        waits = SLEEP.search(line)
        if waits:
            yield finding(path, number, "a test must not sleep: " + waits.group(0) + ")")
