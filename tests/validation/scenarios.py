"""Runs `stampede selftest`: the scenarios of scenarios/validation, which are part of the program."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.stem for path in (ROOT / "scenarios" / "validation").glob("*.yaml"))


def judge_all(*options):
    """Runs them all with the program that the command line names; the exit status of the test."""
    done = subprocess.run([sys.argv[1], "selftest", "--format", "json", *options],
                          stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode not in (0, 1):
        print(f"exit status {done.returncode}")
        return 1
    result = json.loads(done.stdout)
    wrong = 0
    for scenario in result["scenarios"]:
        for answer in scenario["answers"]:
            if answer["verdict"] != "pass":
                wrong += 1
                print(f"{scenario['name']}: {answer['expect']}: it is {answer['observed']}; "
                      f"{answer.get('reason', '')}")
    print(f"{result['known_answers']} known answers, {wrong} do not agree")
    names = [scenario["name"] for scenario in result["scenarios"]]
    if sorted(names) != SCENARIOS:
        print(f"the program has {sorted(names)}, scenarios/validation has {SCENARIOS}")
        return 1
    if result["known_answers"] < 100 or done.returncode != min(wrong, 1):
        print(f"exit status {done.returncode} does not fit")
        return 1
    return 1 if wrong else 0
