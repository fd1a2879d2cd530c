#pragma once

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/keys.hpp"
#include "support/value_of.hpp"

namespace stampede::test {

/// What was read, and every problem as "what; expected; hint".
template <class T>
struct Read {
  T value;
  std::vector<std::string> problems;
};

template <class T>
Read<T> read(const std::string& json, const std::string& base_directory = {}) {
  Read<T> result;
  Problems problems;
  Reader reader(problems);
  reader.base_directory = base_directory;
  reader.read(value_of(Json::parse(json)), result.value);
  for (const Problem& problem : problems) {
    result.problems.push_back(problem.what + "; " + problem.expected + "; " + problem.hint);
  }
  return result;
}

/// A law of plain numbers from its JSON, which must be right.
inline Distribution<double> law(const std::string& json, const std::string& base_directory = {}) {
  Read<Distribution<double>> result = read<Distribution<double>>(json, base_directory);
  INFO(json);
  REQUIRE(result.problems == std::vector<std::string>{});
  return result.value;
}

inline std::unique_ptr<KeyLaw> key_law(const std::string& json) {
  Read<Choice<KeyLaw>> result = read<Choice<KeyLaw>>(json);
  INFO(json);
  REQUIRE(result.problems == std::vector<std::string>{});
  return result.value.make({});
}

/// The stream that every statistical test draws from. The seed was fixed before any test was run;
/// each test fails by chance once in ten thousand seeds.
inline Draw draw_for(const std::string& name) { return Stream(1, 0, name, "test").sequence(); }

inline std::vector<double> samples(const Distribution<double>& law, const std::string& name,
                                   int count) {
  Draw draw = draw_for(name);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(law.sample(draw));
  }
  return values;
}

/// Whether the counts agree with the expected ones by Pearson's chi-square test at 1e-4.
inline bool fits(const std::vector<double>& observed, const std::vector<double>& expected) {
  double chi_square = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const double excess = observed[i] - expected[i];
    chi_square += excess * excess / expected[i];
  }
  const boost::math::chi_squared law(static_cast<double>(observed.size()) - 1);
  const double limit = boost::math::quantile(boost::math::complement(law, 1e-4));
  INFO("chi-square " << chi_square << ", limit " << limit);
  CHECK(chi_square < limit);
  return chi_square < limit;
}

/// The Kolmogorov-Smirnov test at 1e-4, whose asymptotic limit is sqrt(-log(1e-4 / 2) / 2).
template <class Cdf>
bool follows(std::vector<double> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = cdf(values[i]);
    const double below = static_cast<double>(i) / count;
    const double above = static_cast<double>(i + 1) / count;
    distance = std::max({distance, expected - below, above - expected});
  }
  return std::sqrt(count) * distance < 2.2252;
}

/// The lines of a file beside the tests, cut at tabs.
inline std::vector<std::vector<std::string>> table(const std::string& name) {
  std::ifstream file(std::string(STAMPEDE_TEST_DIR) + "/" + name);
  REQUIRE(file.good());
  std::vector<std::vector<std::string>> rows;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    std::vector<std::string> row;
    while (std::getline(cells, cell, '\t')) {
      row.push_back(cell);
    }
    rows.push_back(row);
  }
  REQUIRE_FALSE(rows.empty());
  return rows;
}

}  // namespace stampede::test
