#!/usr/bin/python3
# labels: once
"""What the documents show is true.

- Every command in a ```console block of README.md and docs/*.md runs in bash, one block after the other, in an
  empty folder that has the scenarios; the lines below it must appear in its output in that order. "..." stands
  for any lines, or none. A block whose commands fail fails; `|| echo "exit code $?"` says that it shall.
- ```yaml file=NAME is saved as NAME for the commands that follow. Every ```yaml block must be a valid scenario;
  a piece of one says so: ```yaml fragment.

With STAMPEDE_UPDATE_GOLDEN=1 lines that differ are replaced by the ones of the output that are most like them.

usage: tutorial_test.py STAMPEDE BUILD_DIR (called by ctest in the root of the sources)
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(console|yaml)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def plain(line):
    return " ".join(line.split())


class Folder:
    """A stand-in for the root of the sources, with `stampede` on the PATH and a `./dev` that only runs."""

    def __init__(self, root, stampede):
        self.path = pathlib.Path(root)
        program = pathlib.Path(stampede).resolve()
        (self.path / "bin").mkdir()
        (self.path / "bin" / "stampede").symlink_to(program)
        (self.path / "scenarios").symlink_to(pathlib.Path("scenarios").resolve())
        dev = self.path / "dev"
        dev.write_text('#!/bin/bash\nshift\n[[ -e "$1" ]] && set -- run "$@"\nexec stampede "$@"\n')
        dev.chmod(0o755)
        self.environment = dict(os.environ, NO_COLOR="1",
                                PATH=f"{self.path}/bin:/usr/bin:/bin")

    def run(self, commands):
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", commands], cwd=self.path,
                              env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout


def parts_of(block):
    """The commands of a console block, each with the lines that it is said to print."""
    parts = []
    for line in block.splitlines():
        if line.startswith("$ "):
            parts.append([line[2:], []])
        elif line.startswith("> "):
            parts[-1][0] += "\n" + line[2:]
        else:
            parts[-1][1].append(line)
    return parts


def missing(shown, output):
    """The first of the lines shown that the output lacks where it should be."""
    lines = [plain(line) for line in output.splitlines()]
    at = 0
    for line in shown:
        if line.strip() == "...":
            continue
        if plain(line) not in lines[at:]:
            return line
        at = lines.index(plain(line), at) + 1
    return None


def updated(text, shown, output):
    lines = output.splitlines()
    for line in shown:
        close = difflib.get_close_matches(line, lines, 1, 0.3)
        if line.strip() != "..." and close:
            text = text.replace(f"\n{line}\n", f"\n{close[0]}\n", 1)
    return text


def check_console(folder, where, block, text):
    complaints = []
    for command, shown in parts_of(block):
        status, output = folder.run(command)
        lacking = missing(shown, output)
        if status != 0:
            complaints.append(f"{where}: exit code {status} of {command}\n{output}")
        elif lacking is not None and os.environ.get("STAMPEDE_UPDATE_GOLDEN"):
            text = updated(text, shown, output)
        elif lacking is not None:
            complaints.append(f"{where}: not printed, or not in this order: {lacking!r}\n"
                              f"by {command}\n{output}")
    return complaints, text


def check_document(document, stampede):
    text = document.read_text()
    now = text
    complaints = []
    with tempfile.TemporaryDirectory() as root:
        folder = Folder(root, stampede)
        for block in BLOCK.finditer(text):
            where = f"{document}:{text.count(chr(10), 0, block.start()) + 1}"
            language, info, body = block.groups()
            if language == "console":
                found, now = check_console(folder, where, body, now)
                complaints += found
            elif info.strip() != "fragment":
                name = info.strip().removeprefix("file=") or "example.yaml"
                (folder.path / name).write_text(body)
                status, output = folder.run(f"stampede validate {name}")
                if status != 0:
                    complaints.append(f"{where}: is no valid scenario, nor called a fragment\n{output}")
    if now != text:
        document.write_text(now)
    return complaints


def main():
    complaints = []
    for document in [pathlib.Path("README.md"), *sorted(pathlib.Path("docs").glob("*.md"))]:
        complaints += check_document(document, sys.argv[1])
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
