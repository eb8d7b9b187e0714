"""A RunPod account that does not exist: stand-ins for runpodctl, ssh and the tokamark on the pod
(tests/deploy), a small checkout to copy, and what the cases ask of it afterwards."""

import json
import os
import shutil
import subprocess
import sys

from case import PRODUCT_MARK, IntegrationCase
from program import Program

TOKEN = "hf_a_secret_of_this_test"
PYTHON_FOLDER = os.path.dirname(sys.executable)


class DeployCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.stand_ins = self.source / "tests" / "deploy"
        self.fake = self.folder / "fake"
        self.output = self.folder / "results"
        self.disk = self.fake / "disk"
        self.fake.mkdir()
        self.checkout = self.make_checkout()

    def make_checkout(self):
        """deploy/ as it is, a study, and tools that build nothing."""
        checkout = self.folder / "checkout"
        shutil.copytree(self.source / "deploy", checkout / "deploy")
        (checkout / "studies").mkdir()
        shutil.copy(self.source / "studies" / "quickstart.yaml", checkout / "studies")
        (checkout / "tools").mkdir()
        scripts = {
            "install-packages": 'echo "packages: $*"',
            "build": 'case "${FAKE_FAIL-}" in *\'"build"\'*) exit 7 ;; esac\n'
                     'mkdir -p build/$1\n'
                     f'ln -sfn "{self.stand_ins}/pod/tokamark" build/$1/tokamark'}
        for name, text in scripts.items():
            path = checkout / "tools" / name
            path.write_text(f"#!/bin/sh\nset -e\n{text}\n")
            path.chmod(0o755)
        (checkout / ".gitignore").write_text("/ignored\n")
        (checkout / "ignored").write_text("stays here")
        subprocess.run(["git", "init", "--quiet", str(checkout)], check=True)
        return checkout

    def environment(self, fail=None, hold=None, token=TOKEN):
        added = {"PATH": f"{self.stand_ins / 'laptop'}:{PYTHON_FOLDER}:{os.environ['PATH']}",
                 "FAKE_RUNPOD": str(self.fake), "FAKE_FAIL": json.dumps(fail or {}),
                 "FAKE_HOLD": hold or "", "RUNPOD_API_KEY": "rpa_test", "HF_TOKEN": token}
        return self._environment(PRODUCT_MARK, added)

    def start_study(self, *arguments, fail=None, hold=None, token=TOKEN):
        command = [self.checkout / "deploy" / "runpod" / "run-study",
                   self.checkout / "studies" / "quickstart.yaml", "--name", "one",
                   "--output", self.output, "--poll-seconds", "0.05", *arguments]
        return Program(command, self.folder, self.environment(fail, hold, token))

    def run_study(self, *arguments, **planned):
        return self.start_study(*arguments, **planned).finish()

    def forget(self):
        """A new account for the next part of a case."""
        shutil.rmtree(self.fake)
        shutil.rmtree(self.output, ignore_errors=True)
        self.fake.mkdir()

    # What was called

    def calls(self, program):
        path = self.fake / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        called = [json.loads(line) for line in lines]
        return [call["words"] for call in called if call["program"] == program]

    def pod_calls(self, action):
        return [words for words in self.calls("runpodctl") if words[:2] == ["pod", action]]

    def pods(self):
        path = self.fake / "pods.json"
        return json.loads(path.read_text()) if path.exists() else []

    def steps(self):
        return [words[0] for words in self.calls("tokamark")]

    def result(self, name="summary.md"):
        path = self.output / "one" / name
        return path.read_text() if path.exists() else None

    # What has to hold

    def assert_pod_deleted(self, finished):
        """It was there, it is gone, and run-study looked after it deleted it."""
        self.assertEqual([], self.pods(), finished)
        actions = [words[:2] for words in self.calls("runpodctl")]
        self.assertEqual([["pod", "delete"], ["pod", "list"]], actions[-2:], finished)

    def assert_token_kept(self, finished):
        """In no call, no output, no result, and no file of the pod."""
        self.assertNotIn(TOKEN, finished.out + finished.err)
        for path in [*self.fake.rglob("*"), *self.output.rglob("*")]:
            if path.is_file() and not path.name.startswith("token-of-"):
                self.assertNotIn(TOKEN.encode(), path.read_bytes(), path)
