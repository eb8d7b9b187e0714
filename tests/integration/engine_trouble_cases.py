"""Engines that do not start or die: one line, exit code 4, nothing left. What is seen before the
start, a port in use or a program that is not there, is a refusal: exit code 3."""

import os
import signal
import socket

from case import EXIT_ENGINE, EXIT_STUDY, IntegrationCase, least_study
from results import Results


class EngineTroubleCase(IntegrationCase):

    def run_study(self, engines, **changes):
        path = self.write_study(least_study("", engines=engines, **changes))
        return self.tokamark("run", path, "--output", "out")

    def assert_engine_error(self, finished, *parts):
        line = self.assert_error(finished, EXIT_ENGINE, *parts)
        self.assert_nothing_left()
        return line

    def assert_refused(self, finished, *parts):
        self.assert_error(finished, EXIT_STUDY, "cannot run the study", *parts)
        self.assertFalse((self.folder / "out").exists())
        self.assert_nothing_left()

    def simulated(self, name, **more):
        return {"name": name, "kind": "simulated", "profile": "tiny-vllm",
                "port": self.free_port(), **more}

    def test_port_in_use(self):
        with socket.socket() as listener:
            port = self.free_port()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()
            finished = self.run_study([self.simulated("a", port=port)])
        self.assert_refused(finished, "a.port", f"port {port}", "in use", f"pid {os.getpid()}",
                            "another `port`")

    def test_sim_port_in_use(self):
        port = self.start_sim().rsplit(":", 1)[1]
        self.assert_engine_error(self.tokamark("sim", "--port", port), port, "in use")

    def test_engine_exits_at_start(self):
        self.assert_engine_error(self.run_study([self.fake_llama_engine("exit")]),
                                 '"fake"', "exited with code 3", "made of cheese", "out/logs/")
        results = Results(self.folder / "out")
        [failure] = results.json["manifest"]["engine_failures"]
        self.assertIn("exited with code 3", failure)
        self.assertIn("exited with code 3", (self.folder / "out" / "summary.md").read_text())

    def test_engine_exits_silently(self):
        self.assert_engine_error(self.run_study([self.fake_llama_engine("silent")]),
                                 '"fake"', "exited with code 3", "nothing", "out/logs/")

    def test_engine_never_ready(self):
        engine = self.fake_llama_engine("hang", start_timeout_s=2)
        self.assert_engine_error(self.run_study([engine]), '"fake"', "not ready within 2 s",
                                 "start_timeout_s", "loading model")

    def test_missing_program(self):
        engine = self.fake_llama_engine("serve")
        engine["binary"] = str(self.folder / "no-such-server")
        self.assert_refused(self.run_study([engine]), "fake.launch", "no-such-server")

    def test_missing_model_file(self):
        engine = self.fake_llama_engine("serve")
        engine["model"] = str(self.folder / "nowhere.gguf")
        self.assert_refused(self.run_study([engine]), "fake.launch", "nowhere.gguf", "`model`")

    def test_wrong_model_name(self):
        url = self.start_sim(model="smollm2")
        finished = self.run_study([{"name": "a", "kind": "openai", "url": url}],
                                  model={"name": "smollm3"})
        self.assert_engine_error(finished, url, '"smollm3"', '"smollm2"', "model.name")
        self.assert_engine_error(
            self.tokamark("bench", "--url", url, "--model", "smollm3"), '"smollm3"', '"smollm2"')

    def test_unreachable_url(self):
        url = f"http://127.0.0.1:{self.free_port()}"
        finished = self.run_study([{"name": "a", "kind": "openai", "url": url}])
        self.assert_engine_error(finished, url, "does not answer", "curl")
        self.assert_engine_error(self.tokamark("bench", "--url", url), url, "does not answer")

    def test_unknown_host(self):
        url = "http://no-such-host.invalid:8000"
        self.assert_engine_error(self.tokamark("bench", "--url", url), "no-such-host.invalid")

    def test_wrong_version(self):
        engine = self.simulated("a", version="9.9")
        self.assert_engine_error(self.run_study([engine]), '"a"', "9.9", "0.32.0", "version")

    def test_other_engines_go_on(self):
        engines = [self.fake_llama_engine("exit"), self.simulated("good")]
        finished = self.run_study(engines)
        self.assert_engine_error(finished, '"fake"', "made of cheese", "out")
        results = Results(self.folder / "out")
        self.assertEqual(["r1-good-chat-c8"], [t["id"] for t in results.trials])
        self.assertNotEqual("incomplete", results.trials[0]["verdict"])

    def test_engine_killed_in_a_trial(self):
        """Its trial is incomplete, its later ones are left out, the other engine's all run."""
        victim = self.fake_llama_engine("serve", name="victim")
        path = self.write_study(least_study(
            "", engines=[victim, self.simulated("other")], load={"concurrency": [2, 4]},
            window={"warmup_s": 0.3, "seconds": 2, "requests": 0, "probes": 1}))
        program = self.start_tokamark("run", path, "--output", "out")
        # The readiness check, the probe, and then some of the load.
        self.wait_for(lambda: self.served_by_fake("victim") >= 8, "the victim is under load",
                      program)
        leader = [pid for pid, command in self.product_processes()
                  if f"--port {victim['port']}" in command and "guard" not in command
                  and os.getsid(pid) == pid and "fake_llama_server" in command]
        os.kill(min(leader), signal.SIGKILL)
        finished = program.finish()
        self.assert_engine_error(finished, '"victim"', "signal 9", "out/logs/")
        results = Results(self.folder / "out")
        by_id = {trial["id"]: trial for trial in results.trials}
        self.assertEqual({"r1-victim-chat-c2", "r1-other-chat-c2", "r1-other-chat-c4"},
                         set(by_id), finished)
        broken = by_id["r1-victim-chat-c2"]
        self.assertEqual("incomplete", broken["verdict"])
        self.assertEqual(["stopped"], [code["code"] for code in broken["codes"]])
        self.assertIn("signal 9", broken["codes"][0]["evidence"])
        self.assertGreater(len(results.records(broken["id"], phase=None)), 0)
        for level in (2, 4):
            self.assertNotEqual("incomplete", by_id[f"r1-other-chat-c{level}"]["verdict"])
