# SPDX-License-Identifier: Apache-2.0
"""The processes that a benchmark run starts, what they cost (from /proc), and their end. Only processes started here are
ever signalled, each by its own id."""

import os
import pathlib
import resource
import signal
import socket
import subprocess
import time

_TICK = os.sysconf("SC_CLK_TCK")
_ACTIVE = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_file_limit():
    """Five thousand streams are ten thousand descriptors in a gateway."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Process:
    """One child, its output in a file beside its working files."""

    def __init__(self, name, command, directory, environment=None):
        self.name = name
        self.log = pathlib.Path(directory) / f"{name}.log"
        with open(self.log, "wb") as out:
            self._child = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                           env={**os.environ, **(environment or {})})
        self.pid = self._child.pid
        _ACTIVE.append(self)

    def check_alive(self):
        if self._child.poll() is not None:
            raise RuntimeError(f"{self.name} ended with status {self._child.returncode}: {self.last_words()}")

    def last_words(self):
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self, patience=8):
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(patience)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        if self in _ACTIVE:
            _ACTIVE.remove(self)


def stop_all():
    for process in list(reversed(_ACTIVE)):
        process.stop()


def wait_until(ready, process, seconds, step=0.01):
    """Polls `ready()`; returns the seconds it took, or says how the process ended."""
    begun = time.monotonic()
    while True:
        if ready():
            return time.monotonic() - begun
        process.check_alive()
        if time.monotonic() - begun > seconds:
            raise RuntimeError(f"{process.name} is not ready after {seconds} s: {process.last_words()}")
        time.sleep(step)


def children_of(pid):
    """Of all its threads: the kernel keeps children by the thread that made them."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_seconds(pids):
    """User and system time, all threads; to a clock tick (10 ms), so measure over a second at least."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def resident_kb(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def machine_busy_seconds():
    """CPU seconds that the whole machine has spent on anything: what is not ours is somebody's noise."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICK
