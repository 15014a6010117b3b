"""Tests of tools/minicluster: what a cluster of one's own must do, and that nothing is left of it."""

import json
import os
import signal
import subprocess
import unittest

import cluster
from cluster import TOOL, MiniCluster

NOBODY = 65534


def namespaces(pid):
    """The namespaces of a process that are not the test's own."""
    kinds = ("mnt", "net", "pid", "uts")
    found = [os.readlink("/proc/%d/ns/%s" % (pid, kind)) for kind in kinds]
    return set(found) - {os.readlink("/proc/self/ns/" + kind) for kind in kinds}


def processes_in(spaces):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if namespaces(int(name)) & spaces:
                found.append(int(name))
        except OSError:
            pass  # ended, or guarded against everybody
    return found


def addresses(prefix):
    """Addresses of this machine that begin so."""
    said = subprocess.run(["ip", "-json", "address"], capture_output=True, text=True, check=True)
    found = [info["local"] for link in json.loads(said.stdout) for info in link["addr_info"]]
    return [address for address in found if address.startswith(prefix)]


class RunningCluster(unittest.TestCase):
    """Two nodes that every test may use, and must leave idle."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(MiniCluster(2, "--gpus", "2"))

    def test_a_job_runs_on_every_node(self):
        job = self.cluster.submit("srun hostname", "--nodes=2", "--ntasks-per-node=1")
        self.assertEqual(self.cluster.ended(job), "COMPLETED")
        self.assertEqual(sorted(self.cluster.output(job).split()), ["n1", "n2"])

    def test_steps_start_from_the_login_node(self):
        done = self.cluster.run("srun", "--nodelist=n2", "hostname")
        self.assertEqual(done.stdout, "n2\n")

    def test_jobs_can_be_queued_from_a_node(self):
        inside = self.cluster.exec("n2", "sbatch", "--parsable", "--wrap", "srun hostname")
        job = inside.stdout.strip()
        self.assertEqual(self.cluster.ended(job), "COMPLETED")
        self.assertIn(self.cluster.output(job), ("n1\n", "n2\n"))

    def test_another_user_can_queue_jobs_and_cannot_read_the_key(self):
        os.chmod(self.cluster.folder, 0o777)
        job = self.cluster.submit("id -u", user=NOBODY)
        self.assertEqual(self.cluster.ended(job), "COMPLETED")
        self.assertEqual(self.cluster.output(job), "%d\n" % NOBODY)
        home = os.path.dirname(os.path.dirname(self.cluster.environment["SLURM_CONF"]))
        key = os.path.join(home, "controller", "munge.key")
        self.assertEqual(self.cluster.run("cat", key, user=NOBODY, check=False).returncode, 1)

    def test_short_has_a_limit_of_one_minute(self):
        said = self.cluster.run("sinfo", "--noheader", "--format=%R %l").stdout
        limits = dict(line.split() for line in said.splitlines())
        self.assertEqual(limits["short"], "1:00")
        self.assertEqual(limits["main"], "infinite")
        self.assertEqual(set(limits), {"main", "short", "low0", "low30", "high"})

    def test_gpus_are_given_to_jobs_and_to_their_steps(self):
        show = "echo job $CUDA_VISIBLE_DEVICES\nsrun --gpus-per-node=1 sh -c 'echo step $CUDA_VISIBLE_DEVICES'"
        job = self.cluster.submit(show, "--nodes=1", "--ntasks=1", "--gpus-per-node=2")
        self.assertEqual(self.cluster.ended(job), "COMPLETED")
        self.assertEqual(self.cluster.output(job), "job 0,1\nstep 0\n")

    def test_high_preempts_low_at_once_or_after_its_grace(self):
        low = self.cluster.submit("sleep 600", "--nodes=2", "--exclusive", "--partition=low0")
        self.cluster.wait_for(lambda: self.cluster.squeue()[low] == "RUNNING", "low to run")
        high = self.cluster.submit("hostname", "--nodes=2", "--exclusive", "--partition=high")
        self.assertEqual(self.cluster.ended(high), "COMPLETED")
        self.assertNotEqual(self.cluster.squeue()[low], "RUNNING")
        self.cluster.run("scancel", low)
        self.assertEqual(self.cluster.ended(low), "CANCELLED")
        shown = self.cluster.run("scontrol", "show", "partition", "low30").stdout
        self.assertIn("GraceTime=30", shown)

    def test_nodes_have_their_own_tmp_and_processes_and_share_the_rest(self):
        self.cluster.exec("n1", "touch", "/tmp/of-n1", "in-the-folder")
        self.assertEqual(self.cluster.exec("n2", "ls", "/tmp/of-n1", check=False).returncode, 2)
        self.assertEqual(self.cluster.exec("n2", "ls", "in-the-folder").stdout, "in-the-folder\n")
        self.assertFalse(os.path.exists("/tmp/of-n1"))
        seen = self.cluster.exec("n1", "ls", "/proc").stdout.split()
        self.assertLess(len([name for name in seen if name.isdigit()]), 10)

    def test_exec_ends_as_its_command(self):
        done = self.cluster.exec("n1", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, "out\n", "err\n"))

    def test_a_second_cluster_lives_beside_it(self):
        with MiniCluster(1) as other:
            mine, its = self.cluster.submit("hostname"), other.submit("hostname")
            self.assertEqual(self.cluster.ended(mine), "COMPLETED")
            self.assertEqual(other.ended(its), "COMPLETED")
            self.assertEqual(other.output(its), "n1\n")
            self.assertEqual(list(other.states()), ["n1"])
        self.assertEqual(self.cluster.states(), {"n1": "idle", "n2": "idle"})


class Trouble(unittest.TestCase):
    """Each test breaks a cluster of its own."""

    def setUp(self):
        self.cluster = self.enterContext(MiniCluster(2))

    def test_a_node_behind_a_cut_link_stops_answering_and_comes_back(self):
        listening = self.cluster.pids("n2")
        self.cluster.cut_link("n2")
        self.cluster.wait_for_state("n2", "down")
        self.assertEqual(self.cluster.pids("n2"), listening)
        self.assertEqual(self.cluster.states()["n1"], "idle")
        self.cluster.mend_link("n2")
        self.cluster.run("scontrol", "update", "NodeName=n2", "State=RESUME")
        self.cluster.wait_for_state("n2", "idle")

    def network_cards(self):
        """The hardware addresses that the controller and n1 are known by."""
        found = []
        for machine, link in (("ctl", "bridge"), ("n1", "eth0")):
            shown = self.cluster.exec(machine, "ip", "-json", "link", "show", link).stdout
            found.append(json.loads(shown)[0]["address"])
        return found

    def test_a_killed_node_leaves_no_process_and_starts_again(self):
        cards = self.network_cards()
        job = self.cluster.submit("sleep 600", "--nodelist=n1", "--no-requeue")
        self.cluster.wait_for(lambda: self.cluster.squeue()[job] == "RUNNING", "the job to run")
        spaces = namespaces(self.cluster.pids("n1")[0])
        self.assertGreater(len(processes_in(spaces)), 3)
        self.cluster.kill_node("n1")
        self.assertEqual(processes_in(spaces), [])
        self.assertEqual(self.cluster.pids("n1"), [])
        self.assertEqual(self.cluster.ended(job), "NODE_FAIL")
        self.cluster.start_node("n1")
        self.cluster.wait_for_state("n1", "idle")
        self.assertEqual(self.network_cards(), cards, "others would talk to the old one for a while")
        again = self.cluster.submit("hostname", "--nodelist=n1")
        self.assertEqual(self.cluster.ended(again), "COMPLETED")

    def test_jobs_outlive_a_stopped_controller(self):
        gate = os.path.join(self.cluster.folder, "gate")
        job = self.cluster.submit("until [ -e %s ]; do sleep 0.1; done" % gate)
        self.cluster.wait_for(lambda: self.cluster.squeue()[job] == "RUNNING", "the job to run")
        self.cluster.stop_controller()
        self.assertEqual(self.cluster.run("squeue", check=False).returncode, 1)
        self.assertEqual(self.cluster.status()["controller"], "down")
        self.cluster.start_controller()
        self.assertEqual(self.cluster.squeue()[job], "RUNNING")
        open(gate, "w", encoding="utf-8").close()
        self.assertEqual(self.cluster.ended(job), "COMPLETED")


class Ending(unittest.TestCase):
    def test_down_leaves_no_process_namespace_mount_link_or_file(self):
        with MiniCluster(2) as mine:
            mine.submit("setsid sleep 600 & sleep 600")
            mine.wait_for(lambda: "RUNNING" in mine.squeue().values(), "the job to run")
            machines = ["ctl", "n1", "n2"]
            spaces = set().union(*(namespaces(mine.pids(machine)[0]) for machine in machines))
            self.assertEqual(len(spaces), 4 * len(machines))
            self.assertGreater(len(processes_in(spaces)), 6)
            subnet = mine.status()["nodes"][0]["address"].rpartition(".")[0] + "."
            self.assertEqual(len(addresses(subnet)), 1)
            home = os.path.dirname(os.path.dirname(mine.environment["SLURM_CONF"]))
            self.assertTrue(os.path.exists(home))
            mine.down()
        self.assertEqual(processes_in(spaces), [])
        self.assertEqual(addresses(subnet), [])
        self.assertFalse(os.path.exists(home))
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            self.assertNotIn(home, mounts.read())

    def test_what_a_killed_up_has_begun_is_taken_down(self):
        mine = MiniCluster()
        self.addCleanup(mine.close)
        record = "/var/lib/xorch-minicluster/%s/nodes/n2/init.json" % mine.name
        with subprocess.Popen([TOOL, "up", "8", "--no-link", "--name", mine.name]) as starting:
            mine.wait_for(lambda: os.path.exists(record), "the second node")
            starting.send_signal(signal.SIGKILL)
        spaces = namespaces(mine.pids("n1")[0])
        self.assertEqual(starting.returncode, -signal.SIGKILL)
        mine.down()
        self.assertEqual(processes_in(spaces), [])
        self.assertFalse(os.path.exists("/var/lib/xorch-minicluster/" + mine.name))

    def test_an_up_that_fails_says_why_and_leaves_nothing(self):
        mine = MiniCluster()
        self.addCleanup(mine.close)
        script = 'mount --bind /bin/false "$(readlink -f "$(command -v slurmctld)")" && "$0" up --name "$1"'
        done = mine.run("unshare", "--mount", "sh", "-c", script, TOOL, mine.name, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("slurmctld on ctl: exit code 1", done.stderr)
        self.assertFalse(os.path.exists("/var/lib/xorch-minicluster/" + mine.name))

    def linked(self, before):
        """What /etc/slurm/slurm.conf leads to before, during and after a cluster, seen from a mount
        namespace where /etc/slurm is empty but for what the shell command `before` does."""
        mine = MiniCluster()
        self.addCleanup(mine.close)
        script = """set -e
            mount -t tmpfs tmpfs /etc/slurm && cd /etc/slurm && %s
            "$0" up 1 --name "$1" >/dev/null; readlink -m slurm.conf
            "$0" down "$1"; ls""" % before
        shell = ["unshare", "--mount", "sh", "-c", script, TOOL, mine.name]
        conf = "/var/lib/xorch-minicluster/%s/etc/slurm.conf" % mine.name
        return mine.run(*shell).stdout.replace(conf, "CONF").split()

    def test_the_system_leads_to_it_where_no_other_configuration_is(self):
        self.assertEqual(self.linked("true"), ["CONF"])

    def test_a_configuration_of_the_system_is_left_alone(self):
        self.assertEqual(self.linked("touch slurm.conf"), ["/etc/slurm/slurm.conf", "slurm.conf"])


if __name__ == "__main__":
    cluster.main()
