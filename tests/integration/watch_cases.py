"""`tokamark watch`: a study seen while it runs, after it, and from another machine."""

import http.client
import json
import re
import shutil
import signal
import subprocess
import threading
from urllib.parse import urlsplit

from case import EXIT_ENGINE, EXIT_INTERRUPTED, EXIT_MEASUREMENT, EXIT_USAGE, IntegrationCase, \
    least_study
from results import Results

DASHBOARD = "deploy/grafana/tokamark.json"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Events(threading.Thread):
    """Reads a server's events until its study has ended or the server has."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(host, timeout=60)
        self.trials, self.states, self.problem = [], [], ""
        self.start()

    def run(self):
        try:
            self.connection.request("GET", "/events")
            response = self.connection.getresponse()
            name = ""
            for line in response:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    data = json.loads(text.removeprefix("data: "))
                    (self.trials if name == "trial" else self.states).append(data)
                    if name == "state" and data["exit_code"] is not None:
                        return
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.problem = str(error)


class WatchCase(IntegrationCase):

    def start_study(self, **changes):
        """A study of two short trials on a simulated engine of its own, under way."""
        engine = {"name": "sim", "kind": "simulated", "profile": "tiny-vllm",
                  "port": self.free_port()}
        changes.setdefault("engines", [engine])
        changes.setdefault("load", {"concurrency": [2, 4]})
        changes.setdefault("window", {"warmup_s": 0.5, "seconds": 2, "requests": 0, "probes": 1})
        path = self.write_study(least_study("", **changes))
        results = Results(self.folder / "out")
        program = self.start_tokamark("run", path, "--output", results.folder)
        self.wait_for((results.folder / "progress.json").exists, "the study has begun", program)
        return program, results

    def finished_study(self, url=None, **changes):
        results = Results(self.folder / "out")
        path = self.write_study(least_study(url or self.start_sim(), **changes))
        return self.tokamark("run", path, "--output", results.folder), results

    def watch(self, folder, *arguments):
        """A watch server on a free port, and its host:port."""
        program = self.start_tokamark("watch", folder, "--port", "0", *arguments)
        found = self.wait_for(lambda: re.search(r"Watching .* at (http://\S+)\n", program.out),
                              "the watch server names its URL", program)
        return program, urlsplit(found.group(1)).netloc

    def get(self, host, target, method="GET", headers=None):
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request(method, target, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def end(self, program):
        program.send(signal.SIGINT)
        finished = program.finish()
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        return finished

    # A running study

    def test_a_running_study(self):
        program, results = self.start_study()
        watch, host = self.watch(results.folder)
        events = Events(host)
        status, headers, page = self.get(host, "/")
        self.assertEqual(200, status)
        self.assertIn("connect-src 'self'", headers["Content-Security-Policy"])
        self.assertIn('<iframe src="/report"', page)
        live = self.wait_for(lambda: "tokamark_running_requests_in_flight{" in
                             self.get(host, "/metrics")[2], "a trial's live numbers", program)
        self.assertTrue(live)
        finished = program.finish()
        self.assert_measured(finished, results)
        events.join(60)
        self.assertEqual("", events.problem)
        self.assertEqual(results.planned_ids(), [trial["id"] for trial in events.trials])
        states = {state["state"] for state in events.states}
        self.assertEqual({"running", "finished"}, states)
        steps = {state["progress"]["step"] for state in events.states}
        self.assertIn("measuring", steps)
        self.assertEqual(finished.code, events.states[-1]["exit_code"])
        self.assertTrue(events.states[-1]["simulated"])
        # What is served is what `report` writes.
        status, headers, report = self.get(host, "/report")
        self.assertEqual((200, "frame-ancestors 'self'"),
                         (status, headers["Content-Security-Policy"]))
        self.assertEqual((results.folder / "report.html").read_text(), report)
        self.assertIn("study finished: ", self.end(watch).out)

    def test_progress_is_documented(self):
        _, results = self.finished_study()
        progress = json.loads((results.folder / "progress.json").read_text())
        text = (self.source / "docs" / "RESULT_FORMAT.md").read_text()
        section = text.split("## progress.json")[1].split("\n## ")[0]
        for name in [*progress, *progress["process"]]:
            self.assertIn(f"`{name}`", section)
        self.assertEqual(("ended", None), (progress["step"], progress["trial"]))

    def test_a_killed_run_is_interrupted(self):
        program, results = self.start_study(
            window={"warmup_s": 0.5, "seconds": 60, "requests": 0, "probes": 1})
        watch, host = self.watch(results.folder)
        events = Events(host)
        self.wait_for(lambda: events.states, "the first state", watch)
        self.assertEqual("running", events.states[0]["state"])
        program.send(signal.SIGKILL)
        program.finish()
        events.join(60)
        self.assertEqual("interrupted", events.states[-1]["state"])
        finished = self.tokamark("watch", f"http://{host}")
        self.assert_error(finished, EXIT_INTERRUPTED, "the process of the run is gone", "--resume")
        self.end(watch)
        # The lock was left alone.
        self.assertEqual(0, self.tokamark("report", results.folder).code)

    def test_the_lock_stays_the_runs(self):
        program, results = self.start_study()
        watch, _ = self.watch(results.folder)
        self.assert_measured(program.finish(), results)
        resumed = self.tokamark("run", "--resume", results.folder)
        self.assertNotIn("another tokamark", resumed.err)
        self.end(watch)

    # After a study

    def test_a_finished_folder(self):
        finished, results = self.finished_study()
        watch, host = self.watch(results.folder)
        events = Events(host)
        events.join(30)
        self.assertEqual(("finished", finished.code),
                         (events.states[0]["state"], events.states[0]["exit_code"]))
        self.assertEqual((results.folder / "report.html").read_text(),
                         self.get(host, "/report")[2])
        self.end(watch)
        # Of a version that wrote no progress.json.
        (results.folder / "progress.json").unlink()
        watch, host = self.watch(results.folder)
        events = Events(host)
        events.join(30)
        self.assertEqual("finished", events.states[0]["state"])
        self.end(watch)

    # Refusals

    def test_what_is_refused(self):
        for arguments, parts in (
                ((self.folder,), ("is not a results folder",)),
                ((self.folder / "none",), ("is not a results folder",)),
                ((self.folder, "--host", "0.0.0.0"), ("loopback", "ssh -L")),
                ((self.folder, "--host", "example.org"), ("loopback",)),
                (("http://127.0.0.1:1", "--port", "3"), ("--port",)),
                (("ftp://127.0.0.1",), ("http",))):
            self.assert_error(self.tokamark("watch", *arguments), EXIT_USAGE, *parts)

    def test_port_in_use(self):
        _, results = self.finished_study()
        watch, host = self.watch(results.folder)
        port = host.rpartition(":")[2]
        self.assert_error(self.tokamark("watch", results.folder, "--port", port), EXIT_USAGE,
                          f"127.0.0.1:{port}", "--port")
        self.end(watch)

    def test_other_sites_and_writes_are_refused(self):
        _, results = self.finished_study()
        watch, host = self.watch(results.folder)
        for target in ("/", "/report", "/events", "/metrics"):
            self.assertEqual(403, self.get(host, target, headers={"Host": "evil.example"})[0])
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(405, self.get(host, "/", method)[0])
        for target in ("/study.yaml", "/../study.yaml", "/trials", "/report.html"):
            self.assertEqual(404, self.get(host, target)[0])
        self.end(watch)

    # From another machine

    def test_follow_ends_with_the_studys_exit_code(self):
        finished, results = self.finished_study()
        watch, host = self.watch(results.folder)
        followed = self.tokamark("watch", f"http://{host}/")
        self.assertEqual(finished.code, followed.code, followed)
        self.assertIn("trial r1-a-chat-c8  ", followed.out)
        self.assertIn("SIMULATED", followed.out)
        self.end(watch)

    def test_follow_an_invalid_study(self):
        url = self.start_sim(arguments=("--fault", "status:code=500,share=0.5"))
        finished, results = self.finished_study(url)
        self.assertEqual(EXIT_MEASUREMENT, finished.code, finished)
        watch, host = self.watch(results.folder)
        followed = self.tokamark("watch", f"http://{host}")
        self.assert_error(followed, EXIT_MEASUREMENT, "not valid")
        self.assertIn("invalid errors (", followed.out)
        self.end(watch)

    def test_follow_a_running_study(self):
        program, results = self.start_study()
        watch, host = self.watch(results.folder)
        follower = self.start_tokamark("watch", f"http://{host}")
        self.assert_measured(program.finish(), results)
        followed = follower.finish()
        for trial in results.planned_ids():
            self.assertIn(f"trial {trial}  ", followed.out)
        self.assertIn("study finished: ", followed.out)
        self.end(watch)

    def test_follow_finds_a_server_again(self):
        program, results = self.start_study()
        watch, host = self.watch(results.folder)
        follower = self.start_tokamark("watch", f"http://{host}")
        self.wait_for(lambda: "study " in follower.out, "the follower shows the study", follower)
        watch.send(signal.SIGKILL)
        watch.finish()
        self.wait_for(lambda: "connection lost (" in follower.out + follower.err,
                      "the follower tells of it", follower)
        watch = self.start_tokamark("watch", results.folder, "--port", host.rpartition(":")[2])
        self.assert_measured(program.finish(), results)
        followed = follower.finish()
        self.assertEqual(program.finish().code, followed.code, followed)
        for trial in results.planned_ids():
            self.assertEqual(1, followed.out.count(f"trial {trial}  "), followed.out)
        self.end(watch)

    def test_follow_nobody(self):
        self.assert_error(self.tokamark("watch", f"http://127.0.0.1:{self.free_port()}"),
                          EXIT_ENGINE, "tokamark watch DIR", "tunnel")
        self.assert_error(self.tokamark("watch", self.start_sim()), EXIT_ENGINE,
                          "no tokamark watch server", "HTTP 404")

    def test_follow_and_stop(self):
        program, results = self.start_study(
            window={"warmup_s": 0.5, "seconds": 60, "requests": 0, "probes": 1})
        watch, host = self.watch(results.folder)
        follower = self.start_tokamark("watch", f"http://{host}")
        self.wait_for(lambda: "study " in follower.out, "the follower shows the study", follower)
        follower.send(signal.SIGINT)
        self.assert_error(follower.finish(), EXIT_INTERRUPTED, "the study goes on")
        self.assertTrue(program.running())
        program.send(signal.SIGKILL)
        program.finish()
        self.end(watch)

    # Metrics

    def metrics(self):
        _, results = self.finished_study()
        watch, host = self.watch(results.folder)
        status, headers, text = self.get(host, "/metrics")
        self.assertEqual((200, OPEN_METRICS), (status, headers["Content-Type"]))
        self.end(watch)
        return results, text

    def test_metrics_are_open_metrics(self):
        try:
            from prometheus_client.openmetrics.parser import text_string_to_metric_families
        except ImportError:
            self.skipTest("prometheus_client is not installed: apt-get install "
                          "python3-prometheus-client")
        results, text = self.metrics()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        trial = results.trials[0]
        sample, = families["tokamark_trial_ttft_p50_seconds"].samples
        self.assertEqual({"engine": "a", "workload": "chat", "load": "c=8", "simulated": "true",
                          "verdict": trial["verdict"]}, sample.labels)
        self.assertAlmostEqual(trial["metrics"]["ttft_ms"]["p50"] / 1000, sample.value)
        state = {sample.labels["tokamark_study_state"]: sample.value
                 for sample in families["tokamark_study_state"].samples}
        self.assertEqual((1, 0), (state["finished"], state["running"]))
        for family in families.values():
            self.assertTrue(family.documentation, family.name)

    def test_metrics_are_documented(self):
        exported = self.exported(self.metrics()[1])
        text = (self.source / "docs" / "WATCH.md").read_text()
        told = set(re.findall(r"`(tokamark_\w+)`", text))
        self.assertEqual(exported, told)

    def exported(self, text):
        return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))

    # Dashboard

    def queries(self):
        dashboard = json.loads((self.source / DASHBOARD).read_text())
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
        queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
        return dashboard, panels, queries

    def test_dashboard_asks_for_what_is_exported(self):
        dashboard, panels, queries = self.queries()
        self.assertGreaterEqual(len(panels), 12)
        names = self.exported(self.metrics()[1])
        # A counter's samples and an info's have a suffix.
        names |= {f"{name}_total" for name in names} | {f"{name}_info" for name in names}
        asked = queries + [variable["definition"] for variable in
                           dashboard["templating"]["list"] if variable["type"] == "query"]
        for query in asked:
            for name in re.findall(r"tokamark_\w+", query):
                self.assertIn(name, names, query)
        for panel in panels:
            if panel["type"] in ("timeseries", "stat", "gauge", "bargauge", "table"):
                self.assertEqual("${datasource}", panel["datasource"]["uid"], panel["title"])
                self.assertTrue(panel["description"], panel["title"])
            if panel["type"] in ("timeseries", "stat", "gauge"):
                self.assertIn("unit", panel["fieldConfig"]["defaults"], panel["title"])

    def test_dashboard_queries_parse(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("promtool is not installed: apt-get install prometheus")
        rules = [{"record": f"query:{number}", "expr": re.sub(r"\$__rate_interval", "1m", query)}
                 for number, query in enumerate(self.queries()[2])]
        path = self.folder / "rules.json"  # JSON is YAML
        path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
        checked = subprocess.run([promtool, "check", "rules", str(path)], capture_output=True,
                                 text=True)
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)
