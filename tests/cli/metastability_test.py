#!/usr/bin/python3
# labels: once
"""The finder of metastable failures as its users see it.

The model is that of HotOS 2021 (Bronson et al.): a database of 300 a second, and clients that ask twice where there
is no answer within a second. Above 150 a second a trigger that is long enough keeps it down; below, none does.

usage: metastability_test.py STAMPEDE BUILD_DIR"""

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
name: storm
run: {duration: 400s, warmup: 10s, replications: 1, seed: 1}
traffic:
  users:
    arrivals: {kind: poisson, rate: 100/s}
    target: database
    retry: {num_retries: 1, per_try_timeout: 1s, retry_on: [timeout], retry_back_off: {base_interval: 1ms}}
components:
  database:
    kind: service
    concurrency: {kind: threads, workers: 30, queue: unbounded}
    handler: [{compute: 100ms}]
faults:
  - {at: 20s, for: 5s, kind: pause, target: database}
"""

RATE = "users.arrivals.rate=100/s..320/s"
TRIGGER = "faults.0.for=500ms..5s"


def seconds(text):
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])


class MetastabilityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        (self.path / "storm.yaml").write_text(SCENARIO)

    def stampede(self, *words, code=0):
        done = subprocess.run([PROGRAM, *words], capture_output=True, encoding="utf-8",
                              env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, cwd=self.path)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        done.words = " ".join(done.stderr.split())
        done.page = " ".join(done.stdout.split())
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        return done

    def test_the_storm_has_two_states_above_half_of_the_capacity(self):
        words = ["metastability", "storm.yaml", "--rate", RATE, "--trigger", TRIGGER,
                 "--steps", "3", "--precision", "10%"]
        found = json.loads(self.stampede(*words, "--format", "json").stdout)
        low, middle, high = found["levels"]
        self.assertEqual([level["load"] for level in found["levels"]], ["100/s", "210/s", "320/s"])
        self.assertEqual((low["recovers_from"], low["kept_down_by"]), ("5s", None))
        self.assertTrue(middle["well_without_trigger"] and middle["hysteresis"])
        self.assertLess(middle["goodput_share_coming_down"], 0.05)
        # It takes answers that come later than a second.
        self.assertTrue(0.7 < seconds(middle["kept_down_by"]) < 1.6, middle)
        self.assertFalse(high["well_without_trigger"])
        self.assertTrue(125 < float(found["safe"][:-2]) < 155, found["safe"])
        self.assertTrue(float(found["safe"][:-2]) < float(found["vulnerable"][:-2]) < 175)
        page = self.stampede(*words).page
        self.assertIn(f"Up to users.arrivals.rate = {found['safe']} no trigger of the range", page)
        self.assertIn("Hysteresis: ", page)

    def test_without_retries_it_has_one_state(self):
        found = json.loads(self.stampede(
            "metastability", "storm.yaml", "--rate", "users.arrivals.rate=100/s..250/s", "--trigger",
            TRIGGER, "--steps", "2", "--set", "users.retry=null", "--format", "json").stdout)
        self.assertEqual((found["safe"], found["vulnerable"]), ("250/s", None))
        self.assertEqual([level["hysteresis"] for level in found["levels"]], [False, False])

    def test_what_cannot_be_asked_is_said(self):
        words = ["metastability", "storm.yaml", "--rate", RATE]
        for more, code, answer in [
                ([], 2, "metastability needs --trigger"),
                (["--trigger", "faults.0.for=[1s, 2s]"], 2, "a range without steps"),
                (["--trigger", TRIGGER, "--steps", "1"], 2, "expected a whole number from 2"),
                (["--trigger", TRIGGER, "--hold", "soon"], 2, "expected a time"),
                (["--trigger", "faults.0.fro=1s..2s"], 104, "unknown key 'fro'"),
                (["--trigger", TRIGGER, "--set", "faults.0.every=100s"], 104, "has no end that is known"),
                (["--trigger", "users.timeout=2s..3s", "--set", "faults=[]"], 104, "has no faults")]:
            self.assertIn(answer, self.stampede(*words, *more, code=code).words)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
