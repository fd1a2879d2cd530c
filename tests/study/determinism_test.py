#!/usr/bin/python3
"""The same scenario and seed give the same bytes, whatever the number of threads and however often
it is run; another seed gives others.

usage: determinism_test.py STAMPEDE BUILD_DIR"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = ["scenarios/web-shop.yaml", "scenarios/validation/jackson.yaml",
             "scenarios/validation/disciplines.yaml"]
# Sanitized builds are ten times slower.
DIVISOR = "500" if os.environ.get("STAMPEDE_SHORT") else "50"


def output(scenario, *options, replications="4", folder=None):
    command = [PROGRAM, "run", scenario, "--format", "json", "--quiet", "--shorten", DIVISOR,
               "--replications", replications, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", cwd=folder or ROOT)
    # An expectation may fail in a run this short.
    if done.returncode not in (0, 99):
        raise AssertionError(f"{command}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


class DeterminismTest(unittest.TestCase):
    def test_any_number_of_threads_gives_the_same_bytes(self):
        for scenario in SCENARIOS:
            with self.subTest(scenario):
                one = output(scenario, "--jobs", "1")
                for jobs in ("1", "2", "3", "16"):
                    self.assertEqual(one, output(scenario, "--jobs", jobs), jobs)

    def test_where_it_is_run_changes_nothing(self):
        for scenario in SCENARIOS:
            with self.subTest(scenario), tempfile.TemporaryDirectory() as folder:
                self.assertEqual(output(scenario), output(str(ROOT / scenario), folder=folder))

    def test_files_hold_the_same_bytes_too(self):
        written = []
        for jobs in ("1", "2"):
            with tempfile.TemporaryDirectory() as folder:
                output(SCENARIOS[0], "--jobs", jobs, "--out", folder)
                written.append({path.name: path.read_bytes()
                                for path in pathlib.Path(folder).iterdir()
                                if path.name != "performance.json"})
        self.assertLessEqual({"result.json", "timeseries.csv"}, set(written[0]))
        self.assertEqual(written[0], written[1])

    def test_another_seed_is_other_luck(self):
        for scenario in SCENARIOS:
            with self.subTest(scenario):
                prints = {json.loads(output(scenario, "--seed", seed))["run"]["fingerprint"]
                          for seed in ("1", "2", "3", "18446744073709551615")}
                self.assertEqual(len(prints), 4)

    def test_replications_are_the_same_however_many_follow(self):
        rows = []
        for replications in ("2", "4"):
            with tempfile.TemporaryDirectory() as folder:
                output(SCENARIOS[0], "--out", folder, replications=replications)
                lines = (pathlib.Path(folder) / "timeseries.csv").read_text().splitlines()
                rows.append([line for line in lines if line.startswith(("1,", "2,"))])
        self.assertGreater(len(rows[0]), 100)
        self.assertEqual(rows[0], rows[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
