#!/usr/bin/python3
# labels: once
"""A name stands for one type: two headers that define different types of one name, in the namespace that all of them
share, give a program that no compiler complains about and that may do anything (C++ [basic.def.odr])."""

import re

from source import ROOT, code_only, cpp_files, finish, line_of

# At the beginning of a line, so in no class; specialisations and mere declarations are none.
DEFINITION = re.compile(
    r"^(?:class|struct|enum class|enum|union) (?:\[\[\w+\]\] )?(\w+)(?: final)?(?=\s*(?::[^;:]|\{))", re.MULTILINE)


def main():
    mistakes = []
    files = [path for path in cpp_files("src", "include") if path.suffix == ".hpp"]
    known = {}
    for path in files:
        code = code_only(path.read_text())
        for match in DEFINITION.finditer(code):
            place = f"{path.relative_to(ROOT)}:{line_of(code, match.start())}"
            first = known.setdefault(match.group(1), place)
            if first != place:
                mistakes.append(f"{place}: '{match.group(1)}' is another type in {first}")
    finish(mistakes, len(files))


main()
