"""Tests of tools/setup.sh with made-up dpkg-query, apt-get, id and sudo: nothing is installed here."""

import os
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Packages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.stubs = os.path.join(folder.name, "bin")
        self.log = os.path.join(folder.name, "log")
        os.mkdir(self.stubs)
        self.stub("apt-get", 'echo "apt-get $*" >>"$LOG"')
        self.stub("sudo", "exit 1")
        for name in ("bash", "grep", "sed", "env", "dirname", "readlink", "nproc"):
            self.link(name)

    def stub(self, name, body):
        path = os.path.join(self.stubs, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n%s\n" % body)
        os.chmod(path, 0o755)

    def link(self, name):
        for folder in ("/usr/bin", "/bin"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                os.symlink(path, os.path.join(self.stubs, name))
                return
        self.fail("no %s in /usr/bin or /bin" % name)

    def missing(self, *packages):
        """All packages are installed but these."""
        cases = "".join("%s) exit 1 ;;\n" % package for package in packages)
        self.stub("dpkg-query", 'for name; do :; done\ncase "$name" in\n%sesac\necho -n installed' % cases)

    def as_user(self, uid):
        self.stub("id", "echo %d" % uid)

    def install(self):
        script = 'set -euo pipefail; source "$0/tools/setup.sh"; install_packages'
        done = subprocess.run(
            ["/bin/bash", "-c", script, ROOT],
            env={"PATH": self.stubs, "LOG": self.log},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return done.returncode, done.stdout.decode()

    def called(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_nothing_is_installed_where_nothing_is_missing(self):
        self.missing()
        self.as_user(0)
        self.assertEqual(self.install()[0], 0)
        self.assertEqual(self.called(), [])

    def test_root_installs_exactly_what_is_missing(self):
        self.missing("ninja-build", "libsodium-dev")
        self.as_user(0)
        self.assertEqual(self.install()[0], 0)
        update, install = self.called()
        self.assertIn("update", update)
        self.assertTrue(install.endswith(" ninja-build libsodium-dev"), install)

    def test_sudo_is_used_where_it_asks_nothing(self):
        self.missing("ninja-build")
        self.as_user(1000)
        self.stub("sudo", 'shift\necho "sudo $1" >>"$LOG"\nexec "$@"')
        self.link("true")
        self.assertEqual(self.install()[0], 0)
        self.assertIn("sudo apt-get", self.called())

    def test_without_rights_it_prints_the_line_to_ask_for_and_stops(self):
        self.missing("ninja-build", "libsodium-dev")
        self.as_user(1000)
        code, output = self.install()
        self.assertEqual(code, 1)
        self.assertIn("install --no-install-recommends ninja-build libsodium-dev\n", output)
        self.assertEqual(self.called(), [])

    def test_another_system_is_told_what_to_install_by_itself(self):
        code, output = self.install()
        self.assertEqual(code, 1)
        self.assertIn("This is no Debian system", output)
        self.assertIn("    libzmq3-dev\n", output)


if __name__ == "__main__":
    unittest.main()
