"""Processes told apart by pid and start time, so that a number the kernel gave away again is never
taken for the process that was recorded."""

import os
import select
import signal


def start_time(pid):
    """Clock ticks from boot to the start of the process; None if there is no such process, or only
    what its parent has not collected yet."""
    try:
        with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def send(pid, start, number=signal.SIGKILL):
    """Sends a signal to exactly that process and returns a descriptor to wait on its end with, see
    wait_for_end(); None if it is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    # The descriptor holds one process fast; only now can the number be trusted.
    if start_time(pid) == start:
        try:
            signal.pidfd_send_signal(descriptor, number)
            return descriptor
        except ProcessLookupError:
            pass
    os.close(descriptor)
    return None


def wait_for_end(descriptor, seconds):
    """True once the process has ended; closes the descriptor."""
    with os.fdopen(descriptor, "rb", buffering=0) as process:
        return bool(select.select([process], [], [], seconds)[0])


def end(pid, start, seconds=30):
    """Kills the process and waits for its end; True if it is gone."""
    descriptor = send(pid, start)
    return descriptor is None or wait_for_end(descriptor, seconds)


def in_namespace_of(pid):
    """Pids of all processes in the pid namespace that the given process is the first of."""
    try:
        wanted = os.stat("/proc/%d/ns/pid" % pid).st_ino
    except (FileNotFoundError, ProcessLookupError):
        return []
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat("/proc/%s/ns/pid" % name).st_ino == wanted and start_time(name) is not None:
                found.append(int(name))
        except OSError:
            pass  # gone, or so guarded that not even root may look: none of a node's
    return sorted(found)


def name_of(pid):
    try:
        with open("/proc/%d/comm" % pid, encoding="utf-8") as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
