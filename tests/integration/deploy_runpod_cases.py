"""deploy/runpod/run-study against stand-ins: the pod is removed on every way out. Nothing here
reaches RunPod."""

import os
import signal
import subprocess

from deploy_pod import TOKEN, DeployCase

MANY = 999
EXIT_POD_LEFT = 90
# What fails, the exit status, the last step of tokamark that was reached, and whether a run had
# begun, so that its results must be here.
FAILED_STEPS = [
    ("pod get", 1, None, False),
    ("ssh true", 1, None, False),
    ("ssh timer", 1, None, False),
    ("ssh copy", 1, None, False),
    ("ssh begin", 1, None, False),
    ("build", 7, None, False),
    ("setup", 4, "setup", False),
    ("fetch", 3, "fetch", False),
    ("doctor", 3, "doctor", False),
    ("run", 5, "run", True),
]


class RunStudyCase(DeployCase):

    def test_a_study_runs_and_the_pod_is_deleted(self):
        finished = self.run_study(fail={"pod get": 2, "ssh true": 1})
        self.assertEqual(0, finished.code, finished)
        self.assertEqual(["setup", "fetch", "doctor", "run"], self.steps())
        results = self.disk / "workspace" / "results"
        self.assertEqual(
            [["setup", "--study", "studies/quickstart.yaml"],
             ["fetch", "--study", "studies/quickstart.yaml"],
             ["doctor", "studies/quickstart.yaml", "--json", f"{results}/one.doctor.json"],
             ["run", "studies/quickstart.yaml", "--output", f"{results}/one"]],
            self.calls("tokamark"))
        self.assertEqual("whole", self.result())
        self.assertTrue((self.output / "one.doctor.json").exists())
        logs = self.output / "one.logs"
        self.assertIn("tokamark run says hello", (logs / "run.log").read_text())
        self.assertIn("packages: build", (logs / "build.log").read_text())
        self.assert_pod_deleted(finished)
        # The file that git ignores stayed here.
        self.assertFalse((self.disk / "workspace" / "tokamark" / "ignored").exists())

    def test_the_pod_is_asked_for_with_a_deadline(self):
        self.run_study("--max-hours", "3", "--gpu", "NVIDIA L4", "--volume-gb", "77")
        words = self.pod_calls("create")[-1]
        value = {flag: words[words.index(flag) + 1] for flag in words if flag.startswith("--")}
        self.assertEqual("NVIDIA L4", value["--gpu-id"])
        self.assertEqual("77", value["--volume-in-gb"])
        self.assertEqual("/workspace", value["--volume-mount-path"])
        stop, delete = (self.seconds_of(value[flag]) for flag in
                        ("--stop-after", "--terminate-after"))
        self.assertEqual(48 * 3600, delete - stop)
        timer = next(words[-1] for words in self.calls("ssh") if "-- timer" in words[-1])
        left = int(timer.split()[-2])
        self.assertTrue(3 * 3600 - 90 <= left <= 3 * 3600, left)
        self.assertEqual("pod1", timer.split()[-1])

    def seconds_of(self, text):
        done = subprocess.run(["date", "-u", "-d", text, "+%s"], capture_output=True, check=True)
        return int(done.stdout)

    def test_the_token_is_in_no_call_and_no_file(self):
        finished = self.run_study()
        self.assertEqual(0, finished.code, finished)
        for step in ("setup", "fetch", "doctor", "run"):
            self.assertEqual(TOKEN, (self.fake / f"token-of-{step}").read_text())
            self.assertEqual("as usual", (self.fake / f"sigint-of-{step}").read_text())
        self.assert_token_kept(finished)

    def test_every_failed_step_removes_the_pod(self):
        for point, code, last_step, has_results in FAILED_STEPS:
            with self.subTest(point):
                self.forget()
                finished = self.run_study("--start-timeout", "1", fail={point: MANY})
                self.assertEqual(code, finished.code, finished)
                self.assertEqual(last_step, (self.steps() or [None])[-1], finished)
                self.assertEqual("invalid" if has_results else None, self.result(), finished)
                self.assert_pod_deleted(finished)
                self.assertIn("error: " if code == 1 else "ended with status",
                              finished.err + finished.out)
                self.assert_token_kept(finished)

    def test_nothing_is_rented_where_something_is_missing(self):
        finished = self.run_study(fail={"first list": MANY})
        self.assertEqual(1, finished.code, finished)
        self.assertEqual([], self.rented(), finished)
        finished = self.run_study("--ssh-key", self.folder / "none")
        self.assertEqual(1, finished.code, finished)
        self.assertIn("there is no key file", finished.err)
        self.assertEqual([], self.rented(), finished)

    def rented(self):
        return [words for words in self.pod_calls("create") if "--name" in words]

    def test_bad_usage(self):
        program = self.checkout / "deploy" / "runpod" / "run-study"
        study = self.checkout / "studies" / "quickstart.yaml"
        for words in ([], [self.folder / "none.yaml"], [study, "--bogus"], [study, "--gpu"],
                      [study, "--max-hours", "0"], [study, "--max-hours", "200"],
                      [study, "--name", "a/b"], [study, study], ["/etc/passwd"]):
            done = subprocess.run([program, *words], env=self.environment(), cwd=self.folder,
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(2, done.returncode, (words, done.stderr))
        self.assertEqual([], self.calls("runpodctl"))

    def test_dry_run_rents_nothing(self):
        finished = self.run_study("--dry-run")
        self.assertEqual(0, finished.code, finished)
        self.assertEqual([], self.calls("runpodctl") + self.calls("ssh"))
        for text in ("runpodctl pod create", "tokamark setup --study", "tokamark fetch --study",
                     "tokamark doctor", "tokamark run", "runpodctl pod delete POD"):
            self.assertIn(text, finished.out)
        self.assert_token_kept(finished)

    # Creation

    def test_a_creation_that_failed_is_looked_up(self):
        finished = self.run_study(fail={"pod create": MANY})
        self.assertEqual(1, finished.code, finished)
        self.assertGreaterEqual(len(self.pod_calls("list")), 3, finished)
        self.assertEqual([], self.pod_calls("delete") + self.pod_calls("stop"))

    def test_a_pod_of_an_unclear_creation_is_found_and_deleted(self):
        for point in ("create then fail", "create then babble"):
            with self.subTest(point):
                self.forget()
                finished = self.run_study(fail={point: MANY, "new pods are not listed": 1})
                self.assertEqual(1, finished.code, finished)
                self.assertEqual(["pod", "delete", "pod1"], self.pod_calls("delete")[0])
                self.assert_pod_deleted(finished)

    def test_a_pod_that_cannot_be_looked_up_is_shouted(self):
        finished = self.run_study(fail={"create then fail": MANY, "pod list": MANY})
        self.assertEqual(EXIT_POD_LEFT, finished.code, finished)
        self.assertIn("MAY BE RUNNING", finished.err)
        self.assertIn(self.pods()[0]["name"], finished.err)

    # Removal

    def test_removal_is_tried_until_the_pod_is_gone(self):
        for fail in ({"pod delete": 4}, {"pod delete in vain": 4}, {"pod list": 7}):
            with self.subTest(str(fail)):
                self.forget()
                finished = self.run_study(fail=fail)
                self.assertEqual(0, finished.code, finished)
                self.assert_pod_deleted(finished)

    def test_a_pod_that_cannot_be_deleted_is_stopped(self):
        finished = self.run_study(fail={"pod delete": MANY})
        self.assertEqual(EXIT_POD_LEFT, finished.code, finished)
        self.assertEqual("EXITED", self.pods()[0]["desiredStatus"])
        self.assertIn("POD pod1 IS STOPPED BUT NOT DELETED", finished.err)
        self.assertIn("runpodctl pod delete pod1", finished.err)

    def test_a_pod_that_cannot_be_stopped_is_shouted(self):
        finished = self.run_study(fail={"pod delete": MANY, "pod stop": MANY})
        self.assertEqual(EXIT_POD_LEFT, finished.code, finished)
        self.assertIn("POD pod1 COULD NOT BE STOPPED. IT IS STILL RUNNING", finished.err)
        self.assertIn("runpodctl pod delete pod1", finished.err)
        self.assertEqual("whole", self.result())

    def test_results_that_cannot_be_fetched_are_kept_on_a_stopped_pod(self):
        finished = self.run_study(fail={"ssh results": MANY, "pod stop": 2})
        self.assertEqual(1, finished.code, finished)
        self.assertEqual(["EXITED"], [pod["desiredStatus"] for pod in self.pods()])
        self.assertEqual([], self.pod_calls("delete"))
        self.assertIn("runpodctl pod start pod1", finished.out)

    def test_results_on_a_network_volume_need_no_pod(self):
        finished = self.run_study("--network-volume", "nv1", fail={"ssh results": MANY})
        self.assertEqual(1, finished.code, finished)
        self.assertIn("nv1", self.pod_calls("create")[-1])
        self.assertNotIn("--volume-in-gb", self.pod_calls("create")[-1])
        self.assert_pod_deleted(finished)

    def test_keep_leaves_the_pod_and_says_so(self):
        finished = self.run_study("--keep")
        self.assertEqual(0, finished.code, finished)
        self.assertEqual(["RUNNING"], [pod["desiredStatus"] for pod in self.pods()])
        self.assertIn("COSTS MONEY", finished.err)

    # Signals

    def start_until(self, point):
        program = self.start_study(hold=point)
        self.wait_for(lambda: (self.fake / "holding").exists(), f"{point} is reached", program)
        return program

    def signal_at_every_step(self, number):
        for point in ("pod create", "pod get", "ssh copy", "setup", "fetch", "doctor", "run"):
            with self.subTest(point):
                self.forget()
                program = self.start_until(point)
                program.send(number)
                if point != "run":
                    (self.fake / "release").touch()
                finished = program.finish()
                self.assertEqual(128 + number, finished.code, finished)
                self.assert_pod_deleted(finished)
                if point == "run":
                    self.assertEqual("partial after SIGINT", self.result(), finished)

    def test_sigint_at_every_step_removes_the_pod(self):
        self.signal_at_every_step(signal.SIGINT)

    def test_sigterm_at_every_step_removes_the_pod(self):
        self.signal_at_every_step(signal.SIGTERM)

    def test_sighup_at_every_step_removes_the_pod(self):
        self.signal_at_every_step(signal.SIGHUP)

    def test_signals_during_the_removal_do_not_stop_it(self):
        program = self.start_until("ssh results")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            program.send(number)
        (self.fake / "release").touch()
        finished = program.finish()
        self.assertEqual(0, finished.code, finished)
        self.assertEqual("whole", self.result())
        self.assert_pod_deleted(finished)

    def test_a_closed_terminal_does_not_leave_the_pod(self):
        reader, writer = os.pipe()
        program = subprocess.Popen(
            [self.checkout / "deploy" / "runpod" / "run-study",
             self.checkout / "studies" / "quickstart.yaml", "--name", "one", "--output",
             self.output, "--poll-seconds", "0.05"],
            stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, cwd=self.folder,
            env=self.environment(hold="run"))
        os.close(writer)
        self.wait_for(lambda: (self.fake / "holding").exists(), "the run has begun")
        os.close(reader)
        program.send_signal(signal.SIGHUP)
        # By the signal, or by a line that could not be written any more.
        self.assertIn(program.wait(60), (1, 128 + signal.SIGHUP, 128 + signal.SIGPIPE))
        self.assertEqual("partial after SIGINT", self.result())
        self.assertEqual([], self.pods())

    # Time and the network

    def test_the_hours_end_before_the_pod_does(self):
        program = self.start_until("run")
        # The default is 12 hours; 11 h 50 min have passed.
        (self.fake / "clock").write_text(str(11 * 3600 + 50 * 60))
        finished = program.finish()
        self.assertEqual(1, finished.code, finished)
        self.assertIn("--max-hours 12 is nearly over", finished.err)
        self.assertEqual("partial after SIGINT", self.result())
        self.assert_pod_deleted(finished)

    def test_a_network_that_fails_for_a_moment_ends_nothing(self):
        finished = self.run_study(fail={"ssh poll": 9, "ssh begin": 1, "ssh results": 1})
        self.assertEqual(0, finished.code, finished)
        self.assertEqual(["setup", "fetch", "doctor", "run"], self.steps())
        self.assertEqual("whole", self.result())

    def test_a_pod_that_is_lost_is_removed(self):
        finished = self.run_study(fail={"ssh poll": MANY})
        self.assertEqual(1, finished.code, finished)
        self.assertIn("has not answered 30 times in a row", finished.err)
        self.assert_pod_deleted(finished)

    def test_the_pod_stops_itself(self):
        self.disk.mkdir()
        (self.fake / "pods.json").write_text('[{"id": "pod1", "desiredStatus": "RUNNING"}]')
        (self.disk / "environ").write_bytes(b"RUNPOD_POD_ID=pod1\0SECRET=x\0")
        environment = dict(self.environment(), TOKAMARK_FIRST_PROCESS=str(self.disk / "environ"))
        with open(self.checkout / "deploy" / "runpod" / "on-pod", "rb") as script:
            subprocess.run(["bash", "-s", "--", "timer", "0", "pod1"], stdin=script, check=True,
                           cwd=self.folder, env=environment, timeout=60)
        self.wait_for(lambda: self.calls("runpodctl"), "the pod stops itself")
        self.assertEqual([["stop", "pod", "pod1"]], self.calls("runpodctl"))
        self.wait_for(lambda: self.pods()[0]["desiredStatus"] == "EXITED", "it is stopped")

    def test_the_image_gives_its_variables_to_the_study_and_runpod_does_not(self):
        self.disk.mkdir()
        (self.disk / "environ").write_bytes(
            b"RUNPOD_API_KEY=rpa_of_the_pod\0CUDA_HOME=/usr/local/cuda\0"
            b"PATH=/usr/local/cuda/bin:/usr/bin\0")
        finished = self.run_study()
        self.assertEqual(0, finished.code, finished)
        seen = (self.fake / "environment-of-run").read_text().splitlines()
        self.assertIn("CUDA_HOME=/usr/local/cuda", seen)
        path = next(line for line in seen if line.startswith("PATH="))
        self.assertIn(":/usr/local/cuda/bin:", path)
        self.assertNotIn("RUNPOD_API_KEY=rpa_of_the_pod", seen)

    def test_a_name_on_the_volume_is_resumed(self):
        results = self.disk / "workspace" / "results" / "one"
        results.mkdir(parents=True)
        (results / "invocation.json").write_text("{}")
        finished = self.run_study("--network-volume", "nv1")
        self.assertEqual(0, finished.code, finished)
        self.assertEqual(["run", "--resume", str(results)], self.calls("tokamark")[-1])
