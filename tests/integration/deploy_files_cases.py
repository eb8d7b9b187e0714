"""The other files of deploy/: their structure, and the commands in them run against a stand-in for
tokamark. No cloud, cluster or container engine is asked; tools/check_deploy holds the files to
the schemas of their platforms."""

import os
import re
import shutil
import signal
import subprocess

from deploy_pod import TOKEN, DeployCase
from program import Program

STUDY = "studies/quickstart.yaml"


class DeployFilesCase(DeployCase):

    def setUp(self):
        super().setUp()
        self.results = self.folder / "results" / "study"
        subprocess.run([self.checkout / "tools" / "build", "release"], cwd=self.checkout,
                       check=True, env=self.environment())

    def documents(self, *path):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        text = (self.source / "deploy").joinpath(*path).read_text()
        return list(yaml.safe_load_all(text))

    def start_script(self, script, *, fail=None, hold=None, words=(), **variables):
        """A shell script in the checkout, with `tokamark` on PATH."""
        environment = self.environment(fail, hold)
        environment["PATH"] = f"{self.checkout}/build/release:{environment['PATH']}"
        environment.update({"STUDY": STUDY, "RESULTS": str(self.results), **variables})
        self.results.parent.mkdir(exist_ok=True)
        command = ["bash", "-c", f'cd "{self.checkout}" && {script}', "script", *words]
        return Program(command, self.folder, environment)

    def run_script(self, script, **more):
        return self.start_script(script, **more).finish()

    def assert_four_commands(self, finished):
        self.assertEqual(0, finished.code, finished)
        self.assertEqual(
            [["setup", "--study", STUDY], ["fetch", "--study", STUDY],
             ["doctor", STUDY, "--json", f"{self.results}.doctor.json"],
             ["run", STUDY, "--output", str(self.results)]], self.calls("tokamark"))

    def assert_resumes(self, script):
        self.run_script(script)
        self.assertEqual(["run", "--resume", str(self.results)], self.calls("tokamark")[-1])

    def assert_shell_is_clean(self, script):
        if not shutil.which("shellcheck"):
            print("note: shellcheck is not installed")
            return
        done = subprocess.run(["shellcheck", "--shell=bash", "-"], input=script, text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual("", done.stdout)

    # Slurm

    def sbatch(self):
        return "exec bash deploy/slurm/study.sbatch"

    def test_slurm_runs_the_four_commands(self):
        self.assert_four_commands(self.run_script(self.sbatch()))
        self.assert_resumes(self.sbatch())

    def test_slurm_ends_with_the_status_of_the_failed_step(self):
        for step, code in (("setup", 4), ("fetch", 3), ("doctor", 3), ("run", 5)):
            with self.subTest(step):
                shutil.rmtree(self.results, ignore_errors=True)
                self.assertEqual(code, self.run_script(self.sbatch(), fail={step: 999}).code)
                self.assertEqual(step, self.steps()[-1])

    def test_slurm_prepares_nothing_when_told_so(self):
        self.run_script(self.sbatch(), PREPARE="no")
        self.assertEqual(["doctor", "run"], self.steps())

    def test_slurm_time_limit_ends_the_study_and_the_next_job_resumes(self):
        program = self.start_script(self.sbatch(), hold="run")
        self.wait_for(lambda: (self.fake / "holding").exists(), "the run has begun", program)
        # As --signal=B: does: to the batch shell alone.
        program.send(signal.SIGTERM)
        finished = program.finish()
        self.assertEqual(130, finished.code, finished)
        self.assertEqual("partial after SIGINT", (self.results / "summary.md").read_text())
        self.assertEqual("as usual", (self.fake / "sigint-of-run").read_text())
        self.assertIn("to go on: sbatch", finished.out)
        self.assert_nothing_left()
        self.assert_resumes(self.sbatch())

    def test_slurm_asks_for_what_a_study_needs(self):
        text = (self.source / "deploy" / "slurm" / "study.sbatch").read_text()
        options = re.findall(r"^#SBATCH (--[a-z-]+)(?:=(.*))?$", text, re.MULTILINE)
        self.assertLess(text.rindex("#SBATCH"), text.index("set -euo"))
        asked = dict(options)
        self.assertEqual("B:TERM@300", asked["--signal"])
        self.assertEqual("gpu:1", asked["--gres"])
        self.assertIn("--time", asked)
        self.assertIn("--exclusive", asked)

    # SkyPilot

    def test_skypilot_task(self):
        task, = self.documents("skypilot", "study.yaml")
        self.assertEqual("H200:1", task["resources"]["accelerators"])
        self.assertGreater(task["resources"]["autostop"]["idle_minutes"], 0)
        self.assertFalse(task["resources"]["use_spot"])
        self.assertEqual(".", task["workdir"])
        self.assertEqual({"HF_TOKEN": ""}, task["secrets"])
        self.assertNotIn("HF_TOKEN", task["envs"])
        self.assertTrue((self.source / task["envs"]["STUDY"]).is_file())
        for script in (task["setup"], task["run"]):
            self.assert_shell_is_clean(script)

    def test_skypilot_runs_the_four_commands(self):
        task, = self.documents("skypilot", "study.yaml")
        both = f"({task['setup']}\n) && (\n{task['run']})"
        hours = {"PREPARE_HOURS": "1", "RUN_HOURS": "1"}
        self.assert_four_commands(self.run_script(both, **hours))
        self.run_script(task["run"], **hours)
        self.assertEqual(["run", "--resume", str(self.results)], self.calls("tokamark")[-1])

    def test_skypilot_ends_a_study_that_takes_too_long(self):
        task, = self.documents("skypilot", "study.yaml")
        program = self.start_script(task["run"], hold="run", RUN_HOURS="1")
        self.wait_for(lambda: (self.fake / "holding").exists(), "the run has begun", program)
        limit, = [pid for pid, command in self.product_processes()
                  if command.startswith("timeout ")]
        # What its own timer would send it after the hour.
        os.kill(limit, signal.SIGALRM)
        finished = program.finish()
        self.assertNotEqual(0, finished.code, finished)
        self.assertEqual("partial after SIGINT", (self.results / "summary.md").read_text())

    # Kubernetes

    def job(self):
        *claims, job = self.documents("kubernetes", "study.yaml")
        return claims, job, job["spec"]["template"]["spec"]

    def test_kubernetes_job(self):
        claims, job, pod = self.job()
        self.assertEqual("Job", job["kind"])
        self.assertEqual(0, job["spec"]["backoffLimit"])
        self.assertGreater(job["spec"]["activeDeadlineSeconds"], 0)
        self.assertEqual("Never", pod["restartPolicy"])
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        container, = pod["containers"]
        self.assertEqual(1, container["resources"]["limits"]["nvidia.com/gpu"])
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        self.assertEqual(set(volumes), {mount["name"] for mount in container["volumeMounts"]})
        # What setup makes and what fetch downloads outlive the pod; the image owns the folders.
        places = [mount["mountPath"] for mount in container["volumeMounts"]
                  if mount["name"] in ("cache", "results")]
        image = (self.source / "deploy" / "Dockerfile").read_text()
        owned = re.search(r"install -d -o tokamark -g tokamark (.*)", image).group(1).split()
        self.assertEqual(["/cache", "/opt/tokamark/environments", "/results"], sorted(places))
        self.assertEqual(sorted(places), sorted(owned))
        self.assertEqual("Memory", volumes["shm"]["emptyDir"]["medium"])
        claimed = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes.values()
                   if "persistentVolumeClaim" in volume}
        self.assertEqual({claim["metadata"]["name"] for claim in claims}, claimed)
        token, = [entry for entry in container["env"] if entry["name"] == "HF_TOKEN"]
        self.assertIn("secretKeyRef", token["valueFrom"])
        study, = [entry["value"] for entry in container["env"] if entry["name"] == "STUDY"]
        self.assertTrue((self.source / study).is_file())
        self.assert_shell_is_clean(container["args"][0])

    def test_kubernetes_runs_the_four_commands(self):
        _, _, pod = self.job()
        script = pod["containers"][0]["args"][0]
        self.assert_four_commands(self.run_script(f"{{\n{script}\n}}"))
        self.assert_resumes(f"{{\n{script}\n}}")

    def test_kubernetes_results_pod_reads_what_the_job_wrote(self):
        claims, _, job_pod = self.job()
        pod, = self.documents("kubernetes", "results.yaml")
        claim = pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
        self.assertIn(claim, [entry["metadata"]["name"] for entry in claims])
        self.assertEqual(job_pod["containers"][0]["image"], pod["spec"]["containers"][0]["image"])
        self.assertNotIn("nvidia.com/gpu", str(pod))
        self.assertGreater(pod["spec"]["activeDeadlineSeconds"], 0)

    # The image

    def test_dockerfile(self):
        text = (self.source / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
        lines = [line.split() for line in text.splitlines() if line and line[0] != "#"]
        ignored = (self.source / "deploy" / "Dockerfile.dockerignore").read_text().split("\n")
        sources = [word for line in lines if line[0] == "COPY" and "--from" not in line[1]
                   for word in line[1:-1]]
        self.assertGreater(len(sources), 4)
        for source in sources:
            self.assertTrue((self.source / source).exists(), source)
            self.assertIn(f"!{source.rstrip('/')}", ignored)
        groups = " ".join(re.findall(r"tools/install-packages ([a-z ]+)", text)).split()
        self.assertEqual(["build", "render"], groups)
        for group in groups:
            subprocess.run([self.source / "tools" / "packages", group], check=True,
                           capture_output=True)
        user = [line[1] for line in lines if line[0] == "USER"][-1]
        _, _, pod = self.job()
        security = pod["securityContext"]
        self.assertEqual(f"{security['runAsUser']}:{security['runAsGroup']}", user)
        self.assertEqual(['["tokamark"]'], [line[1] for line in lines if line[0] == "ENTRYPOINT"])

    def test_no_file_holds_a_token_and_the_page_names_each(self):
        page = (self.source / "docs" / "RENTED_MACHINES.md").read_text()
        folder = self.source / "deploy"
        for path in folder.rglob("*"):
            if path.is_file():
                self.assertNotRegex(path.read_text(), r"hf_[A-Za-z0-9]{8}|rpa_[A-Za-z0-9]{8}")
        for name in ("runpod/run-study", "skypilot/study.yaml", "slurm/study.sbatch",
                     "kubernetes/study.yaml", "kubernetes/results.yaml", "Dockerfile"):
            self.assertIn(f"deploy/{name}", page)
            self.assertTrue((folder / name).is_file())
        self.assertTrue(os.access(folder / "runpod" / "run-study", os.X_OK))
        self.assertNotIn(TOKEN, page)
