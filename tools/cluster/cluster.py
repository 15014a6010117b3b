"""A Slurm cluster on this machine: a controller and its nodes, each in namespaces of its own.

A cluster is its folder below HOME: cluster.json (its shape), etc/ (slurm.conf), log/, controller/,
nodes/NAME/. Whatever of it exists can be taken down again, also what a killed `up` had begun.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess

import network
import processes
import records
import slurm_files
from node import ENVIRONMENT, Node
from trouble import Trouble
from waiting import wait_until

HOME = "/var/lib/xorch-minicluster"
SYSTEM_CONF = "/etc/slurm/slurm.conf"
CONTROLLER_NAMES = ("slurmctld", "slurmscriptd")


class Cluster:
    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(HOME, name)
        self.conf = os.path.join(self.folder, "etc", "slurm.conf")
        self.controller = Node(os.path.join(self.folder, "controller"), slurm_files.CONTROLLER)
        self._shape = os.path.join(self.folder, "cluster.json")
        self.network = None
        self.node_names = []
        self.cpus = self.gpus = 0
        self.lock = None

    def read_shape(self):
        """What `up` chose; nothing where it was killed before that."""
        shape = records.read(self._shape)
        if shape:
            self._take_shape(shape)
        return self

    def _take_shape(self, shape):
        self.network = network.Network(shape["subnet"])
        self.node_names = shape["nodes"]
        self.cpus = shape["cpus"]
        self.gpus = shape["gpus"]

    @contextlib.contextmanager
    def alone(self):
        """One command changes a cluster at a time; the lock of a killed one is free at once."""
        with locked(self.folder) as self.lock:
            if self._is_gone():
                raise Trouble("cluster %s was taken down in the meantime" % self.name)
            yield

    def _is_gone(self):
        try:
            return not os.path.samestat(os.fstat(self.lock), os.stat(self.folder))
        except FileNotFoundError:
            return True

    # Bringing it up

    def up(self, shape, link):
        with locked(HOME):  # until the subnet can be seen to be taken
            shape = dict(shape, subnet=network.free_network().subnet)
            self._take_shape(shape)
            self._write_files(shape)
            self.controller.start(os.path.join(self.folder, "etc"), self.lock)
            self.network.make_bridge(self.controller.pid())
        self._start_munge()
        self._run_slurmctld()
        for name in self.node_names:
            self._bring_up_node(name)
        wait_until(self._all_idle, 60, "every node to be idle")
        if link:
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                os.symlink(self.conf, SYSTEM_CONF)

    def _write_files(self, shape):
        for path, mode in (("log", 0o700), ("controller", 0o711), ("nodes", 0o711)):
            os.mkdir(os.path.join(self.folder, path), mode)
        os.mkdir(os.path.join(self.controller.folder, "state"), 0o700)
        for name in self.node_names:
            os.mkdir(self.node(name).folder)
        slurm_files.write(self)
        records.write(self._shape, shape)

    def _start_munge(self):
        """A munge of the cluster's own: the machine's, if any, has a key and a life of its own."""
        key = os.path.join(self.controller.folder, "munge.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(os.urandom(128))
        at = {"socket": self.folder + "/munge.socket", "key-file": key}
        for what in ("pid-file", "seed-file", "log-file"):
            at[what] = os.path.join(self.controller.folder, "munge." + what)
        self.controller.run(["munged"] + ["--%s=%s" % pair for pair in at.items()])

    def _run_slurmctld(self):
        self.controller.run(["slurmctld", "-f", self.conf])
        wait_until(self.controller_answers, 30, "slurmctld to answer")

    def _bring_up_node(self, name):
        node, number = self.node(name), self._number(name)
        node.start(os.path.join(self.folder, "etc"), self.lock)
        self.network.connect(self.controller.running_pid(), node.pid(), number)
        # -b: it has just booted, whatever the uptime of the machine below says.
        node.run(["slurmd", "-b", "-f", self.conf])

    def _all_idle(self):
        return list(self.states().values()) == ["idle"] * len(self.node_names)

    # Taking it down

    def down(self):
        """Whatever there is of it: also half a cluster, or what a restart of the machine left."""
        if self._is_linked():
            os.unlink(SYSTEM_CONF)
        nodes = os.path.join(self.folder, "nodes")
        for name in os.listdir(nodes) if os.path.isdir(nodes) else []:
            self.node(name).power_off()
        self.controller.power_off()
        if self.network:
            self.network.remove_login_link()
        shutil.rmtree(self.folder)

    def _is_linked(self):
        try:
            return os.readlink(SYSTEM_CONF) == self.conf
        except OSError:
            return False

    # What happens to clusters

    def set_link(self, name, state):
        network.set_link(self.controller.running_pid(), self._number(name), state)

    def stop_controller(self):
        pids = [p for p in self.controller.pids() if processes.name_of(p) in CONTROLLER_NAMES]
        ends = [processes.send(pid, processes.start_time(pid), 15) for pid in pids]
        if not all(end is None or processes.wait_for_end(end, 30) for end in ends):
            raise Trouble("slurmctld does not end")

    def start_controller(self):
        if self.controller_answers():
            raise Trouble("slurmctld runs already")
        self._run_slurmctld()

    def kill_node(self, name):
        """As if its power failed: its link goes first, so that no socket is closed politely."""
        self._known_node(name).running_pid()
        network.remove_link(self.controller.running_pid(), self._number(name))
        self.node(name).power_off()

    def start_node(self, name):
        self._bring_up_node(name)

    # What it looks like

    def node(self, name):
        return Node(os.path.join(self.folder, "nodes", name), name)

    def machine(self, name):
        """A node, or the controller's machine."""
        return self.controller if name == self.controller.name else self._known_node(name)

    def controller_answers(self):
        return self.slurm("scontrol", "ping").returncode == 0

    def states(self):
        """{node: state} as Slurm sees it; empty while the controller does not answer."""
        said = self.slurm("sinfo", "--noheader", "--Node", "--partition=main", "--format=%N %T")
        return dict(line.split() for line in said.stdout.splitlines())

    def status(self):
        pid = self.controller.pid()
        links = network.links(pid) if pid else {}
        states = self.states()
        nodes = [
            {
                "name": name,
                "address": self.network.node_address(number),
                "runs": self.node(name).pid() is not None,
                "link": links.get(network.link_name(number), "none"),
                "state": states.get(name, "unknown"),
            }
            for number, name in enumerate(self.node_names, start=1)
        ]
        return {
            "name": self.name,
            "slurm_conf": self.conf,
            "linked": self._is_linked(),
            "controller": "up" if self.controller_answers() else "down",
            "nodes": nodes,
        }

    def slurm(self, *argv):
        """One of Slurm's commands, from the login node. A silent controller is an answer too."""
        environment = dict(ENVIRONMENT, SLURM_CONF=self.conf)
        try:
            return subprocess.run(
                argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=20, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(argv, 1, "", "no answer within 20 s")

    def log_tails(self):
        """The last lines of what the daemons wrote."""
        folder = os.path.join(self.folder, "log")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        tails = []
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                tails.append("--- %s\n%s" % (name, "".join(file.readlines()[-8:])))
        return "\n".join(tails)

    def _known_node(self, name):
        self._number(name)
        return self.node(name)

    def _number(self, name):
        if name not in self.node_names:
            known = ", ".join(self.node_names)
            raise Trouble("%s has no node %s, only: %s" % (self.name, name, known))
        return self.node_names.index(name) + 1


@contextlib.contextmanager
def locked(folder):
    """Yields the descriptor that holds the lock."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def claim(name):
    """Makes the folder of a new cluster: `name`, or the first free of c1, c2, ..."""
    os.makedirs(HOME, mode=0o755, exist_ok=True)
    candidates = [name] if name else ["c%d" % number for number in range(1, 100)]
    for candidate in candidates:
        with contextlib.suppress(FileExistsError):
            # Only root reads below, but everybody may reach slurm.conf and munge's socket.
            os.mkdir(os.path.join(HOME, candidate), 0o711)
            return Cluster(candidate)
    raise Trouble("cluster %s exists: end it with `down %s`" % (candidates[0], candidates[0]))


def existing():
    """Names of all clusters, also of half ones."""
    return sorted(os.listdir(HOME)) if os.path.isdir(HOME) else []
