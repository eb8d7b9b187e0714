"""`tokamark bench`: a server that already runs, no study file."""

import json
import signal

import openai_server
from case import EXIT_INTERRUPTED, EXIT_STUDY, EXIT_USAGE, IntegrationCase
from results import Results

LENGTHS = ("--input-tokens", "16", "--output-tokens", "16")
SHORT = ("--model", "smollm2", "--duration", "1s", "--warmup", "300ms", "--calibration", "0s",
         *LENGTHS)


class BenchCase(IntegrationCase):

    def bench(self, url, *arguments, env=None):
        results = Results(self.folder / "out")
        finished = self.tokamark("bench", "--url", url, "--output", results.folder, *arguments,
                                 env=env)
        self.assert_measured(finished, results)
        return finished, results

    def scripted(self, answer=openai_server.good):
        server = openai_server.OpenAiServer(answer).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_closed_levels(self):
        finished, results = self.bench(self.start_sim(), *SHORT, "-c", "1,4")
        self.assertEqual([1, 4], [t["load"]["concurrency"] for t in results.trials])
        for trial in results.trials:
            self.assertEqual(0, trial["counts"]["failed"])
            self.assertGreater(trial["metrics"]["output_tokens_per_s"], 0)
        self.assertIn("SIMULATED", finished.out)

    def test_open_rates(self):
        for arrivals in ("constant", "poisson", "gamma:1.5"):
            with self.subTest(arrivals):
                results = Results(self.folder / arrivals.replace(":", "-"))
                finished = self.tokamark("bench", "--url", self.start_sim(), *SHORT, "--rate",
                                         "10,40", "--arrivals", arrivals, "--output",
                                         results.folder)
                self.assert_measured(finished, results)
                self.assertEqual([10, 40], [t["load"]["rate_per_s"] for t in results.trials])
                word = arrivals.partition(":")[0]
                self.assertEqual({word}, {t["load"]["arrivals"] for t in results.trials})

    def test_constant_rate_keeps_its_times(self):
        _, results = self.bench(self.start_sim(), *SHORT, "--rate", "20", "--arrivals", "constant")
        records = results.records(results.trials[0]["id"], phase=None)
        due = [record["scheduled_ns"] for record in records]
        gaps = {later - earlier for earlier, later in zip(due, due[1:])}
        self.assertTrue(all(abs(gap - 50_000_000) <= 1 for gap in gaps), gaps)

    def test_json_alone_on_standard_output(self):
        results = Results(self.folder / "out")
        finished = self.tokamark("bench", "--url", self.start_sim(), *SHORT, "--json", "-",
                                 "--output", results.folder)
        printed = json.loads(finished.out)
        self.assertEqual(results.json, printed)
        self.assertIn("Results: ", finished.err)

    def test_json_file(self):
        _, results = self.bench(self.start_sim(), *SHORT, "--json", "copy.json")
        self.assertEqual(results.json, json.loads((self.folder / "copy.json").read_text()))

    def test_slo_gives_goodput(self):
        url = self.start_sim()
        _, results = self.bench(url, *SHORT, "--slo", "ttft_ms <= 60000, tpot_ms <= 60000")
        metrics = results.trials[0]["metrics"]
        span = results.trials[0]["window"]
        good = results.trials[0]["counts"]["succeeded"] / (span["end_s"] - span["start_s"])
        self.assertAlmostEqual(good, metrics["goodput_requests_per_s"], places=6)
        # A limit that no answer meets: each takes 15 steps of two milliseconds.
        strict = Results(self.folder / "strict")
        self.assert_measured(self.tokamark("bench", "--url", url, *SHORT, "--slo", "e2e_ms <= 1",
                                           "--output", strict.folder), strict)
        self.assertEqual(0, strict.trials[0]["metrics"]["goodput_requests_per_s"])

    def test_headers_and_key_reach_the_server(self):
        server = self.scripted()
        self.bench(server.url, *SHORT, "--header", "X-Team: green", "--header", "X-Empty:",
                   "--api-key-env", "TEST_KEY", env={"TEST_KEY": "sesame"})
        for _, headers, _ in server.requests:
            sent = {name.lower(): value for name, value in headers.items()}
            self.assertEqual(("green", "", "Bearer sesame"),
                             (sent["x-team"], sent["x-empty"], sent["authorization"]))
        for name, content in Results(self.folder / "out").files().items():
            self.assertNotIn(b"sesame", content, f"{name} holds the key")

    def test_completions_api(self):
        server = self.scripted()
        _, results = self.bench(server.url, *SHORT, "--api", "completions")
        self.assertEqual({"/v1/completions"}, {path for path, _, _ in server.requests})
        self.assertTrue(all(isinstance(body["prompt"], (str, list))
                            for _, _, body in server.requests))
        self.assertEqual({16}, {r["output_tokens"] for r in results.records(
            results.trials[0]["id"])})

    def test_model_is_asked_for(self):
        server = self.scripted()
        self.bench(server.url, "--duration", "1s", "--warmup", "300ms", *LENGTHS)
        self.assertEqual({"smollm2"}, {body["model"] for _, _, body in server.requests})

    def test_prompts_file(self):
        server = self.scripted()
        (self.folder / "prompts.txt").write_text("a red house\na blue car\n")
        self.bench(server.url, "--model", "smollm2", "--duration", "1s", "--warmup", "300ms",
                   "--output-tokens", "8", "--prompts", "prompts.txt")
        texts = {body["messages"][-1]["content"] for _, _, body in server.requests}
        for prompt in ("a red house", "a blue car"):
            self.assertTrue(any(text.endswith(prompt) for text in texts), texts)

    def test_requests_alone_end_the_window(self):
        _, results = self.bench(self.start_sim(), "--model", "smollm2", *LENGTHS, "--requests",
                                "30", "--warmup", "100ms", "-c", "2")
        self.assertGreaterEqual(results.trials[0]["counts"]["scheduled"], 30)

    def test_default_folder(self):
        finished = self.tokamark("bench", "--url", self.start_sim(), *SHORT)
        made = list((self.folder / "results").iterdir())
        self.assertEqual(1, len(made), finished)
        self.assertRegex(made[0].name, r"^bench-\d{8}T?\d{6}Z?")
        self.assert_measured(finished, Results(made[0]))

    def test_interrupted_bench_resumes(self):
        server = self.scripted()
        results = Results(self.folder / "out")
        program = self.start_tokamark("bench", "--url", server.url, *SHORT, "-c", "1,2",
                                      "--output", "out")
        self.wait_for(results.ids_on_disk, "the first trial is written", program)
        before = len(server.requests)
        self.wait_for(lambda: len(server.requests) > before + 6, "the second trial runs", program)
        program.send(signal.SIGINT)
        finished = program.finish()
        self.assertEqual(EXIT_INTERRUPTED, finished.code, finished)
        self.assertIn("tokamark run --resume out", finished.err)
        self.assert_measured(self.tokamark("run", "--resume", "out"), results)
        self.assertEqual([1, 2], [t["load"]["concurrency"] for t in results.trials])

    def test_bad_flags(self):
        url = "http://127.0.0.1:9"
        for code, arguments, parts in (
                (EXIT_USAGE, ["--header", "nocolon"], ["--header", "nocolon"]),
                (EXIT_USAGE, ["--slo", "ttft <= 5"], ["ttft", "ttft_ms"]),
                (EXIT_USAGE, ["--arrivals", "sometimes", "--rate", "2"], ["sometimes", "poisson"]),
                (EXIT_STUDY, ["--prompts", "nowhere.txt"], ["nowhere.txt"])):
            with self.subTest(arguments):
                self.assert_error(self.tokamark("bench", "--url", url, "--model", "m",
                                                *arguments), code, *parts)
