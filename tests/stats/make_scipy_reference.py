#!/usr/bin/python3
"""Writes scipy_reference.hpp: intervals as SciPy and NumPy compute them.

    tests/stats/make_scipy_reference.py > tests/stats/scipy_reference.hpp
"""

import math

import numpy as np
import scipy
from scipy import stats

CONFIDENCE = 0.95


def number(x):
    return "nan" if math.isnan(x) else repr(float(x))


def braces(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


def pairs(fractions):
    return "{" + ", ".join(braces(f) for f in fractions) + "}"


def ratio_interval(fractions):
    y, x = np.array(fractions, dtype=float).T
    n = len(y)
    r = y.sum() / x.sum()
    error = np.std(y - r * x, ddof=1) / math.sqrt(n) / x.mean()
    low, high = stats.t.interval(CONFIDENCE, n - 1, loc=r, scale=error)
    return r, low, high


def proportion_interval(fractions):
    """Korn and Graubard (1998), with the beta law's quantiles."""
    y, x = np.array(fractions, dtype=float).T
    n, total = len(y), x.sum()
    p = y.sum() / total
    variance = np.var(y - p * x, ddof=1) * n / total**2
    independent = p * (1 - p) / total
    effect = max(1.0, variance / independent) if independent > 0 else 1.0
    trials = total / effect * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, n - 1)) ** 2
    hits = p * trials
    low = stats.beta.ppf(0.025, hits, trials - hits + 1) if hits > 0 else 0.0
    # 1 - high, from the other side: near 1 its digits would be lost.
    misses = (total - y.sum()) / total * trials
    miss_low = stats.beta.ppf(0.025, misses, trials - misses + 1) if misses > 0 else 0.0
    return p, low, 1 - miss_low


def main():
    random = np.random.default_rng(20250101)
    print(f"// Written by make_scipy_reference.py (SciPy {scipy.__version__}); do not edit.")
    print("// clang-format off")
    print("#pragma once\n")
    print("#include <cstdint>\n#include <vector>\n")
    print('#include "stampede/stats/estimate.hpp"\n')
    print("namespace stampede::scipy {\n")

    print("struct Critical {\n  double confidence;\n  std::int64_t df;\n  double t;\n};")
    print("inline const std::vector<Critical> criticals = {")
    for confidence in (0.5, 0.9, 0.95, 0.99, 0.999):
        for df in (1, 2, 4, 9, 19, 29, 99, 1000, 100000):
            print(f"    {{{confidence}, {df}, {number(stats.t.ppf((1 + confidence) / 2, df))}}},")
    print("};\n")

    print("struct Mean {\n  std::vector<double> values;\n  double mean, low, high;\n};")
    print("inline const std::vector<Mean> means = {")
    samples = [
        [1.0, 2.0],
        [3.5, 3.5, 3.5],
        random.exponential(0.02, 5),
        random.normal(1e9, 1.0, 10),
        random.lognormal(0, 2, 30),
    ]
    for values in samples:
        test = stats.ttest_1samp(values, 0) if np.std(values) > 0 else None
        interval = test.confidence_interval(CONFIDENCE) if test else (values[0], values[0])
        print(f"    {{{braces(values)},\n     {braces([np.mean(values), *interval])[1:-1]}}},")
    print("};\n")

    print("struct Ratio {\n  std::vector<Fraction> parts;\n  double ratio, low, high;\n};")
    print("inline const std::vector<Ratio> ratios = {")
    weights = [random.integers(50, 200, n) for n in (2, 5, 10, 30)]
    ratio_cases = [[(random.exponential(k), k) for k in w] for w in weights]
    ratio_cases.append([(5.0, 10.0), (0.0, 0.0), (7.0, 12.0)])
    for fractions in ratio_cases:
        print(f"    {{{pairs(fractions)},\n     {braces(ratio_interval(fractions))[1:-1]}}},")
    print("};\n")

    print("inline const std::vector<Ratio> proportions = {")
    thousand = 1000
    cases = [
        [(thousand, thousand)] * 10,
        [(0, thousand)] * 10,
        [(thousand - (i == 3), thousand) for i in range(10)],
        [(10**6 - k, 10**6) for k in (0, 3, 1, 0, 2, 0, 0, 1, 4, 0)],
        [(10**6 - 10**5 * (i == 7), 10**6) for i in range(20)],
        [(k, 2 * k) for k in (500, 520, 510)],
        [(10**9 - k, 10**9) for k in (1, 0, 0, 2)],
        [(int(random.binomial(n, random.beta(20, 1))), int(n)) for n in random.integers(900, 1100, 8)],
        [(1, 1), (0, 1)],
    ]
    for fractions in cases:
        print(f"    {{{pairs(fractions)},\n     {braces(proportion_interval(fractions))[1:-1]}}},")
    print("};\n")
    print("}  // namespace stampede::scipy")


main()
