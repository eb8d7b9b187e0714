"""The flags of `tokamark run`, and what a dry run shows."""

import re
from pathlib import Path

from case import EXIT_STUDY, EXIT_USAGE, IntegrationCase, least_study
from results import Results


class CommandLineCase(IntegrationCase):

    def two_engines(self, **changes):
        engines = [{"name": name, "kind": "simulated", "profile": f"tiny-{name}",
                    "port": self.free_port()} for name in ("vllm", "sglang")]
        return engines, self.write_study(least_study("", engines=engines, **changes))

    def assert_good(self, finished):
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        return finished.out

    def test_dry_run_starts_nothing(self):
        engines, path = self.two_engines(
            load={"concurrency": [1, 4]}, repeats=2,
            window={"warmup_s": 0.1, "seconds": 0.3, "requests": 0, "probes": 1})
        text = self.assert_good(self.tokamark("run", path, "--dry-run"))
        ids = [f"r{repeat}-{engine}-chat-c{level}" for repeat in (1, 2)
               for engine in ("vllm", "sglang") for level in (1, 4)]
        for trial in ids:
            self.assertEqual(1, text.count(f"{trial} "), f"{trial} in\n{text}")
        for engine in engines:
            line = next(line for line in text.splitlines() if f"--port {engine['port']}" in line)
            self.assertIn(f"sim --profile {engine['profile']}", line)
            self.assertIn("--served-model-name smollm2", line)
        self.assertEqual(["study.yaml"], sorted(p.name for p in self.folder.glob("*")
                                                if p.suffix not in (".out", ".err")))
        self.assert_nothing_left()

        # The run does what the dry run said, in that order.
        results = Results(self.folder / "out")
        self.assert_measured(self.tokamark("run", path, "--output", results.folder), results)
        shown = re.findall(r"^ +(r\d\S+-c\d+) ", text, re.MULTILINE)
        self.assertEqual(results.planned_ids(), shown)

    def test_engine_filter(self):
        _, path = self.two_engines()
        text = self.assert_good(self.tokamark("run", path, "--dry-run", "--engine", "sglang"))
        self.assertIn("r1-sglang-chat-c8", text)
        self.assertNotIn("r1-vllm-chat-c8", text)
        results = Results(self.folder / "out")
        self.assert_measured(self.tokamark("run", path, "--engine", "vllm", "--output",
                                           results.folder), results)
        self.assertEqual(["r1-vllm-chat-c8"], [t["id"] for t in results.trials])

    def test_unknown_engine(self):
        _, path = self.two_engines()
        self.assert_error(self.tokamark("run", path, "--engine", "sglong"), EXIT_USAGE,
                          "sglong", "vllm", "sglang")

    def test_set_changes_the_study(self):
        _, path = self.two_engines()
        text = self.assert_good(self.tokamark(
            "run", path, "--dry-run", "--set", "load.concurrency=[3]", "--set", "repeats=2",
            "--set", "engines.0.args=[--startup-s, 0.5]", "--set", "window.seconds=7"))
        self.assertIn("r2-vllm-chat-c3", text)
        self.assertIn("--startup-s 0.5", text)
        results = Results(self.folder / "out")
        self.assert_measured(
            self.tokamark("run", path, "--engine", "vllm", "--set", "load={rate_per_s: [20]}",
                          "--output", results.folder), results)
        self.assertEqual({"kind": "open", "rate_per_s": 20, "arrivals": "poisson"},
                         results.trials[0]["load"])

    def test_bad_set_names_the_key(self):
        _, path = self.two_engines()
        self.assert_error(self.tokamark("run", path, "--set", "window.secands=4"), EXIT_USAGE,
                          "--set", "secands", "seconds")
        self.assert_error(self.tokamark("run", path, "--set", "window.seconds=soon"), EXIT_USAGE,
                          "window.seconds", "soon", "number")
        self.assert_error(self.tokamark("run", path, "--set", "window.seconds"), EXIT_USAGE,
                          "window.seconds", "PATH=VALUE")

    def test_config_is_the_study(self):
        _, path = self.two_engines()
        self.assertEqual(self.assert_good(self.tokamark("run", path, "--dry-run")),
                         self.assert_good(self.tokamark("run", "--config", path, "--dry-run")))

    def test_list_engines(self):
        listed = self.assert_good(self.tokamark("engines"))
        for kind in ("llama-cpp", "openai", "simulated", "vllm"):
            self.assertRegex(listed, rf"(?m)^{kind} +(yes|no) ")
        self.assertEqual(listed, self.assert_good(self.tokamark("--list-engines")))
        self.assertEqual(listed, self.assert_good(self.tokamark("run", "--list-engines")))

    def test_prompts_of_every_workload(self):
        _, path = self.two_engines()
        prompts = self.folder / "prompts.yaml"
        prompts.write_text("short: [one two three, four five six]\ncode: [int main]\n")
        results = Results(self.folder / "out")
        # A relative path is relative to where the command runs.
        self.assert_measured(self.tokamark("run", path, "--engine", "vllm", "--prompts",
                                           "prompts.yaml", "--output", results.folder), results)
        categories = {r["category"] for r in results.records("r1-vllm-chat-c8")}
        self.assertEqual({"short", "code"}, categories)

    def test_usage_errors(self):
        for arguments, named in (
                (["run"], "STUDY"),
                (["frobnicate"], "frobnicate"),
                (["run", "x.yaml", "--frobnicate"], "--frobnicate"),
                (["run", "x.yaml", "--export", "stone"], "stone"),
                (["bench"], "--url"),
                (["bench", "--url", "http://127.0.0.1:9", "-c", "many"], "many"),
                (["bench", "--url", "http://127.0.0.1:9", "--api", "telepathy"], "telepathy"),
                (["report", "nowhere"], "nowhere is not a results folder"),
                (["run", "--resume", "nowhere"], "nowhere is not a results folder")):
            with self.subTest(arguments):
                self.assert_error(self.tokamark(*arguments), EXIT_USAGE, named)


class BadStudyCase(IntegrationCase):
    """Mistakes in a study are told with their place, before anything starts or is written."""

    def assert_refused(self, study, *parts):
        path = self.write_study(study)
        self.assert_error(self.tokamark("run", path, "--output", "out"), EXIT_STUDY, *parts)
        self.assertFalse((self.folder / "out").exists())

    def study_text(self, window):
        return ("model: {name: smollm2}\n"
                "engines:\n"
                '  - {name: a, kind: openai, url: "http://127.0.0.1:9"}\n'
                "workloads:\n"
                "  - {name: chat, input_tokens: 32, output_tokens: 32}\n"
                "load: {concurrency: [8]}\n"
                f"window: {window}\n")

    def test_unknown_key(self):
        self.assert_refused(self.study_text("{warmups: 1, seconds: 1}"),
                            "study.yaml:7:10", '"warmups"', '"warmup_s"')

    def test_wrong_type(self):
        self.assert_refused(self.study_text("{warmup_s: 1, seconds: soon}"),
                            "study.yaml:7:32", "window.seconds", "number", '"soon"')

    def test_fewer_requests_than_streams(self):
        self.assert_refused(self.study_text("{warmup_s: 1, seconds: 1, requests: 4}"),
                            "study.yaml:", "requests", "8")

    def test_not_yaml(self):
        self.assert_refused(self.study_text("{warmup_s: 1"), "study.yaml:")

    def test_missing_study_file(self):
        self.assert_error(self.tokamark("run", "nowhere.yaml"), EXIT_STUDY, "nowhere.yaml",
                          "No such file")

    def test_explain(self):
        listed = self.tokamark("explain")
        self.assertEqual(0, listed.code, listed)
        codes = [line.split()[0] for line in listed.out.splitlines()]
        self.assertIn("client_late", codes)
        documented = (Path(self.source) / "docs" / "METRICS.md").read_text()
        for code in codes:
            self.assertIn(f"| `{code}` |", documented)
            self.assertIn("What to do:", self.tokamark("explain", code).out)
        self.assert_error(self.tokamark("explain", "client_lat"), EXIT_USAGE, "client_lat",
                          "client_late")
        self.assertIn("preemptions above 0", self.tokamark("explain", "kv_cache_preempts").out)

    def test_missing_prompts_file(self):
        study = least_study("http://127.0.0.1:9", workloads=[
            {"name": "chat", "prompts": "nowhere.jsonl", "output_tokens": 8}])
        self.assert_refused(study, "nowhere.jsonl")
        path = self.write_study(least_study("http://127.0.0.1:9"))
        self.assert_error(self.tokamark("run", path, "--prompts", "nowhere.txt", "--output",
                                        "out"), EXIT_STUDY, "nowhere.txt")
        self.assertFalse((self.folder / "out").exists())
