"""What every integration test stands on: a temporary folder, the real binary, servers, and the
promise that nothing is left behind."""

import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path

from program import DEADLINE_S, Program

POLL_S = 0.02
# Marks in the environment of every process of a case, so that none can hide by forking.
PRODUCT_MARK = "TOKAMARK_TEST_CASE"
SERVER_MARK = "TOKAMARK_TEST_SERVER"
EXIT_USAGE, EXIT_STUDY, EXIT_ENGINE, EXIT_MEASUREMENT, EXIT_OUTPUT = 2, 3, 4, 5, 6
EXIT_INTERRUPTED = 130
# Codes that blame the measuring machine, not the product: another program may have had the core.
BUSY_MACHINE = {"client_inaccurate", "client_late", "client_limited", "clock_stepped"}
# What a busy machine does to events as well: they wait in a socket and are read together.
READ_TOGETHER = {"shared_reads"}


class IntegrationCase(unittest.TestCase):
    """Base of all cases. `binary` and `source` are set by run_case.py."""

    binary = Path()
    source = Path()
    stub_nvml = None  # src/probe/stub_nvml.cc as a library, where it was built
    slow_client = None  # tests/faults/slow_client.c as a library, where it was built
    maxDiff = None

    def setUp(self):
        self.mark = uuid.uuid4().hex
        self.folder = Path(tempfile.mkdtemp(prefix="tokamark-test-"))
        self.servers_folder = Path(tempfile.mkdtemp(prefix="tokamark-test-servers-"))
        self._ports = None
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        for pid, _ in self._marked(PRODUCT_MARK, self.folder) + self._marked(
                SERVER_MARK, self.servers_folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.servers_folder, ignore_errors=True)

    # Processes

    def _environment(self, mark, added=None):
        environment = {name: value for name, value in os.environ.items()
                       if not name.lower().endswith("_proxy")}
        environment.update({mark: self.mark, "PYTHONDONTWRITEBYTECODE": "1"})
        environment.update(added or {})
        return environment

    def start_tokamark(self, *arguments, env=None):
        return Program([self.binary, *arguments], self.folder,
                       self._environment(PRODUCT_MARK, env))

    def tokamark(self, *arguments, env=None, deadline_s=DEADLINE_S):
        return self.start_tokamark(*arguments, env=env).finish(deadline_s)

    def shell(self, script):
        """A shell script that calls tokamark, as in a mount namespace."""
        return Program(["sh", "-c", script], self.folder,
                       self._environment(PRODUCT_MARK)).finish()

    def _marked(self, mark, folder):
        """(pid, command) of the live processes that carry the mark or run in the folder."""
        wanted = f"{mark}={self.mark}".encode()
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            place = Path("/proc") / entry
            try:
                state = (place / "stat").read_text().rsplit(")", 1)[1].split()[0]
                marked = wanted in (place / "environ").read_bytes().split(b"\0")
                # Some engines overwrite their environment with a title; none changes its folder.
                inside = os.readlink(place / "cwd").startswith(str(folder))
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:
                continue  # ended meanwhile, or of another user
            if state != "Z" and (marked or inside):
                found.append((int(entry), command))
        return found

    def product_processes(self):
        """tokamark itself, its guardians, and the engines and workers that it started."""
        return self._marked(PRODUCT_MARK, self.folder)

    def assert_nothing_left(self):
        """For right after an orderly end: engines are stopped before tokamark ends."""
        self.assertEqual([], self.product_processes(), "processes were left behind")

    def wait_until_nothing_left(self):
        """For after a kill -9: the guardians need a moment."""
        self.wait_for(lambda: not self.product_processes(),
                      lambda: f"processes were left behind: {self.product_processes()}")

    def wait_for(self, condition, otherwise, program=None):
        """Waits until the condition gives something true, and returns that. Fails when the
        program that should bring it about ends first."""
        give_up = time.monotonic() + DEADLINE_S
        while True:
            value = condition()
            if value:
                return value
            text = otherwise() if callable(otherwise) else otherwise
            if program is not None and not program.running():
                self.fail(f"{text}: ended before\n{program.finished(program.process.poll())}")
            if time.monotonic() >= give_up:
                told = f"\n{program.finished(None)}" if program else ""
                self.fail(f"{text}: not within {DEADLINE_S} s{told}")
            time.sleep(POLL_S)

    def need_io_uring(self):
        for line in self.tokamark("doctor").out.splitlines():
            if line.startswith("host.io_uring ") and "can be used" not in line:
                self.skipTest(line)

    # Servers and ports

    def free_port(self):
        """A port that no other case of this suite takes, below the kernel's own choices."""
        if self._ports is None:
            name = f"tokamark-test-ports-{os.getuid()}.lock"
            self._ports = open(Path(tempfile.gettempdir()) / name, "w")
            self.addCleanup(self._ports.close)
        for port in random.sample(range(15000, 30000), 200):
            try:
                # One byte of the file for each port; the lock lasts until the file is closed.
                fcntl.lockf(self._ports, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
        self.fail("no free port found")

    def start_sim(self, profile="tiny-vllm", model="smollm2", arguments=()):
        """A simulated engine of its own; returns its base URL."""
        program = Program([self.binary, "sim", "--profile", profile, "--port", "0",
                           "--served-model-name", model, *arguments],
                          self.servers_folder, self._environment(SERVER_MARK))
        line = self.wait_for(lambda: re.match(r"(SIMULATED .*)\n", program.out),
                             "the simulated engine names its port", program).group(1)
        return re.search(r"http://\S+", line).group(0)

    def fake_llama_server(self):
        """A file that `binary` of kind llama-cpp can name; fixtures/fake_llama_server.py."""
        script = Path(__file__).parent / "fixtures" / "fake_llama_server.py"
        wrapper = self.servers_folder / "llama-server"
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -B "{script}" "$@"\n')
        wrapper.chmod(0o755)
        return wrapper

    # Studies

    def write_study(self, study, name="study.yaml"):
        path = self.folder / name
        path.write_text(study if isinstance(study, str) else json.dumps(study, indent=1, ensure_ascii=False))
        return path

    def fake_llama_engine(self, mode, name="fake", **more):
        """An engine entry whose server is the fake one, in the given mode."""
        weights = self.servers_folder / "model.gguf"
        weights.write_bytes(b"GGUF")
        log = self.servers_folder / f"{name}.requests"
        return {"name": name, "kind": "llama-cpp", "binary": str(self.fake_llama_server()),
                "model": str(weights), "port": self.free_port(),
                "args": ["--fake-mode", mode, "--fake-log", str(log)], **more}

    def served_by_fake(self, name="fake"):
        """Completion requests that the fake server has taken so far."""
        log = self.servers_folder / f"{name}.requests"
        return log.read_text().count("\n") if log.exists() else 0

    # Judging

    def error_line(self, finished):
        """The one line on standard error; anything else there fails."""
        lines = [line for line in finished.err.splitlines() if line.strip()]
        self.assertEqual(1, len(lines), f"standard error is not one line\n{finished}")
        self.assertTrue(lines[0].startswith("tokamark: "), finished)
        return lines[0]

    def assert_error(self, finished, code, *parts):
        """The documented exit code and one line that holds each part."""
        self.assertEqual(code, finished.code, finished)
        line = self.error_line(finished)
        for part in parts:
            self.assertIn(str(part), line)
        return line

    def assert_measured(self, finished, results):
        """Every planned trial is there and valid. A trial may also be invalid for the sake of a
        busy machine alone: which is then the right verdict, and not this case's subject."""
        self.assertTrue((results.folder / "results.json").exists(), finished)
        trials = results.trials
        self.assertEqual(sorted(results.planned_ids()), sorted(t["id"] for t in trials), finished)
        busy = [trial["id"] for trial in trials if self.assert_good_verdict(trial, finished)]
        self.assertEqual(EXIT_MEASUREMENT if busy else 0, finished.code, finished)
        if not busy:
            self.assertEqual("", finished.err, finished)

    def assert_good_verdict(self, trial, finished):
        """Valid, or invalid for the machine's sake alone; whether it is the latter."""
        codes = {code["code"] for code in trial["codes"]}
        if trial["verdict"] == "invalid" and codes and codes <= BUSY_MACHINE | READ_TOGETHER:
            print(f"note: {trial['id']} is invalid because this machine is busy: {codes}")
            return True
        self.assertEqual(("valid", []), (trial["verdict"], trial["codes"]), finished)
        return False


def least_study(url, **changes):
    """The least study of the documentation, with a shorter window; as JSON, which is YAML."""
    study = {"model": {"name": "smollm2"},
             "engines": [{"name": "a", "kind": "openai", "url": url}],
             "workloads": [{"name": "chat", "input_tokens": 32, "output_tokens": 32}],
             "load": {"concurrency": [8]},
             "window": {"warmup_s": 0.5, "seconds": 1, "requests": 0, "probes": 1},
             "client": {"calibration_s": 0}, "repeats": 1}
    study.update(changes)
    return study
