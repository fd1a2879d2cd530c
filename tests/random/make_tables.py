#!/usr/bin/python3
"""Writes laws.tsv and zipf.tsv: what SciPy says about the laws that the tests draw from.

laws.tsv: law as JSON, mean, variance, then the 5 %, 10 %, ... 95 % quantiles.
zipf.tsv: count, exponent, first rank, last rank, probability that a key lies between them.

Run it after adding a case, and commit the result: the tests need no SciPy.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy import integrate, optimize, stats

HERE = Path(__file__).parent
LEVELS = np.arange(1, 20) / 20


class Mixed:
    """A mixture of frozen SciPy laws."""

    def __init__(self, shares, laws):
        self.shares, self.laws = shares, laws

    def cdf(self, x):
        return sum(share * law.cdf(x) for share, law in zip(self.shares, self.laws))

    def ppf(self, level):
        def solve(q):
            guesses = [law.ppf(q) for law in self.laws]
            if min(guesses) == max(guesses):
                return guesses[0]
            return optimize.brentq(lambda x: self.cdf(x) - q, min(guesses), max(guesses),
                                   xtol=1e-14, rtol=1e-14)

        return [solve(q) for q in level]

    def mean(self):
        return sum(share * law.mean() for share, law in zip(self.shares, self.laws))

    def var(self):
        square = sum(share * (law.var() + law.mean() ** 2)
                     for share, law in zip(self.shares, self.laws))
        return square - self.mean() ** 2


class Below:
    """A frozen SciPy law, given that it stays below a cap."""

    def __init__(self, law, low, cap):
        self.law, self.low, self.cap = law, low, cap

    def ppf(self, level):
        return self.law.ppf(level * self.law.cdf(self.cap))

    def moment(self, k):
        total, _ = integrate.quad(lambda x: x ** k * self.law.pdf(x), self.low, self.cap,
                                  epsabs=0, epsrel=1e-12, limit=500)
        return total / self.law.cdf(self.cap)

    def mean(self):
        return self.moment(1)

    def var(self):
        return self.moment(2) - self.mean() ** 2


class Table:
    """Linear interpolation between points of the quantile function."""

    def __init__(self, levels, values):
        self.levels, self.values = levels, values

    def ppf(self, level):
        return np.interp(level, self.levels, self.values)

    def moment(self, k):
        total = 0
        for a, b in zip(self.levels, self.levels[1:]):
            total += integrate.quad(lambda u: self.ppf(u) ** k, a, b, epsabs=0, epsrel=1e-12)[0]
        return total

    def mean(self):
        return self.moment(1)

    def var(self):
        return self.moment(2) - self.mean() ** 2


def truncated_normal(mean, stddev):
    return stats.truncnorm(-mean / stddev, math.inf, loc=mean, scale=stddev)


def lognormal(mean, cv):
    sigma = math.sqrt(math.log1p(cv * cv))
    return stats.lognorm(sigma, scale=mean / math.sqrt(1 + cv * cv))


def lognormal_by_percentiles(median, p99):
    return stats.lognorm(math.log(p99 / median) / stats.norm.ppf(0.99), scale=median)


def gamma(mean, cv):
    return stats.gamma(1 / cv ** 2, scale=mean * cv ** 2)


def balanced(mean, cv):
    p = (1 + math.sqrt((cv * cv - 1) / (cv * cv + 1))) / 2
    return Mixed([p, 1 - p], [stats.expon(scale=mean / (2 * p)),
                              stats.expon(scale=mean / (2 * (1 - p)))])


LAWS = [
    ({"uniform": {"low": 1, "high": 5}}, stats.uniform(1, 4)),
    ({"exponential": {"mean": 3}}, stats.expon(scale=3)),
    ({"normal": {"mean": 10, "stddev": 2}}, truncated_normal(10, 2)),
    ({"normal": {"mean": 1, "stddev": 2}}, truncated_normal(1, 2)),
    ({"normal": {"mean": 0, "stddev": 1}}, truncated_normal(0, 1)),
    ({"lognormal": {"mean": 4, "cv": 1}}, lognormal(4, 1)),
    ({"lognormal": {"mean": 4, "cv": 0.1}}, lognormal(4, 0.1)),
    ({"lognormal": {"median": 4, "p99": 20}}, lognormal_by_percentiles(4, 20)),
    ({"gamma": {"mean": 4, "cv": 0.5}}, gamma(4, 0.5)),
    ({"gamma": {"mean": 4, "cv": 1}}, gamma(4, 1)),
    ({"gamma": {"mean": 4, "cv": 2}}, gamma(4, 2)),
    ({"gamma": {"shape": 2.5, "scale": 3}}, stats.gamma(2.5, scale=3)),
    ({"erlang": {"mean": 6, "stages": 3}}, stats.erlang(3, scale=2)),
    ({"erlang": {"mean": 6, "stages": 100}}, stats.erlang(100, scale=0.06)),
    ({"weibull": {"shape": 0.7, "scale": 2}}, stats.weibull_min(0.7, scale=2)),
    ({"weibull": {"shape": 2, "mean": 5}}, stats.weibull_min(2, scale=5 / math.gamma(1.5))),
    ({"pareto": {"shape": 5, "minimum": 3}}, stats.pareto(5, scale=3)),
    ({"pareto": {"shape": 1.5, "minimum": 2}}, stats.pareto(1.5, scale=2)),
    ({"pareto": {"shape": 0.8, "minimum": 1}}, stats.pareto(0.8)),
    ({"pareto": {"shape": 1.5, "minimum": 2, "cap": 200}}, Below(stats.pareto(1.5, scale=2), 2, 200)),
    ({"pareto": {"shape": 1, "minimum": 1, "cap": 50}}, Below(stats.pareto(1), 1, 50)),
    ({"pareto": {"shape": 2, "minimum": 1, "cap": 10}}, Below(stats.pareto(2), 1, 10)),
    ({"hyperexponential": {"mean": 4, "cv": 2}}, balanced(4, 2)),
    ({"hyperexponential": {"branches": [{"probability": 0.5, "mean": 1},
                                        {"probability": 0.3, "mean": 4},
                                        {"probability": 0.2, "mean": 9}]}},
     Mixed([0.5, 0.3, 0.2], [stats.expon(scale=m) for m in (1, 4, 9)])),
    ({"mixture": {"of": [{"weight": 9, "law": {"exponential": {"mean": 1}}},
                         {"weight": 1, "law": {"uniform": {"low": 10, "high": 20}}}]}},
     Mixed([0.9, 0.1], [stats.expon(scale=1), stats.uniform(10, 10)])),
    ({"empirical": {"quantiles": {"min": 1, "p50": 4, "p90": 10, "p99": 20, "max": 100}}},
     Table([0, 0.5, 0.9, 0.99, 1], [1, 4, 10, 20, 100])),
    ({"empirical": {"quantiles": {"p50": 4, "max": 6}}}, Table([0, 0.5, 1], [0, 4, 6])),
]

ZIPF = [(1, 1), (10, 0), (1000, 0.5), (1000, 0.9), (1000, 1), (1000, 1.5), (1000, 3),
        (1_000_000, 0.9), (1_000_000, 1), (1_000_000, 1.1)]


def write_laws():
    with open(HERE / "laws.tsv", "w", encoding="utf-8") as out:
        for text, law in LAWS:
            numbers = [law.mean(), law.var(), *law.ppf(LEVELS)]
            print(json.dumps(text), *(repr(float(x)) for x in numbers), sep="\t", file=out)


def write_zipf():
    with open(HERE / "zipf.tsv", "w", encoding="utf-8") as out:
        for count, exponent in ZIPF:
            popularity = np.arange(1, count + 1, dtype=float) ** -exponent
            popularity /= math.fsum(popularity)
            if count <= 1000:  # SciPy's own law needs hours for a million keys
                np.testing.assert_allclose(
                    popularity, stats.zipfian(exponent, count).pmf(np.arange(1, count + 1)),
                    rtol=1e-9)
            first = 1
            while first <= count:
                # Ranks one by one where they are popular, in growing groups below.
                last = first if first < 10 else min(count, first * 3 // 2)
                probability = math.fsum(popularity[first - 1:last])
                print(count, exponent, first, last, repr(float(probability)), sep="\t", file=out)
                first = last + 1


write_laws()
write_zipf()
