#!/usr/bin/python3
"""The same scenario and seed give the same bytes, whatever the compiler, the build type and the
number of threads.

usage: fingerprints.py [--replications N] STAMPEDE...

Runs every scenario of scenarios/ with each of the programs and compares what `--format json`
prints. The first program is the yardstick, and is run with one thread as well as with two."""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A failed expectation (99) is a result, too: validation judges it, not this check.
FINE = {0, 99}


def output_of(program, scenario, replications, jobs):
    command = [program, "run", str(scenario), "--format", "json", "--quiet",
               "--replications", str(replications), "--jobs", str(jobs)]
    if "validation" in scenario.parts:  # long and uniform: a small part shows as much
        command += ["--shorten", "100"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    if done.returncode not in FINE:
        sys.stdout.write(done.stderr.decode("utf-8", "replace"))
        return f"exit status {done.returncode}"
    return hashlib.sha256(done.stdout).hexdigest()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--replications", type=int, default=2)
    arguments.add_argument("programs", nargs="+", metavar="STAMPEDE")
    given = arguments.parse_args()

    programs = [str(pathlib.Path(program).resolve()) for program in given.programs]
    runs = [(programs[0], 1), *((program, 2) for program in programs)]
    scenarios = sorted((ROOT / "scenarios").rglob("*.yaml"))
    different = 0
    for scenario in scenarios:
        name = scenario.relative_to(ROOT)
        started = time.monotonic()
        outputs = [output_of(program, name, given.replications, jobs) for program, jobs in runs]
        same = len(set(outputs)) == 1 and not outputs[0].startswith("exit")
        seconds = time.monotonic() - started
        print(f"{'same' if same else 'DIFFERENT'}  {name}  {outputs[0][:16]}  {seconds:.0f} s",
              flush=True)
        if not same:
            different += 1
            for (program, jobs), output in zip(runs, outputs):
                print(f"  {output}  {program} --jobs {jobs}")
    print(f"{len(scenarios)} scenarios, {different} different")
    sys.exit(0 if scenarios and not different else 1)


main()
