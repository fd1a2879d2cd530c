#!/usr/bin/python3
"""`stampede selftest`: it agrees with theory, and says so when it does not.

usage: selftest_test.py STAMPEDE BUILD_DIR"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
# Of one scenario, and so short that a sanitized build takes no time.
QUICK = ["selftest", "--filter", "mm1.queue.wait", "--shorten", "100"]
SLOWER = ["--set", "queue.handler.0.compute.exponential.mean=1.1s"]


class SelftestTest(unittest.TestCase):
    def stampede(self, *words, code=0):
        with tempfile.TemporaryDirectory() as elsewhere:  # the models are in the program
            done = subprocess.run([PROGRAM, *words], capture_output=True, encoding="utf-8",
                                  env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                                  cwd=elsewhere)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def test_what_theory_says_stands_beside_what_was_observed(self):
        done = self.stampede(*QUICK)
        self.assertRegex(done.stdout, r"queue\.wait\.mean +4\.\d+s +[345]\.\d+s +\d\.\d+s +✓")
        self.assertIn("All 5 known answers of 1 scenario agree.", done.stdout)
        self.assertIn("at most 0.5 %", done.stdout)
        self.assertEqual(done.stderr, "")
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_servers_that_are_a_tenth_slower_fail_it(self):
        done = self.stampede(*QUICK, *SLOWER, code=1)
        self.assertIn("✗", done.stdout)
        self.assertIn("standard errors away", done.stdout)
        self.assertIn("do NOT agree", done.stdout)
        result = json.loads(self.stampede(*QUICK, *SLOWER, "--format", "json", code=1).stdout)
        self.assertGreater(result["failed"], 0)

    def test_the_result_for_tools(self):
        words = [*QUICK, "--format", "json"]
        done = self.stampede(*words, "--jobs", "1")
        self.assertEqual(done.stdout, self.stampede(*words, "--jobs", "2").stdout)
        self.assertNotEqual(done.stdout, self.stampede(*words, "--seed", "7").stdout)
        result = json.loads(done.stdout)
        self.assertEqual(result["known_answers"], 5)
        self.assertEqual(result["failed"], 0)
        self.assertAlmostEqual(result["false_alarm_bound"], 0.005)
        answers = result["scenarios"][0]["answers"]
        mean = next(one for one in answers if one["metric"] == "queue.wait.mean")
        self.assertEqual(mean["exact"], 4)
        self.assertEqual(mean["verdict"], "pass")
        self.assertLess(mean["observed"]["low"], mean["observed"]["high"])

    def test_full_length_asks_for_narrow_intervals(self):
        done = self.stampede("selftest", "--filter", "mm1.queue.wait.mean", "--shorten", "1",
                             "--set", "run.duration=20000s", code=1)
        self.assertIn("the run is too short to tell", " ".join(done.stdout.split()))

    def test_mistakes_in_words(self):
        self.assertIn("no known answer has 'nonsense'",
                      self.stampede("selftest", "--filter", "nonsense", code=2).stderr)
        self.assertIn("did you mean 'handler'?",
                      self.stampede(*QUICK, "--set", "queue.handlr=[]", code=104).stderr)

    def test_an_answer_without_data_fails(self):
        self.stampede(*QUICK, "--replications", "1", code=1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
