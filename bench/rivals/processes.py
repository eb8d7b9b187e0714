"""Runs a client and says what its whole process tree cost. Linux only, /proc and wait4."""

import os
import subprocess
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


def high_water_bytes(pid):
    """The most memory a process has had since its exec; 0 when it is gone. wait4's ru_maxrss will
    not do: it holds what the forked copy of this harness had before the exec."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return next((int(line.split()[1]) * 1024 for line in file
                         if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


class TreeWatcher(threading.Thread):
    """Looks at a process tree every 200 ms: peak resident memory, CPU seconds of each process."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root = root
        self.peak_rss_bytes = 0
        self.cpu_s = {}
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            tree = tree_of(self.root)
            rss = sum(int(f[21]) * PAGE for f in tree.values())
            own = high_water_bytes(self.root) if len(tree) == 1 else 0
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss, own)
            for pid, f in tree.items():
                self.cpu_s[pid] = (int(f[11]) + int(f[12])) / TICK


def run(command, log_file, timeout_s, environment=None, cpus=None):
    """Runs the command on those CPUs (None: on all); its output goes to log_file. Returns
    start_ns, status, cpu_s and peak_rss_bytes."""
    def keep_to_cpus():
        os.sched_setaffinity(0, cpus)
    with open(log_file, "wb") as log:
        start_ns = time.monotonic_ns()
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT,
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
    waited_s = usage.ru_utime + usage.ru_stime  # of the client and of what it waited for
    return {"start_ns": start_ns, "status": process.returncode,
            "cpu_s": max(waited_s, sum(watcher.cpu_s.values())),
            "peak_rss_bytes": watcher.peak_rss_bytes}
