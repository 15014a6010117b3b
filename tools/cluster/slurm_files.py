"""The text of the cluster's configuration files."""

import glob
import os
import re
import stat
import subprocess

CONTROLLER = "ctl"

# Every daemon has a network of its own, so the usual ports serve every cluster. Accounting is left
# out: a site without it must do.
SLURM_CONF = """\
ClusterName={cluster}
SlurmctldHost={controller}({controller_address})
SlurmUser=root
AuthType=auth/munge
# The short life of a credential also shortens the delay before a requeued job may start.
AuthInfo=socket={folder}/munge.socket,cred_expire=15
StateSaveLocation={folder}/controller/state
SlurmctldPidFile={folder}/controller/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdSpoolDir={folder}/nodes/%n/spool
SlurmdPidFile={folder}/nodes/%n/slurmd.pid
SlurmdLogFile={folder}/log/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault={mpi}
# Nodes may claim more CPUs and GPUs than this machine has.
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=20
KillWait=5
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{gres_types}
NodeName=DEFAULT CPUs={cpus} RealMemory={memory_mb}{gres}
{nodes}
PartitionName=DEFAULT Nodes=ALL PreemptMode=OFF PriorityTier=1
PartitionName=main Default=YES MaxTime=UNLIMITED
PartitionName=short MaxTime=1 DefaultTime=1
PartitionName=low0 PreemptMode=REQUEUE GraceTime=0
PartitionName=low30 PreemptMode=REQUEUE GraceTime=30
PartitionName=high PriorityTier=10
"""


def write(cluster):
    """etc/slurm.conf and what stands beside it, and the pretended GPUs."""
    etc = os.path.join(cluster.folder, "etc")
    os.mkdir(etc, 0o755)
    _write(cluster.conf, _slurm_conf(cluster))
    _write(os.path.join(etc, "hosts"), _hosts(cluster))
    if cluster.gpus:
        _make_gpus(cluster, os.path.join(etc, "gres.conf"))
    if _slurm_version() >= (23, 11):
        # Namespaces of this kind have no cgroups of their own; older ones do without by themselves.
        _write(os.path.join(etc, "cgroup.conf"), "CgroupPlugin=disabled\n")


def _slurm_conf(cluster):
    network = cluster.network
    nodes = [
        "NodeName=%s NodeAddr=%s" % (name, network.node_address(number))
        for number, name in enumerate(cluster.node_names, start=1)
    ]
    return SLURM_CONF.format(
        cluster=cluster.name,
        controller=CONTROLLER,
        controller_address=network.controller_address,
        folder=cluster.folder,
        mpi="pmix" if _has_pmix() else "none",
        gres_types="GresTypes=gpu" if cluster.gpus else "",
        cpus=cluster.cpus,
        memory_mb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        gres=" Gres=gpu:%d" % cluster.gpus if cluster.gpus else "",
        nodes="\n".join(nodes),
    )


def _hosts(cluster):
    lines = ["127.0.0.1 localhost", "%s %s" % (cluster.network.controller_address, CONTROLLER)]
    lines.append("%s %s" % (cluster.network.login_address, os.uname().nodename))
    for number, name in enumerate(cluster.node_names, start=1):
        lines.append("%s %s" % (cluster.network.node_address(number), name))
    return "\n".join(lines) + "\n"


def _make_gpus(cluster, gres_conf):
    """Slurm counts device files and does not ask what they do: these are as /dev/null is."""
    folder = os.path.join(cluster.folder, "gpu")
    os.mkdir(folder, 0o755)
    for number in range(cluster.gpus):
        path = os.path.join(folder, "gpu%d" % number)
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.chmod(path, 0o666)
    files = "gpu0" if cluster.gpus == 1 else "gpu[0-%d]" % (cluster.gpus - 1)
    _write(gres_conf, "Name=gpu File=%s/%s\n" % (folder, files))


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)


def _slurm_version():
    said = subprocess.run(["slurmd", "-V"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def _has_pmix():
    """The plugin is part of Slurm's package and is listed by `srun --mpi=list` even where it cannot
    work: it opens the library by a name that is part of libpmix-dev."""
    plugin, library = "/usr/lib/*/slurm*/mpi_pmix.so", "/usr/lib/*/pmix2/lib/libpmix.so"
    return bool(glob.glob(plugin) and glob.glob(library))
