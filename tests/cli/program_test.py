#!/usr/bin/python3
"""The program as its users see it: words, files, exit codes, signals.

usage: program_test.py STAMPEDE BUILD_DIR"""

import csv
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

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
  # the end
"""
PASSES = SCENARIO + "expect:\n  - shoppers.availability >= 50%\n"
FAILS = SCENARIO + "expect:\n  - shoppers.latency.p50 < 1us\n"
# Long enough to be interrupted on any machine.
ENDLESS = SCENARIO.replace("duration: 20s", "duration: 100000000s")


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def file(self, text, name="tiny.yaml"):
        path = self.path / name
        path.write_text(text)
        return str(path)

    def stampede(self, *words, code=0, stdin=None, **variables):
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}
        done = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True,
                              encoding="utf-8", env=environment, cwd=self.path)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        # Messages are wrapped; a test asks for their words.
        done.words = " ".join(done.stderr.split())
        return done

    # ---- words ----

    def test_alone_it_prints_short_help_and_fails(self):
        done = self.stampede(code=2)
        self.assertEqual(done.stdout, "")
        self.assertIn("usage: stampede COMMAND", done.stderr)

    def test_help_and_version(self):
        self.assertIn("Examples:", self.stampede("--help").stdout)
        self.assertEqual(self.stampede("help", "run").stdout,
                         self.stampede("run", "--help").stdout)
        self.assertRegex(self.stampede("version").stdout, r"^stampede \d+\.\d+\.\d+\n$")
        self.assertEqual(self.stampede("version").stdout, self.stampede("--version").stdout)

    def test_help_fits_80_columns(self):
        commands = re.findall(r"^  (\w+)  ", self.stampede("--help").stdout, re.M)
        self.assertIn("validate", commands)
        for words in [["--help"], *(["help", command] for command in commands
                                    if command not in ("help", "version", "stampede"))]:
            for line in self.stampede(*words).stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_wrong_words_are_answered_with_a_suggestion(self):
        self.assertIn("did you mean 'validate'?", self.stampede("valdate", code=2).stderr)
        self.assertIn("did you mean '--replications'?",
                      self.stampede("run", "x.yaml", "--replication", "3", code=2).stderr)
        self.assertIn("did you mean 'json'?",
                      self.stampede("run", "x.yaml", "--format", "jsn", code=2).stderr)
        self.assertIn("expected a whole number",
                      self.stampede("run", "x.yaml", "--jobs", "many", code=2).stderr)
        self.stampede("run", code=2)
        self.stampede("run", "a.yaml", "b.yaml", code=2)
        self.stampede("run", "a.yaml", "--replications=0", code=2)

    # ---- run ----

    def test_a_run_prints_a_summary_of_80_columns(self):
        done = self.stampede("run", self.file(PASSES))
        self.assertIn("✓ shoppers.availability >= 50%", done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("requests in", done.stderr)

    def test_quiet_leaves_the_standard_error_empty(self):
        self.assertEqual(self.stampede("run", self.file(PASSES), "--quiet").stderr, "")

    def test_colours_follow_the_option_and_the_environment(self):
        file = self.file(PASSES)
        self.assertIn("\x1b[", self.stampede("run", file, "--color=always").stdout)
        self.assertIn("\x1b[", self.stampede("run", file, CLICOLOR_FORCE="1").stdout)
        self.assertNotIn("\x1b[", self.stampede("run", file, CLICOLOR_FORCE="1", NO_COLOR="1").stdout)
        self.assertIn("PASS", self.stampede("run", file, LANG="C").stdout)
        self.stampede("run", file, LANG="C").stdout.encode("ascii")

    def test_a_failed_expectation_is_exit_code_99(self):
        done = self.stampede("run", self.file(FAILS), code=99)
        self.assertIn("✗ shoppers.latency.p50 < 1us", done.stdout)

    def test_the_same_bytes_whatever_the_number_of_threads(self):
        file = self.file(PASSES)
        words = ["run", file, "--format", "json", "--quiet"]
        one = self.stampede(*words, "--jobs", "1").stdout
        self.assertEqual(one, self.stampede(*words, "--jobs", "2").stdout)
        self.assertEqual(one, self.stampede(*words, "-j", "7").stdout)
        self.assertNotEqual(one, self.stampede(*words, "--seed", "2").stdout)

    def test_the_result_as_json(self):
        file = self.file(PASSES)
        result = json.loads(self.stampede("run", file, "--format=json").stdout)
        self.assertEqual(result["schema_version"], 1)
        self.assertEqual(result["run"]["replications"], 3)
        self.assertEqual(result["run"]["warmup_s"], 2)
        shoppers = result["traffic"]["shoppers"]
        self.assertEqual(shoppers["requests"],
                         sum(shoppers["outcomes"].values()))
        self.assertEqual(shoppers["availability"]["n"], 3)
        self.assertEqual(result["expectations"][0]["verdict"], "pass")
        self.assertEqual(result["scenario"]["resolved"]["name"], "tiny")
        self.assertNotIn("partial", result["run"])

    def test_one_replication_has_intervals_over_batches(self):
        words = ["run", self.file(SCENARIO), "--replications", "1"]
        result = json.loads(self.stampede(*words, "--format", "json").stdout)
        self.assertEqual(result["run"]["batches"], 30)
        availability = result["traffic"]["shoppers"]["availability"]
        self.assertEqual(availability["n"], 30)
        self.assertLess(availability["low"], availability["high"])
        self.assertIn("intervals over 30 batches", " ".join(self.stampede(*words).stdout.split()))

    def test_replications_are_added_until_the_numbers_are_precise(self):
        words = ["run", self.file(SCENARIO), "--precision", "shoppers.latency.mean within 4%"]
        done = self.stampede(*words)
        self.assertIn("✓ shoppers.latency.mean within 4%", done.stdout)
        run = json.loads(self.stampede(*words, "--format", "json").stdout)["run"]
        self.assertEqual(run["precision"]["ended"], "reached")
        self.assertGreaterEqual(run["replications"], 10)
        done = self.stampede(*words, "--max-replications", "4")
        self.assertIn("not reached: ended by --max-replications after 4 replications", done.stdout)

    def test_precision_of_what_is_not_there_is_refused(self):
        file = self.file(SCENARIO)
        done = self.stampede("run", file, "--precision", "shoppers.latncy.p99 within 2%", code=2)
        self.assertIn("did you mean 'latency.p99'?", done.words)
        done = self.stampede("run", file, "--precision", "shoppers.latency.p99 < 2%", code=2)
        self.assertIn("expected such as", done.words)
        done = self.stampede("run", file, "--precision", "shoppers.latency.p99 within 2%",
                             "--max-wall", "5", code=2)
        self.assertIn("expected a time", done.words)

    # ---- compare ----

    def test_two_scenarios_are_compared(self):
        slower = self.file(SCENARIO.replace("mean: 10ms", "mean: 12ms"), "slower.yaml")
        done = self.stampede("compare", self.file(SCENARIO), slower)
        self.assertRegex(done.stdout, r"latency.mean .* worse\n")
        self.assertIn("The same luck for all", done.stdout)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_variants_of_one_scenario_are_compared_and_ranked(self):
        words = ["compare", self.file(SCENARIO), "--with", "app.concurrency.workers=3", "--with",
                 "app.concurrency.workers=1; app.concurrency.queue=20", "--replications", "8"]
        done = self.stampede(*words, "--format", "json")
        comparison = json.loads(done.stdout)
        self.assertEqual([one["label"] for one in comparison["scenarios"]], ["A", "B", "C"])
        self.assertIn("app.concurrency.queue=20", comparison["scenarios"][2]["source"])
        mean = comparison["metrics"][0]
        self.assertEqual(mean["metric"], "shoppers.latency.mean")
        self.assertEqual(mean["against_first"]["C"]["verdict"], "worse")
        self.assertEqual(mean["ranking"][-1], "C")
        self.assertNotIn("C", mean["perhaps_best"])
        rows = list(csv.DictReader(self.stampede(*words, "--format=csv").stdout.splitlines()))
        self.assertEqual(len(rows), 10)
        self.assertEqual(rows[0]["scenario"], "B")
        self.assertIn("ranking", self.stampede(*words).stdout)
        same = [self.stampede(*words, "--format", "json", "-j", jobs).stdout for jobs in "13"]
        self.assertEqual(same, [done.stdout] * 2)

    def test_what_cannot_be_compared_is_refused(self):
        file = self.file(SCENARIO)
        self.assertIn("nothing to compare", self.stampede("compare", file, code=2).words)
        self.assertIn("--with makes variants of one",
                      self.stampede("compare", file, file, "--with", "app.cpu=2", code=2).words)
        done = self.stampede("compare", file, "--with", "app.conurrency=2", code=104)
        self.assertIn("with app.conurrency=2 is no valid scenario", done.words)
        other = self.file(SCENARIO.replace("shoppers", "guests"), "other.yaml")
        self.assertIn("no population of traffic in common",
                      self.stampede("compare", file, other, code=2).words)
        done = self.stampede("compare", file, file, "--metric", "shoppers.latncy.p99", code=2)
        self.assertIn("did you mean 'latency.p99'?", done.words)
        self.assertIn("expected a share",
                      self.stampede("compare", file, file, "--margin", "5ms", code=2).words)

    def test_the_result_as_csv(self):
        done = self.stampede("run", self.file(SCENARIO), "--format", "csv")
        rows = list(csv.DictReader(done.stdout.splitlines()))
        self.assertEqual(list(rows[0]), ["subject", "metric", "estimate", "low", "high", "n"])
        found = {(row["subject"], row["metric"]) for row in rows}
        self.assertIn(("shoppers", "latency_s.p99.9"), found)
        self.assertIn(("app", "utilization"), found)

    def test_all_files_are_written(self):
        file = self.file(PASSES)
        out = self.path / "out" / "deep"
        done = self.stampede("run", file, "--out", str(out), "--format", "json")
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         ["performance.json", "result.json", "scenario.yaml", "summary.txt",
                          "timeseries.csv"])
        self.assertEqual((out / "result.json").read_text(), done.stdout)
        self.assertEqual((out / "scenario.yaml").read_text(), PASSES)
        performance = json.loads((out / "performance.json").read_text())
        self.assertGreater(performance["events"], 0)
        self.assertGreater(performance["requests"], 2000)
        self.assertGreater(performance["peak_memory_bytes"], 0)
        rows = list(csv.DictReader((out / "timeseries.csv").read_text().splitlines()))
        self.assertEqual(list(rows[0]), ["replication", "time_s", "subject", "metric", "value"])
        self.assertEqual({row["replication"] for row in rows}, {"1", "2", "3"})

    def test_settings_on_the_command_line(self):
        done = self.stampede("run", self.file(SCENARIO), "--set", "app.concurrency.workers=5",
                             "--set=run.duration=10s", "--seed=7", "--format", "json")
        result = json.loads(done.stdout)
        self.assertEqual(result["run"]["seed"], 7)
        self.assertEqual(result["run"]["duration_s"], 10)
        done = self.stampede("run", self.file(SCENARIO), "--set", "app.conurrency=5", code=104)
        self.assertIn("did you mean 'concurrency'?", done.words)

    def test_a_shortened_run_says_so(self):
        done = self.stampede("run", self.file(SCENARIO), "--shorten", "4", "--format", "json")
        result = json.loads(done.stdout)
        self.assertEqual(result["run"]["duration_s"], 5)
        self.assertEqual(result["run"]["warmup_s"], 0.5)
        self.assertEqual(result["run"]["shortened"], 4)
        self.assertIn("divided by 4", done.stderr)

    def test_the_standard_input_is_a_file_called_dash(self):
        done = self.stampede("run", "-", stdin=PASSES)
        self.assertIn("tiny", done.stdout)
        done = self.stampede("run", "-", stdin="stampede: 1\nrum: {}\n", code=104)
        self.assertIn("<stdin>:2:1: error: unknown key 'rum'", done.stderr)

    # ---- what goes wrong ----

    def test_files_that_cannot_be_read_or_written(self):
        done = self.stampede("run", "no-such-file.yaml", code=1)
        self.assertIn("cannot read no-such-file.yaml: No such file or directory", done.stderr)
        self.assertIn("it is a directory", self.stampede("run", str(self.path), code=1).stderr)
        file = self.file(SCENARIO)
        done = self.stampede("run", file, "--out", file + "/below", code=1)
        self.assertIn("cannot write", done.stderr)
        self.assertEqual(done.stdout, "")

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no device that is always full")
    def test_a_full_disk_is_not_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE,
                                  encoding="utf-8")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write to the standard output", done.stderr)

    def test_mistakes_are_shown_all_at_once(self):
        text = SCENARIO.replace("workers: 2", "wrkers: 2").replace("duration: 20s", "duration: 20")
        done = self.stampede("run", self.file(text), code=104)
        self.assertIn("error: unknown key 'wrkers'", done.stderr)
        self.assertIn("run.duration is '20'", done.stderr)
        self.assertIn("^", done.stderr)

    def test_expectations_are_checked_before_the_run(self):
        text = SCENARIO + "expect:\n  - shoppers.latncy.p99 < 1s\n"
        done = self.stampede("validate", self.file(text), code=104)
        self.assertIn("did you mean 'latency.p99'?", done.words)

    # ---- validate ----

    def test_validate_reports_on_every_file(self):
        good, bad = self.file(SCENARIO, "good.yaml"), self.file("stampede: 2\n", "bad.yaml")
        done = self.stampede("validate", bad, good, code=104)
        self.assertEqual(done.stdout, f"{good}: valid\n")
        self.assertIn(f"{bad}:1:", done.stderr)
        self.stampede("validate", good)
        self.stampede("validate", good, "missing.yaml", code=1)

    def test_validate_for_tools(self):
        bad = self.file(SCENARIO.replace("workers: 2", "wrkers: 2"))
        report = json.loads(self.stampede("validate", bad, "--format=json", code=104).stdout)
        self.assertFalse(report["valid"])
        self.assertEqual(report["error_count"], len(report["diagnostics"]))
        first = report["diagnostics"][0]
        self.assertEqual(first["severity"], "error")
        self.assertEqual(first["range"]["filename"], bad)
        self.assertEqual(first["range"]["start"]["line"], 11)

    # ---- explain, graph, list, schema, reference ----

    def test_the_explained_scenario_is_the_same_scenario(self):
        explained = self.stampede("explain", self.file(PASSES)).stdout
        again = self.file(explained, "explained.yaml")
        self.assertEqual(self.stampede("explain", again).stdout, explained)
        words = ["--format", "json", "--quiet"]
        self.assertEqual(self.stampede("run", again, *words).stdout,
                         self.stampede("run", self.file(PASSES), *words).stdout)

    def test_theory_names_the_bottleneck_and_when_it_saturates(self):
        # 50 requests a second of 10 ms at two workers with room for ten: a quarter of what they can do.
        done = self.stampede("explain", self.file(SCENARIO), "--theory")
        self.assertIn("bottleneck: app, asked for 25.0% of its workers", done.stdout)
        self.assertIn("app saturates at 4.00 times today's load: shoppers 200/s", done.stdout)
        self.assertIn("app has one instance: without it, request fails", done.stdout)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        theory = json.loads(self.stampede("explain", self.file(SCENARIO), "--theory",
                                          "--format", "json").stdout)
        self.assertEqual(theory["components"]["app"]["utilization"], 0.25)
        self.assertAlmostEqual(theory["saturation_factor"], 4, places=2)
        self.stampede("explain", self.file(SCENARIO), "--theory", "--format", "yaml", code=2)

    def test_a_run_shows_predictions_beside_what_was_seen(self):
        file = self.file(PASSES)
        self.assertIn("beside theory", self.stampede("run", file).stdout)
        predicted = json.loads(self.stampede("run", file, "--format", "json").stdout)["predicted"]
        self.assertEqual(predicted["components"]["app"]["utilization"], 0.25)
        self.assertEqual(predicted["traffic"]["shoppers"]["throughput_per_s"], 50)

    def test_the_topology_as_a_graph(self):
        self.assertIn('"shoppers" -> "app"', self.stampede("graph", self.file(SCENARIO)).stdout)
        done = self.stampede("graph", self.file(SCENARIO), "--format", "mermaid")
        self.assertIn("n0 -->", done.stdout)

    def test_what_can_be_named_is_listed(self):
        self.assertIn("service", self.stampede("list", "components").stdout)
        kinds = json.loads(self.stampede("list", "--format", "json").stdout)["kinds"]
        self.assertIn("least_request", {kind["name"] for kind in kinds})
        self.assertEqual(set(kinds[0]), {"registry", "name", "meaning"})
        done = self.stampede("list", "load-balancing-policy", "--describe", "least_request")
        self.assertIn("`choice_count`", done.stdout)
        done = self.stampede("list", "--describe", "least_requests", code=2)
        self.assertIn("did you mean 'least_request'?", done.stderr)
        self.assertIn("did you mean", self.stampede("list", "componet", code=2).stderr)

    def test_the_schema_is_json_and_the_reference_has_a_page_for_each_registry(self):
        self.assertIn("definitions", json.loads(self.stampede("schema").stdout))
        self.stampede("reference", "--out", str(self.path / "reference"))
        pages = {path.name for path in (self.path / "reference").iterdir()}
        self.assertLessEqual({"README.md", "commands.md", "scenario.md", "component.md"}, pages)

    # ---- signals and terminals ----

    def test_an_interrupted_comparison_says_so(self):
        code, stdout, _ = self.interrupted(signal.SIGINT, "--progress=always", "--with",
                                           "app.cpu=2", "--format=json", command="compare")
        self.assertEqual(code, 130)
        comparison = json.loads(stdout)
        self.assertIs(comparison["run"]["partial"], True)
        self.assertEqual(comparison["run"]["replications"], 0)

    def interrupted(self, number, *words, command="run"):
        running = subprocess.Popen([PROGRAM, command, self.file(ENDLESS), *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        running.stderr.readline()  # progress: it is running
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=60)
        return running.returncode, stdout, stderr

    def test_an_interrupted_run_writes_a_partial_result(self):
        out = self.path / "out"
        for number in (signal.SIGINT, signal.SIGTERM):
            code, stdout, _ = self.interrupted(number, "--progress=always", "--out", str(out))
            self.assertEqual(code, 130)
            self.assertIn("interrupted: 0 of 3 replications finished", stdout)
            result = json.loads((out / "result.json").read_text())
            self.assertIs(result["run"]["partial"], True)

    def test_a_second_interruption_kills(self):
        # Stopped, it cannot act on the first signal before it gets the second one.
        running = subprocess.Popen([PROGRAM, "run", self.file(ENDLESS), "--progress=always"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        running.stderr.readline()
        first, second = signal.SIGTERM, signal.SIGINT
        os.kill(running.pid, signal.SIGSTOP)
        running.send_signal(first)
        running.send_signal(second)
        os.kill(running.pid, signal.SIGCONT)
        stdout, _ = running.communicate(timeout=60)
        self.assertIn(running.returncode, (-first, -second))
        self.assertEqual(stdout, "")

    def test_a_repetition_without_time_can_be_interrupted(self):
        steps = "[{repeat: {times: 1000000000, steps: [{compute: 0s}]}}]"
        file = self.file(SCENARIO.replace("[{compute: {exponential: {mean: 10ms}}}]", steps))
        running = subprocess.Popen([PROGRAM, "run", file, "--progress=always"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        running.stderr.readline()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130)

    def test_progress_is_for_terminals(self):
        leader, follower = pty.openpty()
        environment = {**os.environ, "TERM": "xterm"}
        running = subprocess.Popen([PROGRAM, "run", self.file(ENDLESS)], stdout=subprocess.DEVNULL,
                                   stderr=follower, env=environment)
        os.close(follower)
        seen = b""
        deadline = time.monotonic() + 60
        while b"replications" not in seen and time.monotonic() < deadline:
            seen += os.read(leader, 1000)
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)
        os.close(leader)
        self.assertRegex(seen.decode(), r"\d+%  \d of 3 replications")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
