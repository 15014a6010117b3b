"""The first process of a node: makes the node's namespaces, then collects what ends in them.

node_init.py FOLDER HOST ETC: FOLDER gets init.json, HOST is the node's name, ETC holds slurm.conf
and hosts. Prints "ready" once the node can be entered. Everything in the node, mounts and network
included, ends with this process, even by kill -9: nothing is mounted or named outside.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys

import processes
import records

# <sched.h>; Python has no unshare() before 3.12.
NEW_MOUNTS, NEW_UTS, NEW_IPC = 0x00020000, 0x04000000, 0x08000000
NEW_PIDS, NEW_NETWORK = 0x20000000, 0x40000000


def main(folder, host, etc):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_MOUNTS | NEW_UTS | NEW_IPC | NEW_PIDS | NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "new namespaces: " + os.strerror(ctypes.get_errno()))
    if os.fork() != 0:
        os._exit(0)  # the child is the first process of the new pid namespace
    os.setsid()
    write_record(folder)
    os.closerange(3, 256)  # the lock of the cluster: from here on `down` can find this process
    socket.sethostname(host)
    make_mounts(folder, etc)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    print("ready", flush=True)
    silence()
    collect_forever()


def write_record(folder):
    """Before anything else, so that nothing can be left that nobody knows the pid of. /proc still
    is the one outside and shows the pid there."""
    pid = int(os.readlink("/proc/self"))
    record = {"pid": pid, "start": processes.start_time(pid)}
    records.write(os.path.join(folder, "init.json"), record)


def make_mounts(folder, etc):
    """/tmp and /dev/shm of its own, as on a machine of its own; /etc/slurm and /etc/hosts know the
    cluster without a change to the real ones."""
    mounts = [
        ["--make-rprivate", "/"],
        ["--types", "proc", "proc", "/proc"],
        ["--bind", os.path.join(folder, "tmp"), "/tmp"],
        ["--types", "tmpfs", "--options", "mode=1777,nosuid,nodev", "tmpfs", "/dev/shm"],
        ["--bind", os.path.join(etc, "hosts"), "/etc/hosts"],
    ]
    if os.path.isdir("/etc/slurm"):
        mounts.append(["--bind", etc, "/etc/slurm"])
    for arguments in mounts:
        subprocess.run(["mount", *arguments], check=True)


def silence():
    """Lets go of the starter's descriptors: it waits for the end of both."""
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    os.chdir("/")


def collect_forever():
    """Orphans of the node become children of its first process."""
    while True:
        signal.sigwait({signal.SIGCHLD})
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
