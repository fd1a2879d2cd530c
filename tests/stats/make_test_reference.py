#!/usr/bin/python3
"""Writes tests_reference.hpp: tests of differences as SciPy computes them.

    tests/stats/make_test_reference.py > tests/stats/tests_reference.hpp
"""

import math

import numpy as np
import scipy
from scipy import integrate, stats


def number(x):
    return repr(float(x))


def braces(values):
    return "{" + ", ".join(number(v) for v in values) + "}"


def main():
    random = np.random.default_rng(20251101)
    print(f"// Written by make_test_reference.py (SciPy {scipy.__version__}); do not edit.")
    print("// clang-format off")
    print("#pragma once\n")
    print("#include <cstdint>\n#include <vector>\n")
    print("namespace stampede::scipy {\n")

    print("struct Table {\n  std::int64_t yes1, trials1, yes2, trials2;")
    print("  double two_sided, greater, less;  // Fisher\n  double chi_squared, chi_squared_p;\n};")
    print("inline const std::vector<Table> tables = {")
    for a, n, b, m in [(1, 10, 9, 10), (0, 5, 5, 5), (8, 20, 3, 15), (57, 57000, 60, 3000),
                       (120, 1000, 150, 1000), (3, 100, 3, 100), (1000, 20000, 1100, 20000)]:
        table = [[n - a, a], [m - b, b]]
        fisher = [stats.fisher_exact(table, alternative)[1]
                  for alternative in ("two-sided", "greater", "less")]
        chi, p, _, _ = stats.chi2_contingency(table, correction=False)
        print(f"    {{{a}, {n}, {b}, {m}, {braces(fisher + [chi, p])[1:-1]}}},")
    print("};\n")

    print("struct Samples {\n  std::vector<double> first, second;")
    print("  double t, p, p_greater, df, low, high;  // Welch")
    print("  double u, u_p;  // Mann-Whitney, second against first\n};")
    print("inline const std::vector<Samples> samples = {")
    for first, second in [
        (random.normal(0, 1, 12), random.normal(1, 3, 8)),
        (random.exponential(5, 30), random.exponential(6, 40)),
        (random.integers(0, 5, 25).astype(float), random.integers(1, 6, 25).astype(float)),
        (random.normal(100, 1, 2), random.normal(100, 1, 50)),
    ]:
        test = stats.ttest_ind(second, first, equal_var=False)
        greater = stats.ttest_ind(second, first, equal_var=False, alternative="greater").pvalue
        v1, v2 = np.var(first, ddof=1) / len(first), np.var(second, ddof=1) / len(second)
        df = (v1 + v2) ** 2 / (v1**2 / (len(first) - 1) + v2**2 / (len(second) - 1))
        low, high = stats.t.interval(0.95, df, loc=np.mean(second) - np.mean(first),
                                     scale=math.sqrt(v1 + v2))
        u = stats.mannwhitneyu(second, first, method="asymptotic", use_continuity=True)
        print(f"    {{{braces(first)},\n     {braces(second)},\n     "
              f"{braces([test.statistic, test.pvalue, greater, df, low, high])[1:-1]}, "
              f"{braces([u.statistic, u.pvalue])[1:-1]}}},")
    print("};\n")

    print("struct Counts {\n  std::vector<std::int64_t> counts;\n  std::vector<double> weights;")
    print("  double p;\n};\ninline const std::vector<Counts> counts = {")
    for seen, weights in [([821588, 815482], [1, 1]), ([100, 210, 290], [1, 2, 3]), ([5, 5], [1, 1])]:
        expected = np.array(weights) / sum(weights) * sum(seen)
        p = stats.chisquare(seen, expected).pvalue
        print(f"    {{{{{', '.join(map(str, seen))}}}, {braces(weights)}, {number(p)}}},")
    print("};\n")

    print("struct Shares {\n  std::int64_t yes1, trials1, yes2, trials2;")
    print("  double prior_alpha, prior_beta;\n  double probability, loss;\n};")
    print("inline const std::vector<Shares> shares = {")
    for a, n, b, m, alpha, beta in [(80, 1000, 95, 1000, 1, 1), (0, 20, 2, 20, 1, 1),
                                    (500, 10000, 490, 10000, 5, 95), (1, 3, 2, 3, 2, 2)]:
        first = stats.beta(alpha + a, beta + n - a)
        second = stats.beta(alpha + b, beta + m - b)
        nodes = np.linspace(0, 1, 400001)
        step = nodes[1]
        # E[max(first - second, 0)] = integral of P(first > x) P(second < x).
        loss = integrate.simpson(first.sf(nodes) * second.cdf(nodes), dx=step)
        probability = integrate.simpson(second.pdf(nodes) * first.cdf(nodes), dx=step)
        print(f"    {{{a}, {n}, {b}, {m}, {alpha}, {beta}, {number(probability)}, {number(loss)}}},")
    print("};\n")

    print("struct Power {\n  double delta, sd, n1, ratio, alpha;\n  int sides;\n  double power;\n};")
    print("inline const std::vector<Power> powers = {")
    for delta, sd, n1, ratio, alpha, sides in [(1, 1, 20, 1, 0.05, 2), (0.2, 1, 300, 2, 0.01, 2),
                                               (5, 30, 500, 0.5, 0.05, 1)]:
        n2 = ratio * n1
        df = n1 + n2 - 2
        shift = delta / (sd * math.sqrt(1 / n1 + 1 / n2))
        power = stats.nct.sf(stats.t.isf(alpha / sides, df), df, shift)
        print(f"    {{{delta}, {sd}, {n1}, {ratio}, {alpha}, {sides}, {number(power)}}},")
    print("};\n")
    print("}  // namespace stampede::scipy")


main()
