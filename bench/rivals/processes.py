"""Runs a client and says what its whole process tree cost. Linux only: /proc, wait4, GNU time."""

import os
import shutil
import subprocess
import tempfile
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name, from the state on; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None


def tree_of(root):
    """{pid: fields} of a process and all its descendants."""
    processes = {int(name): stat_fields(name) for name in os.listdir("/proc") if name.isdigit()}
    processes = {pid: fields for pid, fields in processes.items() if fields}
    members, grown = {root}, True
    while grown:
        more = {pid for pid, f in processes.items() if int(f[1]) in members} - members
        members |= more
        grown = bool(more)
    return {pid: processes[pid] for pid in members if pid in processes}


class TreeWatcher(threading.Thread):
    """Looks at a process tree every 200 ms: most resident memory of all that is below the root, and
    the CPU seconds of each process."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root = root
        self.peak_rss_bytes = 0
        self.cpu_s = {}
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            tree = tree_of(self.root)
            rss = sum(int(f[21]) * PAGE for pid, f in tree.items() if pid != self.root)
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss)
            for pid, f in tree.items():
                self.cpu_s[pid] = (int(f[11]) + int(f[12])) / TICK


def gnu_time():
    """The path of GNU time; RuntimeError without it."""
    path = shutil.which("time")
    if not path:
        raise RuntimeError("needs GNU time (the distribution's package `time`)")
    return path


def largest_bytes(time_file):
    """The peak of the largest process, from what GNU time wrote; 0 when it was killed before."""
    lines = time_file.read().split()
    return int(lines[-1]) * 1024 if lines else 0


def run(command, log_file, timeout_s, environment=None, cpus=None):
    """Runs the command on those CPUs (None: on all); its output goes to log_file. Returns
    start_ns, status, cpu_s and peak_rss_bytes.

    GNU time, which is small, starts the command and asks the kernel for the peak of its largest
    process. Were the command started from here, that peak would hold what the forked copy of this
    harness had before the exec."""
    def keep_to_cpus():
        os.sched_setaffinity(0, cpus)
    with open(log_file, "wb") as log, tempfile.NamedTemporaryFile("r", encoding="utf-8") as peak:
        timed = [gnu_time(), "--quiet", "--format=%M", f"--output={peak.name}", "--", *command]
        start_ns = time.monotonic_ns()
        process = subprocess.Popen(timed, stdout=log, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, start_new_session=True,
                                   preexec_fn=keep_to_cpus if cpus else None,
                                   env={**os.environ, **(environment or {})})
        watcher = TreeWatcher(process.pid)
        watcher.start()
        killer = threading.Timer(timeout_s, lambda: os.killpg(process.pid, 9))
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        killer.cancel()
        watcher.over.set()
        watcher.join()
        largest = largest_bytes(peak)
    waited_s = usage.ru_utime + usage.ru_stime  # of the client and of what it waited for
    return {"start_ns": start_ns, "status": process.returncode,
            "cpu_s": max(waited_s, sum(watcher.cpu_s.values())),
            "peak_rss_bytes": max(largest, watcher.peak_rss_bytes)}
