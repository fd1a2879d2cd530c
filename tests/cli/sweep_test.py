#!/usr/bin/python3
# labels: once
"""Sweeps as their users see them: interrupted, killed and resumed, or spread over many processes,
the files are always the same bytes.

usage: sweep_test.py STAMPEDE BUILD_DIR"""

import csv
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema
import yaml

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())

SCENARIO = """\
stampede: 1
name: tiny
run: {duration: 20s, warmup: 2s, replications: 3, seed: 1}
traffic:
  shoppers:
    arrivals: {kind: poisson, rate: 50/s}
    target: app
components:
  app:
    kind: service
    concurrency: {kind: threads, workers: 2, queue: 10}
    handler: [{compute: {exponential: {mean: 10ms}}}]
expect:
  - shoppers.availability >= 99%
"""
GRID = ["--param", "app.concurrency.workers=1..4", "--param", "shoppers.arrivals.rate=[50/s, 150/s]"]
STUDY = """\
sweep: 1
description: How many workers does it take?
scenario: tiny.yaml
set: [run.duration=10s]
parameters:
  - app.concurrency.workers=1..8
  - shoppers.arrivals.rate=20/s..300/s log
design: latin_hypercube
points: 8
replications: 2
metrics: [shoppers.latency.p50, app.utilization]
"""


def environment(**variables):
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}


class SweepTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        (self.path / "tiny.yaml").write_text(SCENARIO)

    def stampede(self, *words, code=0, stdin=None, **variables):
        done = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, encoding="utf-8",
                              env=environment(**variables), cwd=self.path)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        done.words = " ".join(done.stderr.split())
        return done

    def merged(self, name):
        return {file: (self.path / name / file).read_bytes()
                for file in ("sweep.csv", "sweep.json", "summary.txt")}

    # ---- here ----

    def test_a_grid_is_a_table_of_80_columns_and_a_tidy_csv(self):
        done = self.stampede("sweep", "tiny.yaml", *GRID, "--out", "a")
        self.assertIn("8 points (grid)", done.stdout)
        self.assertIn("What moves shoppers.latency.p99", done.stdout)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        with open(self.path / "a/sweep.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ["point", "app.concurrency.workers", "shoppers.arrivals.rate",
                                         "metric", "estimate", "low", "high", "n"])
        p99 = [row for row in rows if row["metric"] == "shoppers.latency_s.p99"]
        self.assertEqual([row["app.concurrency.workers"] for row in p99], list("11223344"))
        self.assertTrue(all(float(row["low"]) <= float(row["estimate"]) <= float(row["high"])
                            for row in p99))
        result = json.loads((self.path / "a/sweep.json").read_text())
        self.assertEqual(len(result["points"]), 8)
        self.assertEqual(result["points"][1]["parameters"],
                         {"app.concurrency.workers": "1", "shoppers.arrivals.rate": "150/s"})
        self.assertEqual(result["points"][1]["expectations"][0]["verdict"], "fail")
        self.assertEqual(float(p99[0]["estimate"]),
                         result["points"][0]["metrics"]["shoppers.latency.p99"]["estimate"])
        self.assertEqual(result["sensitivities"][1]["effects"][0]["parameter"],
                         "app.concurrency.workers")

    def test_a_point_is_what_run_gives_with_the_same_settings(self):
        self.stampede("sweep", "tiny.yaml", *GRID, "--out", "a")
        point = json.loads((self.path / "a/sweep.json").read_text())["points"][5]
        alone = json.loads(self.stampede("run", "tiny.yaml", "--set", "app.concurrency.workers=3",
                                         "--set", "shoppers.arrivals.rate=150/s", "--format",
                                         "json").stdout)
        self.assertEqual(point["fingerprint"], alone["run"]["fingerprint"])
        self.assertEqual(point["metrics"]["shoppers.latency.p99"],
                         alone["traffic"]["shoppers"]["latency_s"]["p99"])

    def test_the_same_bytes_whatever_the_number_of_threads_with_files_and_without(self):
        words = ["sweep", "tiny.yaml", *GRID, "--format", "json", "--quiet"]
        one = self.stampede(*words, "--jobs", "1").stdout
        self.assertEqual(one, self.stampede(*words, "--jobs", "5").stdout)
        self.assertEqual(one, self.stampede(*words, "--out", "a").stdout)
        self.assertEqual(one, (self.path / "a/sweep.json").read_text())
        self.assertEqual(one, self.stampede("sweep", "-", *words[2:], stdin=SCENARIO).stdout)

    def test_the_scalability_law_is_fitted_to_a_throughput(self):
        closed = SCENARIO.replace("{kind: poisson, rate: 50/s}", "{kind: closed, users: 1}") \
                         .replace("{exponential: {mean: 10ms}}", "10ms")
        (self.path / "closed.yaml").write_text(closed)
        sizes = ["--param", "shoppers.arrivals.users=[1, 2, 3, 4]", "--usl", "shoppers.throughput"]
        served = self.stampede("sweep", "closed.yaml", *sizes, "--format", "json", "--set",
                                  "app.concurrency.workers=1")
        usl = json.loads(served.stdout)["usl"]
        self.assertEqual(usl["metric"], "shoppers.throughput")
        self.assertAlmostEqual(usl["contention"]["estimate"], 1, places=2)
        self.assertAlmostEqual(usl["unit_throughput_per_s"]["estimate"], 100, delta=1)
        alone = self.stampede("sweep", "closed.yaml", *sizes, "--set",
                                 "app.concurrency.workers=4")
        self.assertIn("How far shoppers.throughput scales with shoppers.arrivals.users", alone.stdout)
        self.assertRegex(alone.stdout, r"most throughput at size +none: it only grows")

        for wrong, words in [
            (["--param", "shoppers.arrivals.users=[1, 2, 3]", "--usl", "shoppers.throughput"],
             "has 3 values"),
            ([*sizes[:3], "shoppers.latency.p99"], "is no throughput"),
            (["--param", "app.handler.0.compute=[1ms, 2ms, 3ms, 4ms]", *sizes[2:]], "is no size"),
            ([*sizes, "--param", "app.replicas=[1, 2]"], "there are 2 parameters"),
        ]:
            done = self.stampede("sweep", "closed.yaml", *wrong, code=104)
            self.assertIn(words, done.words)

    def test_a_study_file_says_it_all(self):
        schema = json.loads(self.stampede("schema", "study").stdout)
        jsonschema.Draft7Validator(schema).validate(yaml.safe_load(STUDY))
        (self.path / "studies").mkdir()
        (self.path / "studies/workers.yaml").write_text(STUDY.replace("tiny.yaml", "../tiny.yaml"))
        result = json.loads(self.stampede("sweep", "studies/workers.yaml", "--format=json").stdout)
        self.assertEqual(result["design"], "latin_hypercube")
        self.assertEqual(sorted(int(point["parameters"]["app.concurrency.workers"])
                                for point in result["points"]), list(range(1, 9)))
        self.assertEqual(list(result["points"][0]["metrics"]),
                         ["shoppers.latency.p50", "app.utilization"])
        self.assertEqual({point["replications"] for point in result["points"]}, {2})
        other = json.loads(self.stampede("sweep", "studies/workers.yaml", "--format=json",
                                         "--sample-seed", "2").stdout)
        self.assertNotEqual([point["parameters"] for point in result["points"]],
                            [point["parameters"] for point in other["points"]])

    def test_mistakes_are_told_with_their_places_before_anything_runs(self):
        (self.path / "study.yaml").write_text(STUDY.replace("1..8", "8..1").replace("set:", "sett:"))
        done = self.stampede("sweep", "study.yaml", "--out", "a", code=104)
        self.assertIn("study.yaml:4:1: error: unknown key 'sett'", done.words)
        self.assertIn("study.yaml:6:5: error:", done.words)
        self.assertIn("from a smaller to a larger value", done.words)
        done = self.stampede("sweep", "tiny.yaml", "--param", "app.concurrency.workers=0..2", "--out",
                             "a", code=104)
        self.assertIn("(at app.concurrency.workers=0)", done.words)
        done = self.stampede("sweep", "tiny.yaml", *GRID, "--metric", "shoppers.latncy.p99", code=104)
        self.assertIn("did you mean 'latency.p99'?", done.words)
        self.assertFalse((self.path / "a").exists())

    def test_wrong_words_are_refused(self):
        for words, answer in [
                (["tiny.yaml"], "needs --param"),
                (["tiny.yaml", *GRID, "--sample", "sobol:4"], "expected latin:N"),
                (["tiny.yaml", *GRID, "--sample", "latin:0"], "expected latin:N"),
                (["tiny.yaml", *GRID, "--zip", "--sample", "latin:4"], "two designs"),
                (["tiny.yaml", *GRID, "--task", "1"], "--task has no meaning"),
                (["plan", "tiny.yaml", *GRID], "needs --out"),
                (["plan"], "sweep plan needs a FILE"),
                (["merge"], "sweep merge needs a DIR"),
                (["mrege", "a"], "did you mean 'merge'?"),
                (["merge", "a", "--jobs", "2"], "--jobs has no meaning")]:
            self.assertIn(answer, self.stampede("sweep", *words, code=2).words)
        self.assertIn("holds no sweep", self.stampede("sweep", "merge", "a", code=1).words)

    def test_a_point_beyond_the_limits_fails_alone(self):
        # A timeout that ends after 292 years, where simulated time does.
        words = ["sweep", "tiny.yaml", "--param", "shoppers.timeout=[1s, 106751d23h47m, 2s]",
                 "--out", "a"]
        done = self.stampede(*words, code=1)
        self.assertIn("point 1 (shoppers.timeout=106751d23h47m) failed: replication 1:", done.words)
        result = json.loads((self.path / "a/sweep.json").read_text())
        self.assertEqual([point["point"] for point in result["points"]], [0, 2])
        self.assertTrue(result["partial"])
        self.assertIn("1 of 3 tasks are missing: 1",
                      self.stampede("sweep", "merge", "a", code=1).words)

    # ---- interrupted ----

    def test_a_sweep_goes_on_where_it_was_and_only_if_it_is_the_same(self):
        self.stampede("sweep", "tiny.yaml", *GRID, "--out", "a")
        before = self.merged("a")
        (self.path / "a/points/3.json").unlink()
        (self.path / "a/sweep.json").unlink()
        self.assertIn("7 of 8 points are there already",
                      self.stampede("sweep", "tiny.yaml", *GRID, "--out", "a").words)
        self.assertEqual(self.merged("a"), before)
        for words, difference in [(["--seed", "2"], "settings"), (["--shorten", "2"], "settings"),
                                  (["--param", "run.seed=1..2"], "parameters"),
                                  (["--metric", "app.utilization"], "metrics")]:
            done = self.stampede("sweep", "tiny.yaml", *GRID, *words, "--out", "a", code=1)
            self.assertIn("holds another sweep: the " + difference, done.words)
        (self.path / "tiny.yaml").write_text(SCENARIO + "# changed\n")
        done = self.stampede("sweep", "tiny.yaml", *GRID, "--out", "a", code=1)
        self.assertIn("the scenario's text is another one", done.words)

    def test_a_torn_or_foreign_file_is_told_and_not_used(self):
        self.stampede("sweep", "tiny.yaml", *GRID, "--out", "a")
        self.stampede("sweep", "tiny.yaml", *GRID, "--out", "b", "--seed", "7")
        shutil.copy(self.path / "b/points/3.json", self.path / "a/points/3.json")
        self.assertIn("belongs to another sweep", self.stampede("sweep", "merge", "a", code=1).words)
        (self.path / "a/points/3.json").write_text("{")
        self.assertIn("cannot use a/points/3.json",
                      self.stampede("sweep", "merge", "a", code=1).words)

    def start(self, *words):
        return subprocess.Popen([PROGRAM, *words], env=environment(), cwd=self.path,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_ctrl_c_keeps_the_finished_points_marked_partial(self):
        words = ["sweep", "tiny.yaml", "--set", "run.duration=200s", "--param", "run.seed=1..200",
                 "--out", "a"]
        running = self.start(*words)
        end = time.monotonic() + 60
        while len(list(self.path.glob("a/points/*.json"))) < 3 and time.monotonic() < end:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(60), 130)
        result = json.loads((self.path / "a/sweep.json").read_text())
        self.assertTrue(result["partial"])
        self.assertEqual(result["points_asked"], 200)
        self.assertGreaterEqual(len(result["points"]), 3)
        self.assertEqual(len(result["points"]), len(list(self.path.glob("a/points/*.json"))))

    def test_killed_at_any_moment_no_finished_point_is_lost(self):
        words = ["sweep", "tiny.yaml", *GRID, "--param", "run.seed=1..5", "--quiet"]
        began = time.monotonic()
        self.stampede(*words, "--out", "whole")
        whole = time.monotonic() - began
        luck = random.Random(1)
        finished = {}
        kills = 0
        while True:
            running = self.start(*words, "--out", "a")
            try:
                self.assertEqual(running.wait(luck.uniform(0, whole / 2)), 0)
                break
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                kills += 1
            now = {file.name: file.read_bytes() for file in self.path.glob("a/points/*.json")}
            self.assertLessEqual(finished.items(), now.items())
            finished = now
        self.assertGreater(kills, 0)
        self.assertEqual(self.merged("a"), self.merged("whole"))

    # ---- spread ----

    def test_tasks_in_any_order_and_twice_give_the_bytes_of_one_machine(self):
        self.stampede("sweep", "tiny.yaml", *GRID, "--out", "here")
        self.assertIn("8 tasks in there, 0 of them done",
                      self.stampede("sweep", "plan", "tiny.yaml", *GRID, "--out", "there").stdout)
        (self.path / "tiny.yaml").unlink()  # the folder holds all that it takes
        for task in (5, 1, 7, 1, 0):
            self.stampede("sweep", "run", "there", "--task", str(task))
        done = self.stampede("sweep", "merge", "there", code=1)
        self.assertIn("4 of 8 tasks are missing: 2-4,6", done.words)
        self.assertTrue(json.loads((self.path / "there/sweep.json").read_text())["partial"])
        self.stampede("sweep", "run", "there", SLURM_ARRAY_TASK_ID="2")
        self.stampede("sweep", "run", "there", JOB_COMPLETION_INDEX="3")
        self.stampede("sweep", "run", "there", PARALLEL_SEQ="5")
        self.stampede("sweep", "run", "there", "--tasks-per-job", "3", SLURM_ARRAY_TASK_ID="2")
        self.stampede("sweep", "merge", "there")
        self.assertEqual(self.merged("there"), self.merged("here"))
        self.assertIn("there is no task 8",
                      self.stampede("sweep", "run", "there", "--task", "8", code=2).words)
        self.assertIn("both SLURM_ARRAY_TASK_ID and PARALLEL_SEQ are set",
                      self.stampede("sweep", "run", "there", code=2, SLURM_ARRAY_TASK_ID="2",
                                    PARALLEL_SEQ="1").words)

    def test_what_is_missing_is_run_without_a_task(self):
        self.stampede("sweep", "plan", "tiny.yaml", *GRID, "--out", "a")
        self.stampede("sweep", "run", "a", "--task", "3", "--tasks-per-job", "2")
        self.assertIn("6 points in", self.stampede("sweep", "run", "a").words)
        self.stampede("sweep", "merge", "a")

    def test_gnu_parallel_runs_the_tasks(self):
        if shutil.which("parallel") is None:
            self.skipTest("parallel cannot be found (packages.txt, section test)")
        self.stampede("sweep", "tiny.yaml", *GRID, "--out", "here")
        folder = self.path / "a folder"
        self.stampede("sweep", "plan", "tiny.yaml", *GRID, "--out", str(folder))
        script = self.stampede("sweep", "submit", str(folder), "--engine", "parallel",
                               "--tasks-per-job", "3").stdout
        done = subprocess.run(["sh", "-c", script], env=environment(HOME=str(self.path)),
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len((folder / "log/jobs.tsv").read_text().splitlines()), 4)
        self.assertEqual(self.merged("a folder"), self.merged("here"))

    def test_the_slurm_script_is_a_job_array_within_the_limits(self):
        self.stampede("sweep", "plan", "tiny.yaml", "--param", "run.seed=1..2500", "--out", "a")
        script = self.stampede("sweep", "submit", "a", "--engine", "slurm", "--at-once", "50").stdout
        self.assertIn("--array=0-833%50", script)
        self.assertIn("--tasks-per-job 3", script)
        self.assertIn("--dependency=afterany:", script)
        subprocess.run(["sh", "-n", "-c", script], check=True)

    def test_the_kubernetes_manifest_is_an_indexed_job(self):
        self.stampede("sweep", "plan", "tiny.yaml", *GRID, "--out", "a")
        job = yaml.safe_load(self.stampede("sweep", "submit", "a", "--engine", "kubernetes",
                                           "--at-once", "3", "--image", "registry/stampede:1",
                                           "--claim", "shared").stdout)
        self.assertEqual((job["apiVersion"], job["kind"]), ("batch/v1", "Job"))
        self.assertRegex(job["metadata"]["name"], r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
        spec = job["spec"]
        self.assertEqual(spec["completionMode"], "Indexed")
        self.assertEqual((spec["completions"], spec["parallelism"]), (8, 3))
        self.assertGreater(spec["backoffLimit"], 0)
        pod = spec["template"]["spec"]
        self.assertEqual(pod["restartPolicy"], "Never")
        container = pod["containers"][0]
        self.assertEqual(container["image"], "registry/stampede:1")
        # The command is one that this program takes.
        words = container["command"]
        self.assertEqual(words[:3], ["stampede", "sweep", "run"])
        self.assertEqual(words[3], container["volumeMounts"][0]["mountPath"])
        self.assertEqual(container["volumeMounts"][0]["name"], pod["volumes"][0]["name"])
        self.assertEqual(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], "shared")
        for index in range(8):
            self.stampede(*["a" if word == words[3] else word for word in words[1:]],
                          JOB_COMPLETION_INDEX=str(index))
        self.stampede("sweep", "merge", "a")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
