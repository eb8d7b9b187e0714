"""A connection may be reset at any byte of an answer (M17, M37), and no request is lost.

The table of fault_table.py has resets at three places. Here every place has one: a server replays a
whole answer of the simulated engine, and cuts the one of request k after k bytes. By
docs/METRICS.md a request has failed unless the stream has said that it is finished, so the outcome of each is known
from the bytes alone: failed with `connection_closed` before the end of the event with the finish
reason, succeeded from there on.
"""

import json
import socket
from urllib.parse import urlparse

import fault_checks
import openai_server
from case import EXIT_MEASUREMENT, IntegrationCase
from results import Results

DIALECTS = ("vllm", "sglang", "tensorrt-llm", "llama-cpp")
TOKENS = 4
# Requests that get whole answers: those of the probe have ids that the load uses again.
SPARED = 4
ID = "tokamark-"


def read_answer(url, body):
    """The bytes of one answer, head included, as they are on the wire."""
    place = urlparse(url)
    text = json.dumps(body).encode()
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n")
    answer = b""
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + text)
        while not answer.endswith(b"\r\n0\r\n\r\n"):
            got = connection.recv(65536)
            if not got:
                raise AssertionError(f"the answer ended early: {answer}")
            answer += got
    return answer


class ResetAnywhere(IntegrationCase):

    def answer_of(self, dialect):
        url = self.start_sim(profile=f"tiny-{dialect}")
        return read_answer(url, {
            "model": openai_server.MODEL, "messages": [{"role": "user", "content": "one two"}],
            "max_tokens": TOKENS, "ignore_eos": True, "stream": True,
            "stream_options": {"include_usage": True}})

    def replay(self, answer):
        """A server that cuts the answer of request SPARED + k after k bytes."""
        def reply(exchange, _number, _request):
            name = exchange.headers.get("x-request-id", "")
            number = int(name.removeprefix(ID)) if name.startswith(ID) else 0
            cut = number - SPARED
            if cut < 0 or cut >= len(answer):
                exchange.wfile.write(answer)
                return
            exchange.wfile.write(answer[:cut])
            exchange.reset()

        server = openai_server.OpenAiServer(reply).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def measure(self, servers, cuts):
        study = {"model": {"name": openai_server.MODEL},
                 "engines": [{"name": dialect, "kind": "openai", "url": server.url}
                             for dialect, server in servers.items()],
                 "workloads": [{"name": "chat", "input_tokens": 32, "output_tokens": TOKENS}],
                 "load": {"concurrency": [4]}, "client": {"calibration_s": 0}, "repeats": 1,
                 "window": {"warmup_s": 0, "warmup_requests": 0, "seconds": 0.1,
                            "requests": cuts + SPARED + 50, "max_seconds": 60, "probes": 1}}
        results = Results(self.folder / "out")
        finished = self.tokamark("run", self.write_study(study), "--output", results.folder)
        self.assert_error(finished, EXIT_MEASUREMENT, f"{len(servers)} of {len(servers)} trials")
        return results

    def complaints_about(self, answer, records):
        """Of each request what its cut says, in a few words; and the requests that are missing."""
        finish = answer.index(b'"finish_reason":"length"')
        said = answer.index(b"\n\n", finish) + 2
        by_number = {}
        wrong = []
        for record in records:
            if record["sequence"] in by_number:
                wrong.append(f"two records of request {record['sequence']}")
            by_number[record["sequence"]] = record
        for cut in range(len(answer) + 1):
            record = by_number.get(SPARED + cut)
            if record is None:
                wrong.append(f"no record of the request that was cut after {cut} bytes")
                continue
            told = (record["status"], record["error"], record["bytes_received"])
            right = (("failed", "connection_closed", cut) if cut < said else
                     ("succeeded", None, cut))
            if told != right:
                wrong.append(f"cut after {cut} of {len(answer)} bytes: {told}, not {right}")
            if cut >= said and record["output_tokens"] != TOKENS:
                wrong.append(f"cut after {cut} bytes: {record['output_tokens']} tokens")
        return wrong

    def test_at_every_byte_of_an_answer(self):
        answers = {dialect: self.answer_of(dialect) for dialect in DIALECTS}
        servers = {dialect: self.replay(answer) for dialect, answer in answers.items()}
        results = self.measure(servers, max(len(answer) for answer in answers.values()))
        lines, complaints = [], []
        for trial in results.trials:
            dialect = trial["engine"]
            answer, records = answers[dialect], results.records(trial["id"], phase=None)
            wrong = self.complaints_about(answer, records)
            failed = sum(record["status"] == "failed" for record in records)
            lines.append((dialect, str(len(answer)), str(failed), fault_checks.raised(trial),
                          "no" if wrong else "yes"))
            complaints += [f"{dialect}: {w}" for w in wrong]
        fault_checks.print_table(("dialect", "bytes of the answer", "failed", "raised", "pass"),
                                 lines)
        self.assertEqual(sorted(DIALECTS), sorted(line[0] for line in lines))
        self.assertEqual([], complaints)
