#!/usr/bin/python3
# labels: once
"""Searches as their users see them: the answer, the page, JSON, exit codes.

usage: search_test.py STAMPEDE BUILD_DIR"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())

SCENARIO = """\
stampede: 1
name: tiny
run: {duration: 60s, warmup: 5s, replications: 4, seed: 1}
traffic:
  shoppers:
    arrivals: {kind: poisson, rate: 150/s}
    target: app
prices: {app: 0.25}
components:
  app:
    kind: service
    replicas: 2
    concurrency: {kind: threads, workers: 2, queue: 100}
    handler: [{compute: {exponential: {mean: 10ms}}}]
expect:
  - shoppers.availability >= 99%
  - shoppers.latency.p99 < 200ms
"""


class SearchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        (self.path / "tiny.yaml").write_text(SCENARIO)

    def stampede(self, *words, code=0):
        done = subprocess.run([PROGRAM, *words], capture_output=True, encoding="utf-8",
                              env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, cwd=self.path)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        done.words = " ".join(done.stderr.split())
        done.page = " ".join(done.stdout.split())
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        return done

    def test_the_largest_load(self):
        words = ["search", "tiny.yaml", "--largest", "shoppers.arrivals.rate=50/s..1k/s",
                 "--precision", "10%"]
        page = self.stampede(*words).page
        self.assertRegex(page, r"shoppers.arrivals.rate = [0-9.]+/s meets them, "
                               r"with a confidence of 95%")
        found = json.loads(self.stampede(*words, "--format", "json", "--jobs", "1").stdout)
        self.assertEqual(found["looking_for"], "largest")
        # Four workers of 10 ms can do 400 a second.
        self.assertTrue(150 < float(found["best"][:-2]) < 400, found["best"])
        self.assertTrue(float(found["best"][:-2]) < float(found["next"][:-2]) < 450, found["next"])
        self.assertIn(f"shoppers.arrivals.rate = {found['best']} meets", page)
        self.assertEqual(found["probes"][1]["decision"], "fails")
        self.assertEqual(found["probes"][1]["because"], "shoppers.availability >= 99%")

    def test_the_smallest_number(self):
        found = json.loads(self.stampede("search", "tiny.yaml", "--smallest", "app.replicas=1..16",
                                         "--set", "shoppers.arrivals.rate=500/s",
                                         "--format=json").stdout)
        self.assertEqual((found["best"], found["next"]), ("3", "2"))

    def test_nothing_that_meets_is_exit_code_99(self):
        done = self.stampede("search", "tiny.yaml", "--largest", "shoppers.arrivals.rate=2k/s..9k/s",
                             code=99)
        self.assertIn("2000/s, the lower end of the range, does not meet them", done.page)

    def test_the_cheapest(self):
        words = ["search", "tiny.yaml", "--cheapest", "--param", "app.replicas=1..3", "--param",
                 "app.concurrency.workers=[1, 4]"]
        done = self.stampede(*words)
        self.assertIn("app.replicas=1, app.concurrency.workers=4 is the cheapest that meets",
                      done.page)
        found = json.loads(self.stampede(*words, "--format=json").stdout)
        self.assertEqual(found["best"], {"app.replicas": "1", "app.concurrency.workers": "4"})
        costs = [candidate["cost_per_h"] for candidate in found["candidates"]]
        self.assertEqual(costs, [0.25, 0.25, 0.5, 0.5, 0.75, 0.75])
        self.assertEqual(found["candidates"][0]["decision"], "fails")
        self.assertTrue(any(candidate["on_front"] for candidate in found["candidates"]))

    def test_the_smallest_fault_that_breaks_is_a_scenario_that_fails(self):
        fault = "{kind: slow_down, at: 20s, for: 9s, factor: 1, target: app}"
        words = ["search", "tiny.yaml", "--breaking", "faults.0.factor=1..50 log",
                 "--precision", "10%", "--set", f"faults=[{fault}]"]
        done = self.stampede(*words, "--out", "breaks.yaml")
        self.assertRegex(done.page, r"faults.0.factor = [0-9.]+ is the mildest that was found to break")
        found = json.loads(self.stampede(*words, "--format", "json").stdout)
        self.assertEqual(found["looking_for"], "breaking")
        # Nine of sixty seconds: four workers of 10 ms are too few for 150 a second from 2.7 on.
        self.assertTrue(1.5 < float(found["best"]) < 10, found["best"])
        self.assertTrue(float(found["next"]) < float(found["best"]))
        self.stampede("run", "breaks.yaml", code=99)
        replications = [p["replications"] for p in found["probes"] if p["value"] == found["best"]][0]
        self.stampede("run", "tiny.yaml", "--replications", str(replications),
                      "--set", f"faults=[{fault}]", "--set", f"faults.0.factor={found['best']}", code=99)
        self.stampede("run", "tiny.yaml", "--set", f"faults=[{fault}]")

    def test_of_what_is_worse_the_less_there_is_the_most_is_found_that_breaks(self):
        found = json.loads(self.stampede(
            "search", "tiny.yaml", "--breaking", "app.concurrency.workers=1..8", "--set",
            "shoppers.arrivals.rate=400/s", "--format", "json").stdout)
        self.assertEqual((found["best"], found["next"]), ("2", "3"))  # four of 10 ms: overloaded

    def test_what_cannot_be_searched_is_said_before_anything_runs(self):
        for words, code, answer in [
                ([], 2, "needs one of --largest, --smallest, --breaking and --cheapest"),
                (["--largest", "app.replicas=1..4", "--cheapest"], 2, "needs one of"),
                (["--largest", "app.replicas=[1, 2]"], 2, "a range without steps"),
                (["--largest", "app.replicas=1..4", "--param", "a=1..2"], 2, "--param is for"),
                (["--cheapest", "--param", "app.replicas=1..2", "--precision", "1%"], 2,
                 "--precision is for"),
                (["--largest", "app.replicas=1..4", "--confidence", "100%"], 2, "expected a share"),
                (["--largest", "app.replicas=0..4"], 104, "(at app.replicas=0)"),
                (["--largest", "app.replicas=1..4", "--set", "expect=[]"], 104, "no `expect:` and no `chaos:`"),
                (["--largest", "app.replicas=1..4", "--out", "a.yaml"], 2, "--out is for"),
                (["--cheapest", "--param", "app.replicas=1..2", "--set", "prices={}"], 104,
                 "no `prices:`")]:
            self.assertIn(answer, self.stampede("search", "tiny.yaml", *words, code=code).words)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
