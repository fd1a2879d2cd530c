#!/usr/bin/python3
# labels: long
"""How often `stampede compare` is right, over 100 seeds: of two tiers of which the second is 2 % slower,
and of scenarios that are the same.

The same scenario twice has the same luck, and all differences are zero. The error rate shows where the
same tier has another name: then its luck is its own, and what is seen of differences is chance.

usage: compare_verdicts_test.py STAMPEDE BUILD_DIR (called by ctest in the root of the sources)
"""

import collections
import csv
import pathlib
import subprocess
import sys
import tempfile

SEEDS = 100

TWO_TIERS = """\
stampede: 1
name: two-tiers
run: {{duration: 100s, warmup: 20s, replications: 10, seed: 1}}
network: {{within_zone: {{latency: 0s}}, to_users: {{latency: 0s}}}}
traffic:
  users: {{arrivals: {{kind: poisson, rate: 70/s}}, target: front}}
components:
  front:
    kind: service
    concurrency: {{kind: threads, workers: 4, queue: unbounded}}
    handler: [{{compute: {{exponential: {{mean: 20ms}}}}}}, {{call: {back}}}]
  {back}:
    kind: service
    concurrency: {{kind: threads, workers: 1, queue: unbounded}}
    handler: [{{compute: {{exponential: {{mean: {mean}}}}}}}]
"""

LATENCIES = ("users.latency.mean", "users.latency.p50", "users.latency.p99")


def verdicts(program, first, second, seed):
    done = subprocess.run([program, "compare", first, second, "--seed", str(seed), "--format", "csv",
                           "--quiet", "--jobs", "1"], check=True, capture_output=True, encoding="utf-8")
    return {row["metric"]: row["verdict"] for row in csv.DictReader(done.stdout.splitlines())}


def is_slower(of):
    """The right verdict on a slower tier: latencies are worse, and nothing else is said to differ."""
    return all(verdict == "worse" if metric in LATENCIES else verdict == "no practical difference"
               for metric, verdict in of.items())


def is_the_same(of):
    return all(verdict in ("cannot tell", "no practical difference") for verdict in of.values())


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        def scenario(name, **values):
            path = pathlib.Path(folder) / f"{name}.yaml"
            path.write_text(TWO_TIERS.format(**values))
            return str(path)

        base = scenario("base", back="back", mean="8ms")
        cases = [
            ("2 % slower, found to be worse", scenario("slower", back="back", mean="8.16ms"), is_slower, 95),
            ("the same, found to be so", base, is_the_same, 93),
            ("the same with luck of its own", scenario("other", back="rear", mean="8ms"), is_the_same, 93),
        ]
        failed = False
        for what, other, is_right, least in cases:
            wrong = collections.Counter()
            right = 0
            for seed in range(1, SEEDS + 1):
                of = verdicts(program, base, other, seed)
                right += is_right(of)
                if not is_right(of):
                    wrong.update(f"{metric}: {verdict}" for metric, verdict in of.items())
            print(f"{what}: {right} of {SEEDS}, at least {least} wanted", dict(wrong) if wrong else "")
            failed = failed or right < least
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
