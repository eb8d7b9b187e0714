"""Planted faults of the simulated engine, through the real binary."""

from case import EXIT_MEASUREMENT, EXIT_USAGE, IntegrationCase, least_study
from results import Results


class FaultCase(IntegrationCase):

    def measure(self, *faults, profile="tiny-vllm"):
        """One trial of an engine that the study itself starts with these faults."""
        arguments = [word for fault in faults for word in ("--fault", fault)]
        engine = {"name": "sim", "kind": "simulated", "profile": profile,
                  "port": self.free_port(), "args": arguments}
        results = Results(self.folder / f"out-{profile}")
        study = self.write_study(least_study(None, engines=[engine]))
        finished = self.tokamark("run", study, "--output", results.folder)
        return finished, results

    def errors_of(self, *faults, profile="tiny-vllm"):
        finished, results = self.measure(*faults, profile=profile)
        self.assert_error(finished, EXIT_MEASUREMENT, "1 of 1 trials")
        return {record["error"] for record in results.records(results.trials[0]["id"])}

    def test_unknown_fault_names_the_nearest(self):
        finished = self.tokamark("sim", "--fault", "stal")
        self.assert_error(finished, EXIT_USAGE, "stal", "stall")

    def test_fault_reaches_an_engine_of_a_study(self):
        self.assertIn("http_status", self.errors_of("status:code=500,share=0.5,skip=20"))

    def test_error_event_of_every_dialect(self):
        for profile in ("tiny-vllm", "tiny-sglang", "tiny-llama-cpp"):
            with self.subTest(profile):
                self.assertIn("error_event",
                              self.errors_of("error_event:share=0.5,skip=20", profile=profile))

    def test_reset_is_a_lost_connection(self):
        errors = self.errors_of("reset:after_bytes=500,share=0.5,skip=20")
        self.assertTrue(errors & {"connection_reset", "connection_closed"}, errors)
