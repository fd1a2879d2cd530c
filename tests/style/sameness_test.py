#!/usr/bin/python3
# labels: once
"""Nothing that would make results depend on the compiler, the machine or the hour: no std::
distributions and engines (every library has its own), no wall clock outside of what measures the
program itself, no pow(x, 2) (compilers differ in how they fold it). And every header guards itself."""

import re

from source import ROOT, code_only, cpp_files, finish, line_of

EVERYWHERE = set()
FORBIDDEN = [
    (r"\bstd::\w+_distribution\b", EVERYWHERE, "use the laws of stampede/random"),
    (r"\bstd::(mt19937(_64)?|minstd_rand0?|ranlux\w+|knuth_b|default_random_engine|random_device"
     r"|random_shuffle|shuffle|sample)\b", EVERYWHERE, "use a stream of stampede/random"),
    (r"(?<![\w.>:])(std::)?s?rand(om)?\s*\(", EVERYWHERE, "use a stream of stampede/random"),
    (r"\bchrono::(system|steady|high_resolution)_clock\b|(?<![\w.>:])(time|clock|gettimeofday)\s*\("
     r"\s*(NULL|nullptr|0|\))", {"study", "report", "cli"}, "results know no wall clock"),
    (r"\bpow\s*\([^(),]*,\s*2(\.0*)?\s*\)", EVERYWHERE, "write x * x"),
    (r"\bstd::fma\b|__builtin_fma\b", EVERYWHERE, "not the same on every machine"),
    (r"#\s*pragma\s+(STDC\s+FP_CONTRACT|GCC\s+optimize)", EVERYWHERE, "flags belong to the build"),
]


def main():
    mistakes = []
    files = cpp_files("src", "include")
    for path in files:
        place = path.relative_to(ROOT)
        layer = place.parts[1] if place.parts[0] == "src" else place.parts[2]
        code = code_only(path.read_text())
        for pattern, exempt, instead in FORBIDDEN:
            if layer in exempt:
                continue
            for match in re.finditer(pattern, code):
                line = line_of(code, match.start())
                mistakes.append(f"{place}:{line}: '{match.group().strip()}': {instead}")
        if path.suffix == ".hpp" and "#pragma once" not in code:
            mistakes.append(f"{place}:1: a header without #pragma once")
    finish(mistakes, len(files))


main()
