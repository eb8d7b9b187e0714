"""`tokamark calibrate` and `tokamark null-engine`: the error of the instrument itself."""

import json
import re
import signal
import urllib.error
import urllib.request

from case import EXIT_INTERRUPTED, EXIT_MEASUREMENT, EXIT_USAGE, IntegrationCase
from results import Results

QUICK = ("--ttft-ms", "5", "--itl-ms", "2", "--output-tokens", "10", "--seconds", "0.2")


class CalibrateCase(IntegrationCase):

    def calibrate(self, *arguments):
        """The figures; a busy machine may answer that it cannot be trusted, which is no failure."""
        out = self.folder / "calibration.json"
        finished = self.tokamark("calibrate", *QUICK, *arguments, "--json", out)
        self.assertIn(finished.code, (0, EXIT_MEASUREMENT), finished)
        return finished, json.loads(out.read_text())

    def test_levels_carry_their_errors(self):
        finished, document = self.calibrate("-c", "1,8")
        self.assertEqual([1, 8], [level["load"]["concurrency"] for level in document["levels"]])
        for level in document["levels"]:
            self.assertGreater(level["requests"], 0)
            self.assertEqual(0, level["failed"])
            self.assertEqual(10 * level["requests"], level["output_tokens_total"])
            for error in ("ttft_error_ms", "itl_error_ms", "token_time_error_ms", "lateness_ms"):
                self.assertLessEqual(level[error]["p99"], level[error]["max"])
            self.assertEqual(level["trusted"], level["distrust"] == "")
        self.assertIn("TTFT error ms", finished.out)
        trusted = all(level["trusted"] for level in document["levels"])
        self.assertEqual(0 if trusted else EXIT_MEASUREMENT, finished.code)

    def test_open_load_with_bursts(self):
        _, document = self.calibrate("--rate", "100", "--bursts", "2", "--tokens-per-chunk", "2")
        self.assertEqual("open", document["levels"][0]["load"]["kind"])
        self.assertEqual(2, document["levels"][0]["bursts"])

    def test_an_impossible_demand_is_not_trusted(self):
        # 2 % of a gap of 10 ns is less than a clock can tell.
        out = self.folder / "calibration.json"
        finished = self.tokamark("calibrate", "-c", "1", "--ttft-ms", "0.00001", "--itl-ms", "1",
                                 "--output-tokens", "3", "--seconds", "0.1", "--json", out)
        self.assertEqual(EXIT_MEASUREMENT, finished.code, finished)
        self.assertIn("cannot be trusted there: c=1: p99 TTFT error", finished.err)
        self.assertFalse(json.loads(out.read_text())["levels"][0]["trusted"])

    def test_bad_flags(self):
        for flags in (("-c", "0"), ("--itl-ms", "0"), ("--itl-ms", "1e-9"), ("-c", "1", "--rate", "3")):
            self.assertEqual(EXIT_USAGE, self.tokamark("calibrate", *flags).code, flags)

    def test_every_trial_carries_its_calibrations(self):
        results = Results(self.folder / "out")
        finished = self.tokamark("bench", "--url", self.start_sim(), "-c", "2", "--duration", "1s",
                                 "--warmup", "300ms", "--calibration", "200ms", "--input-tokens",
                                 "16", "--output-tokens", "16", "--output", results.folder)
        self.assert_measured(finished, results)
        calibration = results.trials[0]["calibration"]
        for when in ("before", "after"):
            self.assertEqual(2, calibration[when]["load"]["concurrency"])
            self.assertGreater(calibration[when]["requests"], 0)
            self.assertGreater(calibration[when]["itl_error_ms"]["p99"], 0)
            self.assertLess(calibration[when]["first_token_ms"], 101)  # cut to half of the length

    def start_null_engine(self, *arguments):
        """The running program and its base URL."""
        server = self.start_tokamark("null-engine", "--port", "0", *arguments)
        found = self.wait_for(lambda: re.search(r"null engine on (http://\S+)\n", server.out),
                              "the null engine names its port", server)
        return server, found.group(1)

    def test_null_engine_agrees_with_a_bench(self):
        truth = self.folder / "truth.jsonl"
        server, url = self.start_null_engine("--ttft-ms", "20", "--itl-ms", "5", "--truth-file",
                                             truth)
        results = Results(self.folder / "out")
        finished = self.tokamark("bench", "--url", url, "-c", "2", "--duration", "500ms",
                                 "--warmup", "100ms", "--calibration", "0s", "--input-tokens", "8", "--output-tokens",
                                 "10", "--output", results.folder)
        self.assert_measured(finished, results)
        server.send(signal.SIGTERM)
        self.assertEqual(0, server.finish().code)
        # The probes' requests come before those of the load and have the same ids.
        known = {line["request_id"]: line for line in map(json.loads, truth.open())}
        records = results.records(results.trials[0]["id"])
        self.assertGreater(len(records), 0)
        for record in records:
            line = known[f"tokamark-{record['sequence']}"]
            self.assertEqual(10, len(line["emissions_ns"]))
            self.assertEqual(10, record["output_tokens"])

    def test_null_engine_sends_an_early_role_before_any_token(self):
        _, url = self.start_null_engine("--early-role", "--ttft-ms", "3600000")
        request = urllib.request.Request(url + "/v1/chat/completions",
                                         data=json.dumps({"max_tokens": 2, "stream": True}).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            delta = json.loads(answer.readline().removeprefix(b"data: "))["choices"][0]["delta"]
        self.assertEqual({"role": "assistant", "content": ""}, delta)

    def test_null_engine_other_routes(self):
        _, url = self.start_null_engine()
        with urllib.request.urlopen(url + "/v1/models", timeout=10) as answer:
            self.assertEqual("null", json.load(answer)["data"][0]["id"])
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url + "/nothing", timeout=10)
        self.assertEqual(404, caught.exception.code)
        caught.exception.close()
        # An answer that would not fit into memory is refused, and the server lives on.
        request = urllib.request.Request(url + "/v1/chat/completions",
                                         data=json.dumps({"max_tokens": 10**12}).encode())
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        self.assertEqual(400, caught.exception.code)
        self.assertIn(b"max_tokens", caught.exception.read())
        caught.exception.close()

    def test_what_was_measured_survives_an_interruption(self):
        out = self.folder / "calibration.json"
        program = self.start_tokamark("calibrate", *QUICK[:-2], "-c", "1,1,1,1", "--seconds", "2",
                                      "--json", out)
        self.wait_for(lambda: re.search(r"^c=1 ", program.out, re.MULTILINE),
                      "the first level is told", program)
        program.send(signal.SIGINT)
        self.assertEqual(EXIT_INTERRUPTED, program.finish().code)
        self.assertGreaterEqual(len(json.loads(out.read_text())["levels"]), 1)
