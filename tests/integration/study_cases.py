"""`tokamark run` on studies that go well, and what they leave on disk."""

import json

from case import EXIT_MEASUREMENT, IntegrationCase, least_study
from results import Results

LEAST_STUDY = """\
model: {{name: smollm2}}
engines:
  - {{name: a, kind: openai, url: "{url}"}}
workloads:
  - {{name: chat, input_tokens: 32, output_tokens: 32}}
load: {{concurrency: [8]}}          # or rate_per_s: [2, 4], arrivals: poisson
window: {{warmup_s: 1, seconds: 2, requests: 0}}
repeats: 2
"""
LATENCIES = ("ttft_ms", "ttft_wire_ms", "tpot_ms", "itl_ms", "e2e_ms")
# A busy machine makes a trial invalid; a quiet moment may come again.
ATTEMPTS = 3

# `vllm bench serve --save-result --save-detailed`.
VLLM_KEYS = {
    "date", "endpoint_type", "backend", "label", "model_id", "tokenizer_id", "num_prompts",
    "request_rate", "burstiness", "max_concurrency", "duration", "completed", "failed",
    "total_input_tokens", "total_output_tokens", "request_throughput", "request_goodput",
    "output_throughput", "total_token_throughput", "max_output_tokens_per_s",
    "max_concurrent_requests", "input_lens", "output_lens", "ttfts", "itls", "start_times",
    "generated_texts", "errors"} | {
        f"{statistic}_{name}" for statistic in ("mean", "median", "std", "p99")
        for name in ("ttft_ms", "tpot_ms", "itl_ms", "e2el_ms")}


class StudyCase(IntegrationCase):

    def test_least_study_runs(self):
        path = self.write_study(LEAST_STUDY.format(url=self.start_sim()))
        for attempt in range(ATTEMPTS):
            results = Results(self.folder / f"out{attempt}")
            finished = self.tokamark("run", path, "--output", results.folder)
            self.assert_measured(finished, results)
            if finished.code != EXIT_MEASUREMENT:
                break
        self.assertIn("SIMULATED", finished.out)
        self.check_names(results)
        self.check_counts(results)

    def check_names(self, results):
        """The names that other programs rely on."""
        whole = results.json
        for name in ("schema", "methodology_version", "simulated", "study", "manifest", "trials"):
            self.assertIn(name, whole)
        self.assertIs(True, whole["simulated"])
        self.assertEqual(["r1-a-chat-c8", "r2-a-chat-c8"], [t["id"] for t in whole["trials"]])
        for number, trial in enumerate(whole["trials"], start=1):
            self.assertEqual(("a", "chat", number),
                             tuple(trial[name] for name in ("engine", "workload", "repeat")))
            self.assertEqual({"kind": "closed", "concurrency": 8}, trial["load"])
            self.assertGreaterEqual(trial["window"]["end_s"] - trial["window"]["start_s"], 2.0)
            for name in LATENCIES:
                latency = trial["metrics"][name]
                for part in ("n", "mean", "p50", "p90", "p95", "p99", "max"):
                    self.assertIn(part, latency)
            for name in ("output_tokens_per_s", "requests_per_s", "goodput_requests_per_s"):
                self.assertIn(name, trial["metrics"])
            for name in ("vram_peak_bytes", "rss_peak_bytes", "engine_cpu_s"):
                self.assertIn(name, trial["resources"])
            for name in ("lateness_ms", "receive_delay_ms"):
                self.assertEqual({"p50", "p99", "max"}, set(trial["client"][name]))
            self.assertIn("cpu_s", trial["client"])
            self.assertIn("cpu_share", trial["client"])

    def check_counts(self, results):
        """Counts equal the raw records, and a percentile without its samples says so."""
        for trial in results.trials:
            records = results.records(trial["id"])
            counts = trial["counts"]
            self.assertEqual(len(records), counts["scheduled"])
            self.assertEqual(len(records), counts["succeeded"])
            self.assertEqual(len([r for r in records if r["sent_ns"] is not None]), counts["sent"])
            self.assertEqual((0, 0), (counts["failed"], counts["timed_out"]))
            for name in ("input_tokens", "output_tokens", "cached_tokens"):
                self.assertEqual(sum(r[name] or 0 for r in records), counts[name], name)
            self.assertEqual({32}, {r["output_tokens"] for r in records})
            self.assertEqual(len(records), trial["metrics"]["ttft_ms"]["n"])
            for latency in (trial["metrics"][name] for name in ("ttft_ms", "tpot_ms", "e2e_ms")):
                self.assertLess(latency["n"], 1000)  # 8 streams, about 70 ms each, 2 s
                self.assertIsNone(latency["p99"])
                self.assertIn("1000", latency["reasons"]["p99"])

    def test_engines_of_a_repeat_play_the_same_schedule(self):
        engines = [{"name": name, "kind": "openai", "url": self.start_sim(profile)}
                   for name, profile in (("a", "tiny-vllm"), ("b", "tiny-sglang"))]
        path = self.write_study(least_study("", engines=engines, repeats=2))
        results = Results(self.folder / "out")
        self.assert_measured(self.tokamark("run", path, "--output", results.folder), results)
        hashes = {(t["engine"], t["repeat"]): t["schedule_sha256"] for t in results.trials}
        self.assertEqual(hashes["a", 1], hashes["b", 1])
        self.assertEqual(hashes["a", 2], hashes["b", 2])
        self.assertNotEqual(hashes["a", 1], hashes["a", 2])

    def test_dialects_at_two_levels(self):
        kinds = ("vllm", "sglang", "tensorrt-llm")
        engines = [{"name": kind, "kind": "simulated", "profile": f"tiny-{kind}",
                    "port": self.free_port()} for kind in kinds]
        path = self.write_study(least_study("", engines=engines, load={"concurrency": [1, 8]}))
        results = Results(self.folder / "out")
        self.assert_measured(self.tokamark("run", path, "--output", results.folder), results)
        self.assert_nothing_left()
        for kind in kinds:
            speed = {}
            for level in (1, 8):
                trial = results.trial(f"r1-{kind}-chat-c{level}")
                self.check_usage(results, trial)
                self.assertIsInstance(trial["resources"]["rss_peak_bytes"], int)
                speed[level] = trial["metrics"]["output_tokens_per_s"]
            self.assertGreater(speed[8], speed[1], kind)

    def check_usage(self, results, trial):
        """No failed request, and every token count is the server's own."""
        counts = trial["counts"]
        self.assertEqual((0, 0), (counts["failed"], counts["timed_out"]), trial["id"])
        records = results.records(trial["id"])
        self.assertGreater(len(records), 0)
        for record in records:
            self.assertIn(record["output_tokens_source"], ("usage", "continuous_usage"))
            self.assertEqual(record["requested_output_tokens"], record["output_tokens"])
            self.assertEqual(record["output_tokens"], sum(record["chunk_tokens"]))
        self.assertEqual(sum(r["output_tokens"] for r in records), counts["output_tokens"])

    def test_report_rebuilds_every_file(self):
        path = self.write_study(least_study(self.start_sim(), slo={"ttft_ms": 500}, repeats=2))
        results = Results(self.folder / "out")
        self.assert_measured(self.tokamark("run", path, "--output", results.folder,
                                           "--export", "vllm"), results)
        written = results.files()
        for name in ("results.json", "summary.md", "report.html"):
            (results.folder / name).unlink()
        for _ in range(2):
            finished = self.tokamark("report", results.folder)
            self.assertEqual((0, ""), (finished.code, finished.err), finished)
            self.assert_same_files(written, results.files())

    def assert_same_files(self, before, after):
        self.assertEqual(sorted(before), sorted(after))
        for name, content in before.items():
            self.assertEqual(content, after[name], f"{name} has changed")

    def test_export_for_vllm_readers(self):
        path = self.write_study(least_study(self.start_sim()))
        results = Results(self.folder / "out")
        self.assert_measured(self.tokamark("run", path, "--output", results.folder,
                                           "--export", "vllm"), results)
        trial = results.trial("r1-a-chat-c8")
        export = json.loads(
            (results.folder / "trials" / trial["id"] / "vllm_bench_serve.json").read_text())
        self.assertEqual(set(), VLLM_KEYS - set(export))
        self.assertEqual(trial["counts"]["succeeded"], export["completed"])
        self.assertEqual(trial["counts"]["output_tokens"], export["total_output_tokens"])
        self.assertEqual(len(results.records(trial["id"])), len(export["ttfts"]))
        self.assertEqual(("inf", 8), (export["request_rate"], export["max_concurrency"]))
        self.assertIs(True, export["simulated"])

    def test_results_match_their_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("the Python package jsonschema is not installed")
        schema = json.loads((self.source / "docs" / "results.schema.json").read_text())
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        engines = [{"name": "a", "kind": "openai", "url": self.start_sim()},
                   {"name": "s", "kind": "simulated", "profile": "tiny-llama-cpp",
                    "port": self.free_port()}]
        for number, load in enumerate(({"concurrency": [2]},
                                       {"rate_per_s": [20], "arrivals": "gamma:1.5"})):
            path = self.write_study(least_study("", engines=engines, load=load,
                                                slo={"ttft_ms": 500, "tpot_ms": 50}))
            results = Results(self.folder / f"out{number}")
            self.assert_measured(self.tokamark("run", path, "--output", results.folder), results)
            validator(schema).validate(results.json)
            for trial in results.trials:
                summary = results.folder / "trials" / trial["id"] / "summary.json"
                self.assertEqual(trial, json.loads(summary.read_text()))
