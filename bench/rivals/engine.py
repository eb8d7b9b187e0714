"""The server that every client is measured against, and what it says it did.

The server's command is made here and nowhere else. It is `tokamark null-engine`, which emits tokens
at set times; where the program does not have it, `tokamark sim`, whose times follow from a profile.
"""

import contextlib
import dataclasses
import json
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

    def measured(self):
        return self.requests or 3 * self.streams


@dataclasses.dataclass
class Server:
    port: int
    kind: str
    model: str

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def has_null_engine(tokamark):
    asked = subprocess.run([tokamark, "null-engine", "--help"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False)
    return "--truth-file" in asked.stdout


def command(tokamark, load, port, truth_file):
    """(kind, argument list) of the server."""
    if has_null_engine(tokamark):
        arguments = [tokamark, "null-engine", "--port", str(port), "--ttft-ms", str(load.ttft_ms),
                     "--itl-ms", str(load.itl_ms), "--tokens", str(load.tokens),
                     "--tokens-per-chunk", str(load.tokens_per_chunk),
                     "--truth-file", str(truth_file)]
        if load.bursts:
            arguments += ["--bursts", str(load.bursts)]
        return "null-engine", arguments
    return "sim", [tokamark, "sim", "--profile", "tiny-vllm", "--port", str(port),
                   "--truth-file", str(truth_file)]


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
def start(tokamark, load, truth_file):
    """The running server; it is told to end, and waited for, when the block is left."""
    port = free_port()
    kind, arguments = command(tokamark, load, port, truth_file)
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    try:
        model = wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield Server(port, kind, model)
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
    emissions_ns: list  # one a chunk with text
    tokens: int


def read_truth(path, tokens_per_chunk=1):
    """Every request that was answered, in order of arrival. The simulated engine has one token a
    chunk, whatever is asked."""
    truths = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["emissions_ns"] and record.get("outcome", "finished") == "finished":
                emissions = record["emissions_ns"]
                each = 1 if record.get("simulated") else tokens_per_chunk
                truths.append(Truth(record["request_id"], record["arrival_ns"], emissions,
                                    record.get("tokens", each * len(emissions))))
    return sorted(truths, key=lambda truth: truth.arrival_ns)
