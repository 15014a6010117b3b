"""Other users of the machine, and whoever reaches the coordinator's port: nothing is accepted from
them, nothing is readable for them, and a sweep does not notice them."""

import glob
import json
import os
import random
import resource
import socket
import stat
import subprocess
import unittest

from harness import PYTHON, WAIT_FOR_GATE, Workplace, said, sweep, wait_until

NOBODY = 65534

WAITING = """
import os, sys
gate = sys.argv[1]
%s
open(os.environ["XORCH_RECORDS"], "a").write('{"y": 1}\\n')
""" % WAIT_FOR_GATE

# Run as another user: one line for each thing that could be read, written or made.
TRESPASSER = """
import os, sys
tries = []
for path in sys.argv[1:]:
    tries.append(("list " + path, os.listdir, path))
    tries.append(("read " + path, open, path))
    tries.append(("make a file in " + path, lambda p: open(p + "/new", "w"), path))
    tries.append(("remove " + path, os.unlink, path))
for what, call, path in tries:
    try:
        call(path)
    except OSError:
        continue
    print(what)
"""


class Strangers(unittest.TestCase):
    """A sweep that runs: one unit waits for the test."""

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.gate = os.path.join(self.place.folder, "gate")
        argv = [PYTHON, "-S", self.place.write("waiting.py", WAITING), self.gate]
        path = self.place.write("guarded.toml", sweep("guarded", argv))
        self.submit = self.place.start("submit", path, descriptors=1024)  # the usual soft limit
        wait_until(lambda: self.place.processes("unit"), "a running unit")
        self.sweep = self.place.sweeps()[-1]

    def finish(self):
        """Lets the unit go; the sweep must end as if nobody had disturbed it."""
        with open(self.gate, "w"):
            pass
        self.assertEqual(self.submit.wait(timeout=120), 0, said(self.submit))
        rows = json.loads(self.place.run("records", "--json", self.sweep, check=0).stdout)
        self.assertEqual([(row["y"], row["attempt"]) for row in rows], [(1, 1)])

    def address(self):
        newest = sorted(glob.glob(os.path.join(self.sweep, "journal", "*.endpoint.json")))[-1]
        with open(newest) as file:
            host, _, port = json.load(file)["address"].rpartition("/")[2].rpartition(":")
        return host, int(port)

    def secrets(self):
        found = {}
        for path in glob.glob(os.path.join(self.sweep, "keys", "*.secret")):
            with open(path) as file:
                found[path] = file.read().strip()
        self.assertGreaterEqual(len(found), 3)  # coordinator, client, agent
        return found

    def loose(self, top):
        """What others could read or write if they could enter; programs may be read."""
        found = []
        for folder, folders, files in os.walk(top):
            for path in [folder] + [os.path.join(folder, name) for name in files]:
                mode = stat.S_IMODE(os.lstat(path).st_mode)
                if mode & (0o022 if mode & 0o100 and os.path.isfile(path) else 0o077):
                    found.append("%o %s" % (mode, path))
        return found

    def test_every_file_and_folder_is_its_owners_only(self):
        self.assertEqual(self.loose(self.place.home), [])
        self.finish()

    def test_a_loose_umask_loosens_nothing(self):
        self.addCleanup(os.umask, os.umask(0))
        argv = ["/bin/sh", "-c", "echo some output"]
        self.place.run("submit", self.place.write("t.toml", sweep("t", argv)), check=0)
        self.assertEqual(self.loose(self.place.sweeps()[-1]), [])
        self.finish()

    def test_secret_keys_are_in_no_argument_environment_log_or_other_file(self):
        secrets = [secret.encode() for secret in self.secrets().values()]
        seen = {"keeper": 0, "agent": 0, "coordinator": 0, "unit": 0}
        for kind in seen:
            for pid in self.place.processes(kind):
                for part in ("cmdline", "environ"):
                    with open("/proc/%d/%s" % (pid, part), "rb") as file:
                        text = file.read()
                    seen[kind] += len(text) > 0
                    self.assertFalse([s for s in secrets if s in text], (kind, part))
        self.assertNotIn(0, seen.values())
        self.finish()
        files = 0
        for folder, _, names in os.walk(self.place.folder):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.dirname(path).endswith("/keys") or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    text = file.read()
                files += 1
                self.assertFalse([s for s in secrets if s in text], path)
        self.assertGreater(files, 5)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_user_reads_nothing_and_writes_nothing(self):
        os.chmod(self.place.folder, 0o755)  # as a home on a login node often is
        paths = [self.sweep]
        for folder, folders, files in os.walk(self.sweep):
            paths += [os.path.join(folder, name) for name in folders + files]
        done = subprocess.run(
            [PYTHON, "-c", TRESPASSER, *paths], user=NOBODY, group=NOBODY, extra_groups=[],
            capture_output=True, text=True, cwd="/",
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.finish()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_users_commands_are_refused(self):
        os.chmod(self.place.folder, 0o755)
        for verb in ("cancel", "status", "retry", "resume", "logs"):
            done = self.place.run(verb, self.sweep, user=NOBODY)
            self.assertEqual(done.returncode, 1, (verb, done.stdout, done.stderr))
        self.finish()

    def test_random_bytes_and_clients_without_curve_change_nothing(self):
        dice = random.Random(3)
        # ZMTP 3.1 with mechanism NULL: signature, version, mechanism, as-server, filler; then READY.
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
        ready = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
        talks = [greeting + ready + b"\x00\x05hello"]
        talks += [dice.randbytes(1 << (i % 17)) for i in range(60)]
        talks += [greeting[: dice.randrange(64)] + dice.randbytes(100) for i in range(40)]
        talks.append(b"\xff" * (9 << 20))
        for talk in talks:
            with socket.create_connection(self.address(), timeout=20) as stranger:
                try:
                    stranger.sendall(talk)
                except OSError:
                    pass  # thrown out before the end
        self.finish()

    def test_a_thousand_idle_connections_change_nothing(self):
        idle = [socket.create_connection(self.address(), timeout=20) for _ in range(1100)]
        self.addCleanup(lambda: [each.close() for each in idle])
        # Both need descriptors of the coordinator: a client's connection, and files for the end.
        self.place.run("retry", self.sweep, check=0)
        self.finish()
        self.assertNotIn("open files", said(self.submit))

    def test_units_keep_the_users_limit_of_open_files_and_the_coordinator_does_not(self):
        def soft_limit(pid):
            with open("/proc/%d/limits" % pid) as file:
                return next(int(line.split()[3]) for line in file if line.startswith("Max open files"))

        self.assertEqual(soft_limit(self.place.processes("unit")[0]), 1024)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.assertEqual(soft_limit(self.submit.pid), hard)
        self.finish()

    def test_a_client_with_a_key_of_its_own_is_not_answered(self):
        # A copy of the sweep's directory with another client key: the request comes by socket and
        # is not let in; the inbox of the copy is read by nobody.
        twin = os.path.join(self.place.folder, "twin")
        subprocess.run(["cp", "-a", self.sweep, twin], check=True)
        for name in ("client.secret", "client.public"):
            os.remove(os.path.join(twin, "keys", name))
        self.place.run("submit", self.place.write("t.toml", sweep("t", ["/bin/true"])), check=0)
        for name in ("client.secret", "client.public"):
            other = os.path.join(self.place.sweeps()[-1], "keys", name)
            subprocess.run(["cp", "-a", other, os.path.join(twin, "keys", name)], check=True)
        done = self.place.run("cancel", twin)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.finish()


if __name__ == "__main__":
    unittest.main(verbosity=2)
