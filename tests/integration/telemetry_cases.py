"""Machine and server over a trial: the engine's own metrics in each dialect, held against the true
times of the simulated engine, and what is said where a page is missing or hangs."""

import json
import statistics
import subprocess
import threading

from case import IntegrationCase, least_study
from openai_server import Exchange, OpenAiServer
from results import Results

NO_METRIC = "the server's metrics page does not have it"
CONCURRENCY = 4


class HangingPage(Exchange):
    """Takes the question for the metrics page and keeps it."""

    def do_GET(self):
        if self.path == "/metrics":
            self.server.asked.set()
            self.server.released.wait()
            self.close_connection = True
            return
        super().do_GET()


class TelemetryCase(IntegrationCase):

    def measure(self, dialect, *arguments):
        """The trial of a simulated engine, the lines of its telemetry, and its truth."""
        truth = self.folder / f"truth-{dialect}.jsonl"
        study = {"model": {"name": "m"},
                 "engines": [{"name": dialect, "kind": "simulated", "profile": f"tiny-{dialect}",
                              "port": self.free_port(),
                              "args": ["--truth-file", str(truth), *arguments]}],
                 "workloads": [{"name": "chat", "input_tokens": 64, "output_tokens": 24}],
                 "load": {"concurrency": [CONCURRENCY]}, "client": {"calibration_s": 0},
                 "repeats": 1,
                 "window": {"warmup_s": 0.5, "seconds": 3, "requests": 0, "probes": 1}}
        results = Results(self.folder / f"out-{dialect}")
        finished = self.tokamark("run", self.write_study(study), "--output", results.folder)
        self.assertTrue((results.folder / "results.json").exists(), finished)
        trial = results.trials[0]
        records = [json.loads(line) for line in truth.read_text().splitlines()]
        return trial, self.telemetry(results, trial["id"]), records

    @staticmethod
    def telemetry(results, trial_id):
        path = results.folder / "trials" / trial_id / "telemetry.jsonl.zst"
        text = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
        return [json.loads(line) for line in text.decode().splitlines()]

    def edges(self, trial, lines):
        """The answers that the trial's growth was taken between."""
        answers = [line for line in lines if line["kind"] == "server" and line["error"] is None]
        span = trial["server"]["to_s"] - trial["server"]["from_s"]
        pairs = [(first, last) for first in answers for last in answers
                 if abs(last["at_s"] - first["at_s"] - span) < 1e-6]
        self.assertEqual(1, len(pairs))
        return pairs[0]

    @staticmethod
    def true_latencies(truth):
        """In milliseconds, in the order in which the server observes them."""
        observed = {"ttft": [], "itl": [], "e2e": []}
        for record in truth:
            times = record["emissions_ns"]
            if not times:
                continue
            observed["ttft"].append((times[0], times[0] - record["arrival_ns"]))
            observed["e2e"].append((times[-1], times[-1] - record["arrival_ns"]))
            observed["itl"] += [(later, later - time) for time, later in zip(times, times[1:])]
        return {name: [value / 1e6 for _, value in sorted(values)]
                for name, values in observed.items()}

    def check_histogram(self, summary, edges, truth_ms):
        """`truth_ms` are the true values in the order in which the server observed them."""
        first, last = edges
        mine = truth_ms[int(first["count"]):int(last["count"])]
        self.assertEqual(len(mine), summary["n"])
        self.assertGreater(len(mine), 20)
        true_mean = statistics.fmean(mine)
        self.assertAlmostEqual(true_mean, summary["mean"], delta=max(0.5, 0.02 * true_mean))
        bounds = [0.0, *(1e3 * float(bound.strip("+")) if isinstance(bound, str) else 1e3 * bound
                         for bound, _ in last["buckets"])]
        median = statistics.median_low(mine)
        above = next(number for number, bound in enumerate(bounds) if bound >= median)
        # A true time is stamped at the write, a moment after the step's end that the server counts.
        self.assertGreaterEqual(summary["p50"], bounds[max(above - 2, 0)])
        self.assertLessEqual(summary["p50"], bounds[above])

    def check_dialect(self, dialect, histograms):
        trial, lines, truth = self.measure(dialect)
        server = trial["server"]
        self.assertEqual(0, server["scrapes_failed"], server)
        self.assertGreaterEqual(server["scrapes"], 3)
        self.assertLess(0, server["requests_running_mean"])
        self.assertGreaterEqual(CONCURRENCY, server["requests_running_peak"])
        self.assertEqual(0, server["prefix_hit_share"])
        first, last = self.edges(trial, lines)
        true_ms = self.true_latencies(truth)
        for name in ("ttft", "itl", "tpot", "e2e", "queue"):
            summary = server[f"server_{name}_ms"]
            if name not in histograms:
                self.assertEqual(NO_METRIC, summary["reasons"]["mean"])
                self.assertIsNone(first["histograms"][name])
                continue
            self.assertGreaterEqual(summary["n"], 20)
            self.assertGreaterEqual(summary["mean"], 0)
            if name in true_ms:
                self.check_histogram(summary, (first["histograms"][name], last["histograms"][name]),
                                     true_ms[name])
        # The server's clock starts when it has read the request.
        self.assertLess(server["server_ttft_ms"]["mean"], trial["metrics"]["ttft_ms"]["mean"] + 1)
        return trial, lines

    def test_vllm(self):
        trial, lines = self.check_dialect("vllm", ("ttft", "itl", "tpot", "e2e", "queue"))
        server = trial["server"]
        self.assertLess(0, server["kv_cache_usage_peak_ratio"])
        self.assertEqual(0, server["preemptions"])
        self.assertEqual(NO_METRIC, server["reasons"]["spec_acceptance_length"])
        # One clock, in order, each phase marked.
        self.assertEqual("header", lines[0]["kind"])
        times = [line["at_s"] for line in lines[1:]]
        self.assertEqual(sorted(times), times)
        machine = [line for line in lines if line["kind"] == "machine"]
        phases = {line["phase"] for line in machine}
        self.assertLessEqual({"probes", "loaded", "warmup", "window", "tail"}, phases)
        inside = [line["at_s"] for line in machine if line["phase"] == "window"]
        window = trial["window"]
        self.assertAlmostEqual(window["end_s"] - window["start_s"], inside[-1] - inside[0],
                               delta=0.5)
        self.assertGreater(trial["resources"]["host_cpu_s"], 0)
        self.assertGreater(trial["resources"]["host_memory_peak_bytes"], 0)
        self.assertEqual("reservation", trial["resources"]["vram_peak_kind"])

    def test_sglang(self):
        self.check_dialect("sglang", ("ttft", "itl", "e2e", "queue"))

    def test_tensorrt_llm(self):
        self.check_dialect("tensorrt-llm", ("ttft", "tpot", "e2e", "queue"))

    def test_llama_cpp_is_asked_seldom_and_has_no_histogram(self):
        trial, lines, _ = self.measure("llama-cpp")
        server = trial["server"]
        for name in ("ttft", "itl", "tpot", "e2e", "queue"):
            self.assertEqual(NO_METRIC, server[f"server_{name}_ms"]["reasons"]["mean"])
        self.assertEqual(NO_METRIC, server["reasons"]["kv_cache_usage_peak_ratio"])
        self.assertLess(0, server["requests_running_mean"])
        asked = [line for line in lines if line["kind"] == "server"]
        # Before the load, as the window opens, and after the load; perhaps one between.
        self.assertLessEqual(len(asked), 4)

    def test_cached_prompts_are_seen(self):
        trial, _, _ = self.measure("vllm", "--fault", "prefix_cache:hit_rate=0.5")
        self.assertAlmostEqual(0.5, trial["server"]["prefix_hit_share"], delta=0.02)

    def attached(self, exchange=Exchange):
        """The trial of a server of our own, and its telemetry."""
        server = OpenAiServer(lambda self, _, request: self.stream(request))
        server.RequestHandlerClass = exchange
        server.asked, server.released = threading.Event(), threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.released.set)
        results = Results(self.folder / "out")
        study = self.write_study(least_study(f"http://127.0.0.1:{server.server_port}"))
        finished = self.tokamark("run", study, "--output", results.folder)
        self.assertTrue((results.folder / "results.json").exists(), finished)
        trial = results.trials[0]
        self.assertGreater(trial["counts"]["succeeded"], 0)
        return trial, self.telemetry(results, trial["id"]), server

    def test_a_server_without_the_page(self):
        trial, lines, _ = self.attached()
        server = trial["server"]
        self.assertIn("HTTP 404", server["reasons"]["requests_running_mean"])
        self.assertIn("HTTP 404", server["server_ttft_ms"]["reasons"]["mean"])
        self.assertIsNone(server["preemptions"])
        answers = [line for line in lines if line["kind"] == "server"]
        self.assertTrue(answers)
        for line in answers:
            self.assertIn("HTTP 404", line["error"])
            self.assertIsNone(line["counters"])

    def test_a_page_that_hangs_is_given_up(self):
        """The page is never answered while tokamark runs; the trial is, and says so."""
        trial, lines, server = self.attached(HangingPage)
        self.assertTrue(server.asked.is_set())
        self.assertFalse(server.released.is_set())
        self.assertIn("not answered before the load had ended",
                      [line["error"] for line in lines if line["kind"] == "server"])
        self.assertIsNone(trial["server"]["requests_running_mean"])
        self.assertEqual(trial["server"]["scrapes"], trial["server"]["scrapes_failed"])
