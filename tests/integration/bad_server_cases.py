"""Servers that answer, but not well: the verdict says so, and no request is lost from a count."""

import openai_server
from case import EXIT_MEASUREMENT, IntegrationCase, least_study
from results import Results


class BadServerCase(IntegrationCase):

    def measure(self, answer, **changes):
        server = openai_server.OpenAiServer(answer).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        changes.setdefault("load", {"concurrency": [2]})
        # As many probes as the server has ways to answer: one of them is good.
        changes.setdefault("window", {"warmup_s": 0.5, "seconds": 1, "requests": 0, "probes": 4})
        path = self.write_study(least_study(server.url, **changes))
        results = Results(self.folder / "out")
        return self.tokamark("run", path, "--output", results.folder), results

    def codes(self, trial):
        return {code["code"]: code for code in trial["codes"]}

    def test_errors_stay_in_the_counts(self):
        finished, results = self.measure(openai_server.every_second_fails)
        self.assert_error(finished, EXIT_MEASUREMENT, "1 of 1 trials", "summary.md")
        trial = results.trials[0]
        self.assertEqual("invalid", trial["verdict"])
        self.assertIn("errors", self.codes(trial))
        records = results.records(trial["id"])
        failed = [record for record in records if record["status"] == "failed"]
        self.assertGreater(len(failed), 0)
        counts = trial["counts"]
        self.assertEqual((len(records), len(failed), len(records) - len(failed)),
                         (counts["scheduled"], counts["failed"], counts["succeeded"]))
        for name in ("ttft_ms", "e2e_ms"):
            self.assertEqual(len(records), trial["metrics"][name]["n"], name)
        for record in failed:
            self.assertEqual(("http_status", 500, "the flux capacitor is empty"),
                             (record["error"], record["http_status"], record["error_message"]))

    def test_each_way_to_break_has_its_name(self):
        finished, results = self.measure(openai_server.breaks_in_four_ways)
        self.assert_error(finished, EXIT_MEASUREMENT, "1 of 1 trials")
        records = results.records(results.trials[0]["id"])
        self.assertEqual({None, "error_event", "connection_closed", "no_tokens"},
                         {record["error"] for record in records})
        told = {r["error_message"] for r in records if r["error"] == "error_event"}
        self.assertEqual({"out of cheese"}, told)
        for record in records:
            self.assertEqual("failed" if record["error"] else "succeeded", record["status"])
        self.assertEqual(len(records), results.trials[0]["metrics"]["ttft_ms"]["n"])

    def test_silence_is_a_timeout(self):
        finished, results = self.measure(openai_server.every_second_stalls,
                                         timeouts={"inter_chunk_s": 0.3})
        self.assert_error(finished, EXIT_MEASUREMENT, "1 of 1 trials")
        trial = results.trials[0]
        self.assertIn("errors", self.codes(trial))
        records = results.records(trial["id"])
        silent = [record for record in records if record["error"] == "inter_chunk_timeout"]
        self.assertGreater(len(silent), 0)
        self.assertEqual({"timed_out"}, {record["status"] for record in silent})
        self.assertEqual((len(records), len(silent)),
                         (trial["counts"]["scheduled"], trial["counts"]["timed_out"]))
        self.assertEqual(len(records), trial["metrics"]["e2e_ms"]["n"])

    def test_answer_in_one_piece(self):
        finished, results = self.measure(openai_server.all_at_once)
        self.assert_error(finished, EXIT_MEASUREMENT, "1 of 1 trials")
        trial = results.trials[0]
        self.assertEqual("invalid", trial["verdict"])
        self.assertIn("not_streaming", self.codes(trial))
        self.assertEqual(0, trial["counts"]["failed"])

    def test_connection_closed_with_notice(self):
        self.check_all_succeed(openai_server.closes_with_notice)

    def test_connection_closed_without_notice(self):
        self.check_all_succeed(openai_server.closes_without_notice)

    def check_all_succeed(self, answer):
        finished, results = self.measure(answer)
        self.assert_measured(finished, results)
        counts = results.trials[0]["counts"]
        self.assertGreater(counts["succeeded"], 2)
        self.assertEqual((0, 0), (counts["failed"], counts["timed_out"]))
