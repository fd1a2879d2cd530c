#!/usr/bin/python3
# labels: once
"""The committed reference and schema are what the program writes: otherwise run `./dev docs`."""
import filecmp
import os
import subprocess
import sys
import tempfile

STAMPEDE = sys.argv[1]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    stale = []
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run([STAMPEDE, "reference", "--out", fresh], check=True, stdout=subprocess.DEVNULL)
        committed = os.path.join(ROOT, "docs", "reference")
        names = set(os.listdir(fresh)) | set(os.listdir(committed) if os.path.isdir(committed) else [])
        _, mismatched, missing = filecmp.cmpfiles(fresh, committed, sorted(names), shallow=False)
        stale += [os.path.join("docs/reference", name) for name in mismatched + missing]
    for of in ("scenario", "study"):
        schema = subprocess.run([STAMPEDE, "schema", of], check=True, capture_output=True,
                                text=True).stdout
        path = os.path.join(ROOT, "docs", "schema", f"{of}.schema.json")
        if not os.path.exists(path) or open(path).read() != schema:
            stale.append(f"docs/schema/{of}.schema.json")
    for name in stale:
        print(f"{name} is stale: run `./dev docs` and commit what it writes")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
