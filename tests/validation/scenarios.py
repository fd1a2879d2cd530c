"""Runs the scenarios of scenarios/validation, whose `expect:` are known answers of theory."""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios" / "validation").glob("*.yaml"))


def failures(program, scenario, divisor=1):
    """Lines that say what is wrong with a run of the scenario."""
    command = [program, "run", str(scenario.relative_to(ROOT)), "--format", "json", "--quiet"]
    if divisor > 1:
        command += ["--shorten", str(divisor)]
        if os.environ.get("STAMPEDE_SHORT"):  # sanitized builds are ten times slower
            command += ["--replications", "3"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
                          encoding="utf-8", errors="replace")
    if done.returncode not in (0, 99):
        return [f"exit status {done.returncode}", *done.stderr.splitlines()]
    expectations = json.loads(done.stdout)["expectations"]
    lines = [f"{one['expect']}: {one['verdict']}, it is {one['observed']}; {one.get('reason', '')}"
             for one in expectations if one["verdict"] != "pass"]
    if not expectations:
        lines.append("it expects nothing")
    if bool(lines) != (done.returncode == 99):
        lines.append(f"exit status {done.returncode} does not fit")
    return lines


def judge_all(divisor=1):
    """Runs them all with the program that the command line names; the exit status of the test."""
    program = str(pathlib.Path(sys.argv[1]).resolve())
    wrong = 0
    for scenario in SCENARIOS:
        started = time.monotonic()
        lines = failures(program, scenario, divisor)
        print(f"{'FAILED' if lines else 'agrees'}  {scenario.name}  "
              f"{time.monotonic() - started:.1f} s", flush=True)
        for line in lines:
            print(f"  {line}")
        wrong += bool(lines)
    print(f"{len(SCENARIOS)} scenarios, {wrong} failed")
    return 0 if SCENARIOS and wrong == 0 else 1
