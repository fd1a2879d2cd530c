#include "stampede/report/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "stampede/report/exact.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

constexpr int schema_version = 1;

std::string number_text(double value, MetricUnit unit, const TextStyle& style) {
  switch (unit) {
    case MetricUnit::seconds:
      return seconds_text(value, style);
    case MetricUnit::per_second:
      return rate_text(value, style);
    case MetricUnit::share:
      return share_text(value, style);
    case MetricUnit::number:
      return plain_text(value, style);
  }
  return {};
}

/// "cannot_tell" for programs, "cannot tell" for people.
std::string_view word_for(Difference verdict) {
  switch (verdict) {
    case Difference::better:
      return "better";
    case Difference::worse:
      return "worse";
    case Difference::higher:
      return "higher";
    case Difference::lower:
      return "lower";
    case Difference::none:
      return "no practical difference";
    case Difference::unclear:
      return "cannot tell";
    case Difference::no_data:
      return "no data";
  }
  return {};
}

Paint paint_for(Difference verdict) {
  switch (verdict) {
    case Difference::better:
      return Paint::green;
    case Difference::worse:
      return Paint::red;
    case Difference::unclear:
      return Paint::yellow;
    default:
      return Paint::none;
  }
}

/// "+6.7%", or of shares, of which a percentage would be ambiguous, "-0.12pp"; as a number that
/// `scale` makes of the difference.
struct Change {
  double scale;
  std::string_view unit;
};

Change change_of(const ComparedMetric& metric) {
  const double first = metric.values.front().value.estimate;
  if (metric.unit == MetricUnit::share) {
    return {100, "pp"};
  }
  return {100 / std::abs(first), "%"};
}

/// What is less than a ten thousandth of a percent is zero to people.
double rounded(double percent) { return std::abs(percent) < 1e-4 ? 0 : percent; }

std::string change_text(const ComparedPair& pair, const ComparedMetric& metric,
                        const TextStyle& style) {
  const Change change = change_of(metric);
  const double value = rounded(pair.difference.estimate * change.scale);
  if (!std::isfinite(value)) {
    return plain_text(value, style);
  }
  return (value > 0 ? "+" : "") + plain_text_like(value, value, style) + std::string(change.unit);
}

std::string width_text(const ComparedPair& pair, const ComparedMetric& metric,
                       const TextStyle& style) {
  const Change change = change_of(metric);
  const double width = rounded((pair.difference.high - pair.difference.low) / 2 * change.scale);
  return std::isfinite(width) ? plain_text_like(width, width, style) + std::string(change.unit)
                              : "";
}

std::string verdict_text(const ComparedPair& pair) {
  if (pair.more_replications) {
    return fmt::format("cannot tell: {} more", count_text(*pair.more_replications));
  }
  return std::string(word_for(pair.verdict));
}

/// "3.4", "57"
std::string reduction_text(double times) {
  constexpr double most = 1000;
  return times > most ? "over 1000" : fmt::format("{:.{}f}", times, times < 10 ? 1 : 0);
}

class ComparisonPage {
 public:
  ComparisonPage(const ScenarioComparison& comparison, const TextStyle& style)
      : comparison_(comparison), style_(style) {}

  std::string text() {
    header();
    for (std::size_t i = 1; i < comparison_.scenarios.size(); ++i) {
      table(i);
    }
    ranking();
    pairing();
    only_in();
    warnings();
    return std::move(text_);
  }

 private:
  void header() {
    for (const ComparedScenario& scenario : comparison_.scenarios) {
      text_ += wrapped(
          fmt::format("{}  {}", painted(scenario.label, Paint::bold, style_), scenario.source), 3);
    }
    const Result& first = comparison_.scenarios.front().result;
    const std::string over =
        first.batches > 0
            ? fmt::format("1 replication, intervals over {} batches", first.batches)
            : fmt::format("{} replications with the same luck", comparison_.replications);
    text_ += "\n" +
             wrapped(fmt::format("{}, {} after {} of warm-up, seed {}. The intervals of all {} "
                                 "changes hold together with {:g} %; a change by less than {:g} % "
                                 "is no practical difference.",
                                 over, seconds_text(first.duration_s - first.warmup_s, style_),
                                 seconds_text(first.warmup_s, style_), comparison_.seed,
                                 comparison_.intervals, 100 * comparison_.confidence,
                                 100 * comparison_.margin),
                     0);
  }

  void table(std::size_t other) {
    const std::string& first = comparison_.scenarios.front().label;
    const std::string& label = comparison_.scenarios[other].label;
    TextTable table(
        {label + " against " + first, first, label, "change", style_.utf8 ? "±" : "+-", "verdict"});
    bool some_unclear = false;
    std::string subject;
    for (const ComparedMetric& metric : comparison_.metrics) {
      const std::size_t dot = metric.path.find('.');
      if (metric.path.substr(0, dot) != subject) {
        subject = metric.path.substr(0, dot);
        table.row({{subject}});
      }
      const ComparedPair& pair = metric.pairs[other - 1];
      some_unclear = some_unclear || pair.more_replications.has_value();
      table.row({{"  " + metric.path.substr(dot + 1)},
                 {number(metric, 0)},
                 {number(metric, other)},
                 {change_text(pair, metric, style_)},
                 {width_text(pair, metric, style_), Paint::dim},
                 {verdict_text(pair), paint_for(pair.verdict)}});
    }
    text_ += "\n" + table.text(style_);
    if (some_unclear) {
      text_ += painted(
          wrapped("  cannot tell: about so many replications more would (--replications)", 4),
          Paint::dim, style_);
    }
  }

  std::string number(const ComparedMetric& metric, std::size_t alternative) const {
    const Metric& value = metric.values[alternative];
    const std::string mark = value.supported ? "" : value.unfinished ? ">" : "~";
    return (std::isfinite(value.value.estimate) ? mark : "") +
           number_text(value.value.estimate, metric.unit, style_);
  }

  void ranking() {
    std::string lines;
    for (const ComparedMetric& metric : comparison_.metrics) {
      if (metric.ranking.empty()) {
        continue;
      }
      std::string order;
      for (const std::size_t i : metric.ranking) {
        const bool is_perhaps = std::find(metric.perhaps_best.begin(), metric.perhaps_best.end(),
                                          i) != metric.perhaps_best.end();
        order += fmt::format("{}{}{} {}", order.empty() ? "" : ", ", comparison_.scenarios[i].label,
                             is_perhaps ? "*" : "",
                             number_text(metric.values[i].value.estimate, metric.unit, style_));
      }
      const std::string verdict =
          metric.perhaps_best.size() == 1
              ? comparison_.scenarios[metric.perhaps_best.front()].label + " is best"
              : "not told apart from the best: *";
      lines += wrapped(fmt::format("  {}: {} ({})", metric.path, order, verdict), 4);
    }
    if (!lines.empty()) {
      text_ += "\n" + painted("ranking, the best first", Paint::bold, style_) + "\n" + lines;
      text_ +=
          painted(wrapped(fmt::format("  * the best is one of these, in all lines together with "
                                      "{:g} %",
                                      100 * comparison_.confidence),
                          4),
                  Paint::dim, style_);
    }
  }

  /// What the same luck was worth.
  void pairing() {
    const ComparedMetric* least = nullptr;
    const ComparedMetric* most = nullptr;
    double smallest = std::numeric_limits<double>::infinity();
    double largest = 0;
    bool some_equal = false;
    for (const ComparedMetric& metric : comparison_.metrics) {
      for (const ComparedPair& pair : metric.pairs) {
        some_equal = some_equal || std::isinf(pair.variance_reduction);
        if (!std::isfinite(pair.variance_reduction)) {
          continue;
        }
        if (pair.variance_reduction < smallest) {
          smallest = pair.variance_reduction;
          least = &metric;
        }
        if (pair.variance_reduction > largest) {
          largest = pair.variance_reduction;
          most = &metric;
        }
      }
    }
    if (least == nullptr) {
      text_ += some_equal ? "\nAll replications came out alike in both.\n" : "";
      return;
    }
    const std::string range = least == most
                                  ? reduction_text(smallest)
                                  : fmt::format("{} ({}) to {} ({})", reduction_text(smallest),
                                                least->path, reduction_text(largest), most->path);
    text_ += "\n" +
             wrapped("The same luck for all made the variance of changes smaller by a factor of " +
                         range + ".",
                     0);
  }

  void only_in() {
    for (const auto& [path, labels] : comparison_.only_in) {
      text_ += wrapped(fmt::format("{} is only in {}.", path, labels), 2);
    }
  }

  void warnings() {
    if (!comparison_.warnings.empty()) {
      text_ += "\n";
    }
    for (const std::string& warning : comparison_.warnings) {
      text_ += painted(wrapped("warning: " + warning, 2), Paint::yellow, style_);
    }
  }

  const ScenarioComparison& comparison_;
  const TextStyle& style_;
  std::string text_;
};

Json pair_json(const ComparedPair& pair) {
  Json json{{"difference", exact_json(pair.difference)},
            {"verdict", word_for(pair.verdict)},
            {"variance_reduction", exact_json(pair.variance_reduction)}};
  if (pair.more_replications) {
    json["more_replications"] = *pair.more_replications;
  }
  return json;
}

}  // namespace

std::string comparison_text(const ScenarioComparison& comparison, const TextStyle& style) {
  return ComparisonPage(comparison, style).text();
}

Json comparison_json(const ScenarioComparison& comparison) {
  const auto labels = [&](const std::vector<std::size_t>& indices) {
    Json json = Json::array();
    for (const std::size_t i : indices) {
      json.push_back(comparison.scenarios[i].label);
    }
    return json;
  };
  Json scenarios = Json::array();
  for (const ComparedScenario& scenario : comparison.scenarios) {
    scenarios.push_back({{"label", scenario.label},
                         {"source", scenario.source},
                         {"name", scenario.name},
                         {"hash", fmt::format("{:016x}", scenario.scenario_hash)},
                         {"fingerprint", fmt::format("{:016x}", scenario.result.fingerprint)},
                         {"duration_s", scenario.result.duration_s},
                         {"warmup_s", scenario.result.warmup_s}});
  }
  Json metrics = Json::array();
  for (const ComparedMetric& metric : comparison.metrics) {
    Json one{{"metric", metric.path},
             {"better", metric.improves == Improves::upwards     ? "higher"
                        : metric.improves == Improves::downwards ? "lower"
                                                                 : "neither"},
             {"values", Json::object()},
             {"against_first", Json::object()}};
    for (std::size_t i = 0; i < metric.values.size(); ++i) {
      Json value = exact_json(metric.values[i].value);
      if (!metric.values[i].supported) {
        value["supported"] = false;
      }
      one["values"][comparison.scenarios[i].label] = std::move(value);
    }
    for (std::size_t i = 0; i < metric.pairs.size(); ++i) {
      one["against_first"][comparison.scenarios[i + 1].label] = pair_json(metric.pairs[i]);
    }
    if (!metric.ranking.empty()) {
      one["ranking"] = labels(metric.ranking);
      one["perhaps_best"] = labels(metric.perhaps_best);
    }
    metrics.push_back(std::move(one));
  }
  Json only_in = Json::object();
  for (const auto& [path, having] : comparison.only_in) {
    only_in[path] = having;
  }
  Json run{{"seed", comparison.seed},           {"replications", comparison.replications},
           {"version", STAMPEDE_VERSION},       {"confidence", comparison.confidence},
           {"intervals", comparison.intervals}, {"method", "paired replications, Bonferroni"},
           {"margin", comparison.margin}};
  if (comparison.is_partial()) {
    run["partial"] = true;
    run["replications_asked"] = comparison.replications_asked;
  }
  if (comparison.shortened > 1) {
    run["shortened"] = comparison.shortened;
  }
  return {{"schema_version", schema_version},  {"run", std::move(run)},
          {"scenarios", std::move(scenarios)}, {"metrics", std::move(metrics)},
          {"only_in", std::move(only_in)},     {"warnings", comparison.warnings}};
}

std::string comparison_csv(const ScenarioComparison& comparison) {
  std::string csv =
      "metric,scenario,baseline,value,baseline_value,difference,low,high,n,verdict,"
      "more_replications,variance_reduction\n";
  for (const ComparedMetric& metric : comparison.metrics) {
    for (std::size_t i = 0; i < metric.pairs.size(); ++i) {
      const ComparedPair& pair = metric.pairs[i];
      const Estimate& difference = pair.difference;
      csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", metric.path,
                         comparison.scenarios[i + 1].label, comparison.scenarios.front().label,
                         exact_text(metric.values[i + 1].value.estimate),
                         exact_text(metric.values.front().value.estimate),
                         exact_text(difference.estimate), exact_text(difference.low),
                         exact_text(difference.high), difference.n, word_for(pair.verdict),
                         pair.more_replications ? fmt::format("{}", *pair.more_replications) : "",
                         exact_text(pair.variance_reduction));
    }
  }
  return csv;
}

}  // namespace stampede
