#!/usr/bin/python3
# labels: once
"""Chaos experiments as their users see them: the page, JSON, exit codes, and what other commands make of them.

usage: chaos_test.py STAMPEDE BUILD_DIR"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
ROOT = pathlib.Path(__file__).resolve().parents[2]

SCENARIO = """\
stampede: 1
name: tiny
run: {duration: 100s, warmup: 5s, slice: 1s, replications: 3, seed: 1}
monitoring: {scrape_interval: 2s, window: 4s}
traffic: {shoppers: {arrivals: {poisson: 50/s}, target: balancer, timeout: 500ms}}
components:
  balancer:
    kind: load_balancer
    policy: round_robin
    health_check: {interval: 2s, timeout: 1s, unhealthy_threshold: 2, healthy_threshold: 1}
    backends: app
  app: {kind: service, replicas: 2, handler: [{wait: 10ms}]}
chaos:
  title: Is a dead server noticed?
  steady_state_hypothesis: {title: all is well, probes: [shoppers.availability >= 99%]}
  method:
    - {pause: 30s}
    - {kind: crash, silent: true, for: 20s, target: {component: app, count: 1}}
  recovery_time_objective: 5s
"""


class ChaosTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        (self.path / "tiny.yaml").write_text(SCENARIO)

    def stampede(self, *words, code=0):
        done = subprocess.run([PROGRAM, *words], capture_output=True, encoding="utf-8",
                              env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, cwd=self.path)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        done.page = " ".join(done.stdout.split())
        if not done.stdout.startswith("{"):
            for line in done.stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)
        return done

    def chaos(self, *words, code=0):
        result = json.loads(self.stampede("run", "tiny.yaml", "--format", "json", *words, code=code).stdout)
        schema = json.loads((ROOT / "docs/schema/result.schema.json").read_text())
        jsonschema.validate(result, schema)
        return result["chaos"]

    def test_the_page_tells_the_verdict_and_what_it_cost(self):
        page = self.stampede("run", "tiny.yaml").page
        for text in ["experiment Is a dead server noticed? hypothesis: all is well ✓ completed",
                     "before the method, 5.00s to 30.0s ✓ shoppers.availability >= 99%",
                     "during the method, 30.0s to 50.0s: shown only ✗ shoppers.availability >= 99%",
                     "after the method, 55.0s to 100s ✓ shoppers.availability >= 99%",
                     "failure_detection of balancer", "blast radius: "]:
            self.assertIn(text, page)
        self.assertRegex(page, r"detected: [0-9.]+s ± [0-9.]+m?s after the first fault")

    def test_the_result_has_all_of_it(self):
        chaos = self.chaos()
        self.assertEqual((chaos["verdict"], chaos["steady_before"]), ("completed", True))
        self.assertEqual(len(chaos["replications"]), 3)
        for run in chaos["replications"]:
            # Two probes two seconds apart, each with a second to answer.
            self.assertTrue(33 <= run["detected_s"] <= 38, run)
            self.assertTrue(31 <= run["recovered_s"] <= run["detected_s"], run)
        self.assertTrue(0.03 < chaos["measures"]["blast_radius"]["estimate"] < 0.25)

    def test_a_hypothesis_that_does_not_hold_is_exit_code_99(self):
        strategy = ["--set", "chaos.steady_state_hypothesis.strategy=continuously"]
        self.assertEqual(self.chaos(*strategy, code=99)["verdict"], "deviated")
        self.chaos(*strategy, "--set", "chaos.expected_verdict=deviated")
        self.stampede("run", "tiny.yaml", "--set", "chaos.expected_verdict=deviated", code=99)

    def test_a_stop_condition_aborts(self):
        # Who dies in silence fails no visit: only users run into their timeouts.
        condition = ["--set", "chaos.stop_conditions=[balancer.error_rate > 10%]",
                     "--set", "chaos.method.1.silent=false"]
        chaos = self.chaos(*condition, code=99)
        self.assertEqual(chaos["verdict"], "aborted")
        for run in chaos["replications"]:
            self.assertEqual(run["stop_condition"], "balancer.error_rate > 10%")
            self.assertEqual(run["aborted_s"] % 2, 0)
        self.assertIn("✗ aborted, expected was completed; stopped in 3 of 3 replications, first at",
                      self.stampede("run", "tiny.yaml", *condition, code=99).page)

    def test_the_effective_scenario_is_the_same_experiment(self):
        (self.path / "again.yaml").write_text(self.stampede("explain", "tiny.yaml").stdout)
        again = json.loads(self.stampede("run", "again.yaml", "--format", "json").stdout)["chaos"]
        self.assertEqual(again, self.chaos())

    def test_what_it_measures_can_be_compared_and_swept(self):
        numbers = ["--metric", "chaos.time_to_recover", "--metric", "chaos.blast_radius"]
        page = self.stampede("compare", "tiny.yaml", "--with", "balancer.health_check.interval=10s",
                             "--replications", "5", *numbers).page
        self.assertRegex(page, r"time_to_recover .* worse")
        page = self.stampede("sweep", "tiny.yaml", "--param", "balancer.health_check.interval=[1s, 6s]",
                             *numbers).page
        self.assertIn("chaos.time_to_recover", page)

    def test_the_smallest_fault_that_breaks_it(self):
        words = ["search", "tiny.yaml", "--breaking", "chaos.method.1.for=10s..50s", "--precision", "20%",
                 "--set", "balancer.health_check.interval=5m",
                 "--set", "chaos.steady_state_hypothesis.probes=[shoppers.goodput > 49/s]",
                 "--out", "breaks.yaml"]
        self.stampede(*words, code=99)  # while it lasts it breaks, but nobody asked
        self.stampede(*words, "--set", "chaos.steady_state_hypothesis.strategy=during_method_only")
        self.stampede("run", "breaks.yaml", code=99)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
