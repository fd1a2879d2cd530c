#include "stampede/report/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "stampede/report/exact.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

MetricUnit unit_for(const std::string& unit) {
  return unit == "s"    ? MetricUnit::seconds
         : unit == "/s" ? MetricUnit::per_second
         : unit == "%"  ? MetricUnit::share
                        : MetricUnit::number;
}

std::string number_text(const std::optional<Metric>& metric, const std::string& unit,
                        const TextStyle& style) {
  if (!metric || !std::isfinite(metric->value.estimate)) {
    return "no data";
  }
  const Estimate& value = metric->value;
  std::string text = metric_text(unit_for(unit), value.estimate, style);
  const double half_width = std::max(value.estimate - value.low, value.high - value.estimate);
  if (std::isfinite(half_width)) {
    text += (style.utf8 ? " ± " : " +- ") +
            metric_text_like(unit_for(unit), value.estimate, half_width, style);
  }
  return text;
}

std::string_view word_for(Verdict::Kind verdict) {
  switch (verdict) {
    case Verdict::Kind::pass:
      return "pass";
    case Verdict::Kind::fail:
      return "fail";
    case Verdict::Kind::no_data:
      return "no_data";
  }
  return "";
}

}  // namespace

std::string mark(bool good, const TextStyle& style) {
  return style.utf8 ? (good ? "✓" : "✗") : (good ? "PASS" : "FAIL");
}

std::string expectations_text(const std::vector<CheckedExpectation>& expectations,
                              const TextStyle& style) {
  std::string lines;
  for (const CheckedExpectation& expectation : expectations) {
    const bool pass = expectation.verdict.kind == Verdict::Kind::pass;
    std::string observed = number_text(expectation.observed, expectation.unit, style);
    if (expectation.other) {
      observed += " against " + number_text(expectation.other, expectation.unit, style);
    }
    std::string line = "  " + mark(pass, style) + " " + expectation.text;
    const std::size_t taken = columns_of(line) + 2 + columns_of(observed);
    line =
        taken <= 80 ? line + std::string(82 - taken, ' ') : wrapped(line, 6) + std::string(6, ' ');
    lines += painted(line + observed, pass ? Paint::green : Paint::red, style) + "\n";
    if (!expectation.verdict.reason.empty()) {
      lines += wrapped("      " + expectation.verdict.reason, 6);
    }
  }
  return lines;
}

Json expectations_json(const std::vector<CheckedExpectation>& expectations) {
  Json json = Json::array();
  for (const CheckedExpectation& expectation : expectations) {
    Json one{
        {"expect", expectation.text},
        {"observed", expectation.observed ? metric_json(*expectation.observed) : Json(nullptr)},
        {"verdict", word_for(expectation.verdict.kind)}};
    if (expectation.other) {
      one["compared_with"] = metric_json(*expectation.other);
    }
    if (!expectation.verdict.reason.empty()) {
      one["reason"] = expectation.verdict.reason;
    }
    json.push_back(std::move(one));
  }
  return json;
}

Json metric_json(const Metric& metric) {
  Json json = exact_json(metric.value);
  if (!metric.supported) {
    json["supported"] = false;
    json["unfinished"] = metric.unfinished;
    if (std::isfinite(metric.needs_times)) {
      json["needs_times"] = metric.needs_times;
    }
  }
  if (metric.autocorrelated) {
    json["autocorrelated"] = true;
  }
  return json;
}

}  // namespace stampede
