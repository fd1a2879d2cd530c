#!/usr/bin/python3
# labels: once
"""What `run --format json` prints is as docs/schema/result.schema.json says.

usage: result_schema_test.py STAMPEDE BUILD_DIR"""

import json
import pathlib
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    schema = json.loads((ROOT / "docs/schema/result.schema.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    validator.check_schema(schema)
    scenarios = sorted((ROOT / "scenarios").glob("*.yaml"))
    mistakes = []
    for scenario in scenarios:
        done = subprocess.run([sys.argv[1], "run", str(scenario), "--format", "json", "--quiet",
                               "--shorten", "20", "--replications", "2"],
                              stdout=subprocess.PIPE, encoding="utf-8", cwd=ROOT)
        for error in validator.iter_errors(json.loads(done.stdout)):
            mistakes.append(f"{scenario.name}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
    print("\n".join(mistakes) or f"{len(scenarios)} results are as the schema says")
    sys.exit(0 if scenarios and not mistakes else 1)


main()
