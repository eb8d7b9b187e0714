"""kill -9, Ctrl-C, and --resume: nothing orphaned, nothing measured lost or repeated."""

import os
import signal

from case import EXIT_INTERRUPTED, EXIT_OUTPUT, IntegrationCase, least_study
from results import Results

LEVELS = [1, 2, 3]
# A server that gets this many requests after its first trial is within its second.
INTO_THE_NEXT = 4


class InterruptionCase(IntegrationCase):

    def start_in_second_trial(self, engine, served):
        """Starts a study of three trials; returns when the first lies on disk and the second is
        under load. `served` counts the engine's requests."""
        path = self.write_study(least_study(
            "", engines=[engine], load={"concurrency": LEVELS},
            window={"warmup_s": 0.3, "seconds": 2, "requests": 0, "probes": 1}))
        results = Results(self.folder / "out")
        program = self.start_tokamark("run", path, "--output", results.folder)
        self.wait_for(results.ids_on_disk, "the first trial is written", program)
        before = served()
        self.wait_for(lambda: served() >= before + INTO_THE_NEXT, "the second trial runs", program)
        self.assertEqual(1, len(results.ids_on_disk()))
        return program, results

    def simulated(self):
        truth = self.servers_folder / "truth.jsonl"
        engine = {"name": "sim", "kind": "simulated", "profile": "tiny-vllm",
                  "port": self.free_port(), "args": ["--truth-file", str(truth)]}
        return engine, lambda: truth.read_text().count("\n") if truth.exists() else 0

    def fake(self, mode="serve", **more):
        return self.fake_llama_engine(mode, **more), self.served_by_fake

    def resume(self, results):
        """--resume ends with every planned trial, and leaves the finished ones alone."""
        first = results.ids_on_disk()[0]
        before = results.files(f"trials/{first}")
        inodes = {name: os.stat(results.folder / name).st_ino for name in before
                  if not name.endswith("summary.json")}  # summaries are rebuilt, to the same bytes
        finished = self.tokamark("run", "--resume", results.folder)
        self.assert_measured(finished, results)
        self.assertEqual(sorted(results.planned_ids()), results.ids_on_disk())
        self.assertEqual(before, results.files(f"trials/{first}"))
        for name, inode in inodes.items():
            self.assertEqual(inode, os.stat(results.folder / name).st_ino, f"{name} was replaced")
        self.assertNotIn(f"  {first}  ", finished.out)
        self.assert_nothing_left()
        # No half-written folder stays behind either.
        self.assertEqual([], [p.name for p in (results.folder / "trials").glob(".*")])

    def check_kill(self, engine, served):
        program, results = self.start_in_second_trial(engine, served)
        first = results.ids_on_disk()[0]
        before = results.files(f"trials/{first}")
        program.send(signal.SIGKILL)
        program.finish()
        self.wait_until_nothing_left()
        self.assertEqual(before, results.files(f"trials/{first}"))
        # The folder can be summarised as it is.
        self.assertEqual(0, self.tokamark("report", results.folder).code)
        self.assertEqual([first], [trial["id"] for trial in results.trials])
        missing = [one for one in results.planned_ids() if one != first]
        self.assertCountEqual(missing, results.json["manifest"]["trials_missing"])
        self.assertIn("Of 3 trials planned, 2 are not there",
                      (results.folder / "summary.md").read_text())
        self.resume(results)
        self.assertEqual([], results.json["manifest"]["trials_missing"])
        self.assertFalse((results.folder / "superseded").exists())

    def test_kill_with_simulated_engine(self):
        self.check_kill(*self.simulated())

    def test_kill_with_workers_in_own_session(self):
        self.check_kill(*self.fake())

    def test_kill_with_stubborn_engine(self):
        self.check_kill(*self.fake("stubborn", stop_timeout_s=1))

    def test_kill_while_engine_starts(self):
        engine = self.fake_llama_engine("hang")
        path = self.write_study(least_study("", engines=[engine]))
        program = self.start_tokamark("run", path, "--output", "out")
        self.wait_for(lambda: any("fake-mode" in command and "guard" not in command
                                  for _, command in self.product_processes()),
                      "the engine is started", program)
        program.send(signal.SIGKILL)
        program.finish()
        self.wait_until_nothing_left()

    def test_interrupt_once(self):
        program, results = self.start_in_second_trial(*self.simulated())
        first = results.ids_on_disk()[0]
        program.send(signal.SIGINT)
        finished = program.finish()
        self.assertEqual(EXIT_INTERRUPTED, finished.code, finished)
        self.assert_nothing_left()
        last = finished.err.strip().splitlines()[-1]
        self.assertTrue(last.startswith("tokamark: "), finished)
        self.assertIn(f"tokamark run --resume {results.folder}", last)
        broken = next(trial for trial in results.trials if trial["id"] != first)
        self.assertEqual("incomplete", broken["verdict"])
        self.assertEqual(["stopped"], [code["code"] for code in broken["codes"]])
        self.assert_good_verdict(results.trial(first), finished)
        kept = len(results.records(broken["id"], phase=None))
        self.assertGreater(kept, 0)
        self.resume(results)
        # What the broken trial had measured is kept beside the repeated one.
        self.assertEqual([f"{broken['id']}-1"],
                         [p.name for p in (results.folder / "superseded").iterdir()])

    def test_interrupt_while_engine_starts(self):
        engine = self.fake_llama_engine("hang")
        path = self.write_study(least_study("", engines=[engine]))
        program = self.start_tokamark("run", path, "--output", "out")
        self.wait_for(lambda: any("fake-mode" in command for _, command in
                                  self.product_processes()), "the engine is started", program)
        program.send(signal.SIGINT)
        finished = program.finish()
        self.assertEqual(EXIT_INTERRUPTED, finished.code, finished)
        self.assert_nothing_left()
        self.assertIn("--resume", finished.err.strip().splitlines()[-1])

    def test_interrupt_twice(self):
        """The engine ignores SIGTERM for as long as it may, so only the second signal can end
        tokamark before the deadline."""
        program, _ = self.start_in_second_trial(*self.fake("stubborn", stop_timeout_s=3000))
        program.send(signal.SIGINT)
        self.wait_for(lambda: "stopping" in program.err, "the first signal is heard", program)
        program.send(signal.SIGINT)
        self.assertEqual(EXIT_INTERRUPTED, program.finish().code)
        self.wait_until_nothing_left()

    def test_terminate_is_like_interrupt(self):
        program, results = self.start_in_second_trial(*self.fake())
        program.send(signal.SIGTERM)
        finished = program.finish()
        self.assertEqual(EXIT_INTERRUPTED, finished.code, finished)
        self.assert_nothing_left()
        self.assertIn(f"--resume {results.folder}", finished.err)

    def test_one_run_at_a_time(self):
        program, results = self.start_in_second_trial(*self.simulated())
        for command in (("run", "--resume"), ("report",)):
            finished = self.tokamark(*command, results.folder)
            self.assert_error(finished, EXIT_OUTPUT, "another tokamark", str(results.folder))
        self.assert_measured(program.finish(), results)
