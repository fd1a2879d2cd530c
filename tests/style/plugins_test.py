#!/usr/bin/python3
"""No plug-in is lost on the way into the program: the names that the sources register and the names
that `stampede list` knows are the same, and every .cpp of a folder of plug-ins registers something.

usage: plugins_test.py STAMPEDE"""

import json
import re
import subprocess
import sys

from source import ROOT, cpp_files, finish

# Every .cpp here is a plug-in; other folders may register things too.
PLUGIN_FOLDERS = ["policies", "components", "faults", "controllers", "random/laws", "random/keys"]
REGISTRATION = re.compile(r'\bRegister<\s*(\w+)[^;{]*?>\s*\w+\s*\{\s*"([^"]+)"')


def registered_in_sources():
    """{name: place} of everything that src/ registers, and the plug-in files that register nothing."""
    names, idle = [], []
    for path in cpp_files("src"):
        place = path.relative_to(ROOT)
        found = [match[2] for match in REGISTRATION.finditer(path.read_text())]
        names += found
        folder = str(place.parent.relative_to("src"))
        is_plugin = any(folder == name or folder.startswith(name + "/") for name in PLUGIN_FOLDERS)
        if is_plugin and path.suffix == ".cpp" and not found:
            idle.append(place)
    return names, idle


def listed_names(listing):
    """Every member called "name", however the listing is grouped."""
    if isinstance(listing, dict):
        if isinstance(listing.get("name"), str) and "entries" not in listing:
            yield listing["name"]
        for value in listing.values():
            yield from listed_names(value)
    elif isinstance(listing, list):
        for value in listing:
            yield from listed_names(value)


def main():
    output = subprocess.run([sys.argv[1], "list", "--format", "json"], check=True,
                            stdout=subprocess.PIPE, encoding="utf-8").stdout
    listed = sorted(listed_names(json.loads(output)))
    registered, idle = registered_in_sources()
    mistakes = [f"{place}: registers nothing" for place in idle]
    for name in sorted(set(registered) | set(listed)):
        if registered.count(name) != listed.count(name):
            mistakes.append(f"'{name}': registered {registered.count(name)} times in src/, "
                            f"listed {listed.count(name)} times by the program")
    finish(mistakes, len(registered))


main()
