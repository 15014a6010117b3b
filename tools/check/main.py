"""Runs the project's own checks: main.py [--root FOLDER] [NAME ...], all without a name.

Prints one finding per line as path:line: text. Exit: 0 nothing found, 1 findings, 77 skipped.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import formatting  # noqa: E402
import include_arrows  # noqa: E402
import lengths  # noqa: E402
import one_definition  # noqa: E402
import registration  # noqa: E402
import tree  # noqa: E402
import words  # noqa: E402

CHECKS = {
    "include_arrows": include_arrows.check,
    "lengths": lengths.check,
    "one_definition": one_definition.check,
    "formatting": formatting.check,
    "registration": registration.check,
    "words": words.check,
}
SKIPPED = 77  # what ctest counts as skipped


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CHECKS))
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(CHECKS)
    if unknown:
        parser.error("no such check: %s" % ", ".join(sorted(unknown)))
    files = tree.Tree(options.root)
    findings = []
    for name in options.names or CHECKS:
        try:
            findings += CHECKS[name](files)
        except formatting.Skipped as reason:
            print("%s skipped: %s" % (name, reason))
            if options.names == [name]:
                return SKIPPED
    for text in findings:
        print(text)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
