"""The server that every client is measured against, `tokamark null-engine`, and what it did."""

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import time
import urllib.request


@dataclasses.dataclass
class Load:
    """What each client is asked for."""

    streams: int
    tokens: int
    ttft_ms: float
    itl_ms: float
    tokens_per_chunk: int = 1
    bursts: int = 0  # groups whose tokens leave back to back; 0 = each stream on its own
    requests: int = 0  # measured requests; 0 = 3 for each stream
    warm: bool = True  # one request for each stream before the measured ones
    early_role: bool = False  # the role event leaves with the headers

    def measured(self):
        return self.requests or 3 * self.streams

    def request_ms(self):
        """How long an undisturbed request lasts."""
        return self.ttft_ms + self.itl_ms * self.tokens


@dataclasses.dataclass
class Server:
    port: int
    model: str

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def command(tokamark, load, port, truth_file):
    """The server's argument list, made here and nowhere else."""
    arguments = [tokamark, "null-engine", "--port", str(port), "--ttft-ms", str(load.ttft_ms),
                 "--itl-ms", str(load.itl_ms), "--tokens", str(load.tokens),
                 "--tokens-per-chunk", str(load.tokens_per_chunk), "--bursts", str(load.bursts),
                 "--truth-file", str(truth_file)]
    return arguments + (["--early-role"] if load.early_role else [])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_ready(url, process):
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(url + "/v1/models", timeout=2) as answer:
                return json.load(answer)["data"][0]["id"]
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not answer within 10 s")


@contextlib.contextmanager
def start(tokamark, load, truth_file, cpus=None):
    """The running server, on those CPUs; it is told to end, and waited for, when the block ends."""
    port = free_port()
    process = subprocess.Popen(
        command(tokamark, load, port, truth_file), stdout=subprocess.DEVNULL,
        preexec_fn=(lambda: os.sched_setaffinity(0, cpus)) if cpus else None)
    try:
        model = wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield Server(port, model)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclasses.dataclass
class Truth:
    """One request as the server saw it; nanoseconds of CLOCK_MONOTONIC."""

    request_id: str
    arrival_ns: int
    emissions_ns: list  # one a token; tokens of one event have the same

    @property
    def tokens(self):
        return len(self.emissions_ns)


def read_truth(path):
    """Every request that was answered, in order of arrival."""
    truths = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["emissions_ns"] and record["outcome"] == "finished":
                truths.append(Truth(record["request_id"], record["arrival_ns"],
                                    record["emissions_ns"]))
    return sorted(truths, key=lambda truth: truth.arrival_ns)
