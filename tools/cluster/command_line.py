"""The verbs of tools/minicluster."""

import argparse
import json
import os
import re
import shutil
import sys

import cluster
from cluster import Cluster
from trouble import Trouble

PROGRAMS = ("slurmctld", "slurmd", "scontrol", "sinfo", "munged", "ip", "nsenter", "mount")
NODES_MAX = 16
DESCRIPTION = """A Slurm cluster on this machine, for trying and for tests: `eval $(tools/minicluster up 3)`,
then sbatch, srun and squeue as anywhere; `tools/minicluster down` ends it without a trace. Needs
root and Debian's slurmctld, slurmd, slurm-client, munge and iproute2.

Partitions: main; short (limit of 1 minute); low0 and low30, which high preempts after a grace of 0
and 30 s. Nodes: n1, n2, ... with private /tmp; everything else of the file system is shared."""


def main(arguments):
    options = _parser().parse_args(arguments)
    os.umask(0o022)  # whatever the caller's: users' jobs must reach their scripts
    try:
        _demand_root_and_programs()
        options.verb(options)
        return 0
    except Trouble as trouble:
        _say("minicluster: %s" % trouble)
        return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="minicluster",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def add(name, verb, text, *positional):
        one = verbs.add_parser(name, help=text, description=text)
        for argument in positional:
            one.add_argument(argument)
        one.set_defaults(verb=verb)
        return one

    up = add("up", _up, "start a cluster; prints `export SLURM_CONF=...` for eval")
    up.add_argument("count", nargs="?", type=_count(1, NODES_MAX), default=3, metavar="N")
    up.add_argument("--cpus", type=_count(1, 256), default=2, help="that each node claims (2)")
    up.add_argument("--gpus", type=_count(0, 16), default=2, help="that each node pretends (2)")
    up.add_argument(
        "--no-link", action="store_true",
        help="leave %s alone; else it points to the new cluster where it did not exist"
        % cluster.SYSTEM_CONF,
    )  # fmt: skip
    down = add("down", _down, "end a cluster")
    status = add("status", _status, "what runs, and what Slurm says of it")
    status.add_argument("--json", action="store_true")
    for one in (down, status):
        one.add_argument("name", nargs="?")
    link = add(
        "link",
        _changing(lambda one, options: one.set_link(options.node, options.state)),
        "cut a node's network link, or mend it",
        "node",
    )
    link.add_argument("state", choices=["up", "down"])
    others = [link, add("pids", _pids, "pids of a node's processes, seen from outside", "node")]
    for name, act, text in (
        ("stop-controller", Cluster.stop_controller, "stop slurmctld"),
        ("start-controller", Cluster.start_controller, "start it with the state it saved"),
    ):
        others.append(add(name, _changing(lambda one, _, act=act: act(one)), text))
    for name, act, text in (
        ("kill-node", Cluster.kill_node, "end every process of a node at once, without a word"),
        ("start-node", Cluster.start_node, "bring a killed node back"),
    ):
        others.append(add(name, _changing(lambda one, o, act=act: act(one, o.node)), text, "node"))
    run = add("exec", _exec, "run a command inside a node, or on `ctl`", "node")
    run.add_argument("argv", nargs="+", metavar="-- ARGV")
    for one in [up, run, *others]:
        one.add_argument("--name", type=_name)
    return parser


def _count(least, most):
    def parse(text):
        if text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError("a number from %d to %d, not %s" % (least, most, text))

    return parse


def _name(text):
    # Short, because the socket of munge lies below and such a path has at most 107 characters.
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,30}", text):
        return text
    raise argparse.ArgumentTypeError("at most 31 of a-z, 0-9, _ and -, not %r" % text)


def _demand_root_and_programs():
    if os.geteuid() != 0:
        raise Trouble("only root can make network namespaces: run it as root")
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise Trouble(
            "missing: %s\ninstall them: apt-get install --no-install-recommends "
            "slurmctld slurmd slurm-client munge iproute2" % ", ".join(missing)
        )


def _say(text):
    """Standard output is for eval."""
    print(text, file=sys.stderr)


def _chosen(name):
    """The cluster called by its name, or the one SLURM_CONF leads to, or the only one."""
    names = cluster.existing()
    conf = os.environ.get("SLURM_CONF", "")
    meant = [one for one in names if Cluster(one).conf == conf]
    if name is None:
        if not meant and len(names) != 1:
            raise Trouble("which cluster? " + (", ".join(names) if names else "there is none"))
        name = (meant or names)[0]
    elif name not in names:
        raise Trouble("there is no cluster %s, only: %s" % (name, ", ".join(names) or "none"))
    return Cluster(name)


def _up(options):
    new = cluster.claim(options.name)
    shape = {
        "nodes": ["n%d" % number for number in range(1, options.count + 1)],
        "cpus": options.cpus,
        "gpus": options.gpus,
    }
    with new.alone():
        try:
            new.up(shape, link=not options.no_link)
        except BaseException as failure:
            tails = new.log_tails()
            new.down()
            if isinstance(failure, Trouble):
                raise Trouble("%s\n%s" % (failure, tails)) from failure
            raise
    _say("cluster %s is up: %d nodes, all idle" % (new.name, options.count))
    print("export SLURM_CONF=%s" % new.conf)


def _down(options):
    chosen = _chosen(options.name)
    with chosen.alone():
        chosen.read_shape().down()
    _say("cluster %s is down" % chosen.name)


def _status(options):
    names = [_chosen(options.name).name] if options.name else cluster.existing()
    found = [Cluster(name).read_shape().status() for name in names]
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for one in found:
        print("%s: controller %s, %s" % (one["name"], one["controller"], one["slurm_conf"]))
        for node in one["nodes"]:
            print("  %(name)-4s %(address)-15s link %(link)-5s %(state)s" % node)
    if not found:
        print("no cluster")


def _changing(act):
    """The verb that does something to a running cluster."""

    def verb(options):
        chosen = _chosen(options.name)
        with chosen.alone():
            act(chosen.read_shape(), options)

    return verb


def _pids(options):
    for pid in _chosen(options.name).read_shape().machine(options.node).pids():
        print(pid)


def _exec(options):
    chosen = _chosen(options.name).read_shape()
    command = chosen.machine(options.node).entered(options.argv, os.getcwd())
    os.environ["SLURM_CONF"] = chosen.conf
    os.execvp(command[0], command)
