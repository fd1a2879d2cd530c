#include "stampede/report/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stampede/report/exact.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

constexpr int schema_version = 1;

std::string word_for(Decision decision) {
  switch (decision) {
    case Decision::meets:
      return "meets";
    case Decision::fails:
      return "fails";
    case Decision::cannot_tell:
      break;
  }
  return "cannot tell";
}

Paint paint_for(Decision decision) {
  return decision == Decision::meets   ? Paint::green
         : decision == Decision::fails ? Paint::red
                                       : Paint::yellow;
}

MetricUnit unit_for(const std::string& unit) {
  return unit == "s"    ? MetricUnit::seconds
         : unit == "/s" ? MetricUnit::per_second
         : unit == "%"  ? MetricUnit::share
                        : MetricUnit::number;
}

std::string with_interval(const Estimate& value, MetricUnit unit, const TextStyle& style) {
  std::string text = metric_text(unit, value.estimate, style);
  const double half_width = std::max(value.estimate - value.low, value.high - value.estimate);
  if (std::isfinite(half_width)) {
    text += (style.utf8 ? " ±" : " +-") + metric_text_like(unit, value.estimate, half_width, style);
  }
  return text;
}

/// "shoppers.latency.p99 < 250ms: 262ms ±4ms"
std::string reason(const Decided& decided, const TextStyle& style) {
  if (decided.because.empty()) {
    return {};
  }
  if (!decided.observed) {
    return decided.because + ": no data";
  }
  return decided.because + ": " +
         with_interval(decided.observed->value, unit_for(decided.unit), style);
}

std::string percent(double share) { return fmt::format("{:g}%", 100 * share); }

Json decided_json(const Decided& decided) {
  Json json{{"decision", word_for(decided.decision)}};
  if (!decided.because.empty()) {
    json["because"] = decided.because;
    json["observed"] = decided.observed ? exact_json(decided.observed->value) : Json(nullptr);
  }
  return json;
}

Json parameters_json(const SweepPlan& plan, std::size_t point) {
  Json parameters = Json::object();
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    parameters[plan.paths[i]] = plan.points[point][i];
  }
  return parameters;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

/// What was found where breaking is wanted, and how to run it.
std::string breaking_answer(const SweepPlan& plan, const LimitFound& found,
                            const SearchOptions& search) {
  const std::string& path = plan.paths[0];
  std::string answer = found.is_partial ? "interrupted; " : "";
  if (!found.best) {
    return answer +
           (found.next
                ? fmt::format(
                      "Neither end of the range of {} breaks anything, or it cannot be told.", path)
                : "");
  }
  answer += fmt::format(
      "{} = {} is the mildest that was found to break them, with a confidence "
      "of {}.",
      path, *found.best, percent(search.confidence));
  answer += found.next ? fmt::format(" {} does not, or cannot be told.", *found.next)
                       : " It is the end of the range: less may do.";
  return answer;
}

/// A command whose run fails, an option a line.
std::string breaking_command(const SweepPlan& plan, const LimitFound& found) {
  std::string command = "stampede run " + plan.file;
  for (const std::string& setting : plan.settings) {
    command += fmt::format(" \\\n  --set '{}'", setting);
  }
  command += fmt::format(" \\\n  --set {}={} --replications {}", plan.paths[0], *found.best,
                         replications_of_best(found));
  if (plan.shortened > 1) {
    command += fmt::format(" --shorten {}", plan.shortened);
  }
  return command + "\n";
}

}  // namespace

std::string limit_text(const SweepPlan& plan, const LimitFound& found, bool largest,
                       const SearchOptions& search, const TextStyle& style) {
  const std::string& path = plan.paths[0];
  std::string text = painted(plan.name, Paint::bold, style) + "\n";
  const bool is_breaking = search.wanted == Decision::fails;
  text += wrapped(is_breaking
                      ? fmt::format("the mildest {} that breaks what the scenario expects", path)
                      : fmt::format("the {} {} that meets what the scenario expects",
                                    largest ? "largest" : "smallest", path),
                  2);
  text += fmt::format("stampede {}\n\n", plan.version);
  TextTable table({path, "replications", ""});
  for (const Probe& probe : found.probes) {
    table.row({{probe.value},
               {fmt::format("{}", probe.replications)},
               {word_for(probe.decided.decision), paint_for(probe.decided.decision)}});
  }
  text += table.text(style);
  text += "\n";
  // The reasons stand below: they are too long for a column.
  for (const Probe& probe : found.probes) {
    if (const std::string why = reason(probe.decided, style); !why.empty()) {
      text += wrapped(fmt::format("{}: {}", probe.value, why), 2);
    }
  }
  std::string answer;
  if (found.is_partial) {
    answer = "interrupted";
  }
  if (is_breaking) {
    text += "\n" + painted(wrapped(breaking_answer(plan, found, search), 0), Paint::bold, style);
    return found.best ? text + "\nThis fails:\n" + breaking_command(plan, found) : text;
  }
  if (found.best) {
    answer +=
        fmt::format("{}{} = {} meets them, with a confidence of {}.", answer.empty() ? "" : "; ",
                    path, *found.best, percent(search.confidence));
    answer += found.next ? fmt::format(" {} does not, or cannot be told.", *found.next)
                         : " It is the end of the range: the limit is beyond.";
  } else if (found.next) {
    answer += fmt::format(
        "{} = {}, the {} end of the range, does not meet them, or it cannot be "
        "told.",
        path, *found.next, largest ? "lower" : "upper");
  }
  return text + "\n" + painted(wrapped(answer, 0), Paint::bold, style);
}

Json limit_json(const SweepPlan& plan, const LimitFound& found, bool largest,
                const SearchOptions& search) {
  Json probes = Json::array();
  for (const Probe& probe : found.probes) {
    Json json{{"value", probe.value}, {"replications", probe.replications}};
    json.update(decided_json(probe.decided));
    probes.push_back(std::move(json));
  }
  Json json{{"schema_version", schema_version},
            {"version", plan.version},
            {"scenario", plan.name},
            {"parameter", plan.paths[0]},
            {"looking_for", search.wanted == Decision::fails ? "breaking"
                            : largest                        ? "largest"
                                                             : "smallest"},
            {"confidence", search.confidence},
            {"error_of_one_value", found.error_of_one_value},
            {"best", found.best ? Json(*found.best) : Json(nullptr)},
            {"next", found.next ? Json(*found.next) : Json(nullptr)},
            {"probes", std::move(probes)}};
  if (found.is_partial) {
    json["partial"] = true;
  }
  return json;
}

std::string cheapest_text(const SweepPlan& plan, const CheapestFound& found, double confidence,
                          const TextStyle& style) {
  std::string text = painted(plan.name, Paint::bold, style) + "\n";
  text += fmt::format("  {} of {} configurations, by cost per hour\nstampede {}\n\n",
                      found.candidates.size(), plan.points.size(), plan.version);
  std::vector<std::string> head{joined(plan.paths), "cost/h", "", "front"};
  // What fits on the page beside the names; all of them are in the JSON.
  const std::size_t shown = std::min<std::size_t>(plan.metrics.size(), 2);
  for (std::size_t i = 0; i < shown; ++i) {
    head.push_back(plan.metrics[i].substr(plan.metrics[i].find('.') + 1));
  }
  TextTable table(head);
  for (const Candidate& candidate : found.candidates) {
    std::vector<TextTable::Cell> cells{
        {joined(plan.points[candidate.point])},
        {plain_text(candidate.cost_per_h, style)},
        {word_for(candidate.decided.decision), paint_for(candidate.decided.decision)},
        {candidate.is_on_front ? "*" : ""}};
    for (std::size_t i = 0; i < shown; ++i) {
      cells.push_back({metric_text(candidate.metrics[i].unit,
                                   candidate.metrics[i].metric.value.estimate, style)});
    }
    table.row(std::move(cells));
  }
  text += table.text(style);
  text += painted(wrapped("  * on the Pareto front: nothing else is at least as good in cost, " +
                              joined(plan.metrics) + ", and better in one of them (estimates)",
                          4),
                  Paint::dim, style);
  for (const FailedPoint& failed : found.failed) {
    text += wrapped(fmt::format("{} failed: {}", point_text(plan, failed.point), failed.why), 2);
  }
  std::string answer = "None of them meets what the scenario expects for sure.";
  if (found.best) {
    const Candidate& best = found.candidates[*found.best];
    answer = fmt::format(
        "{} is the cheapest that meets what the scenario expects, at {} per hour, "
        "with a confidence of {}.",
        point_text(plan, best.point), plain_text(best.cost_per_h, style), percent(confidence));
    const auto untold =
        std::count_if(found.candidates.begin(),
                      found.candidates.begin() + static_cast<std::ptrdiff_t>(*found.best),
                      [](const Candidate& candidate) {
                        return candidate.decided.decision == Decision::cannot_tell;
                      });
    if (untold > 0) {
      answer += fmt::format(" Of {} cheaper one{} it cannot be told: more --replications would.",
                            untold, untold == 1 ? "" : "s");
    }
  }
  if (found.is_partial) {
    answer = "interrupted: " + answer;
  }
  return text + "\n" + painted(wrapped(answer, 0), Paint::bold, style);
}

Json cheapest_json(const SweepPlan& plan, const CheapestFound& found, double confidence) {
  Json candidates = Json::array();
  for (const Candidate& candidate : found.candidates) {
    Json metrics = Json::object();
    for (std::size_t i = 0; i < plan.metrics.size(); ++i) {
      metrics[plan.metrics[i]] = exact_json(candidate.metrics[i].metric.value);
    }
    Json json{{"parameters", parameters_json(plan, candidate.point)},
              {"cost_per_h", candidate.cost_per_h},
              {"on_front", candidate.is_on_front},
              {"metrics", std::move(metrics)}};
    json.update(decided_json(candidate.decided));
    candidates.push_back(std::move(json));
  }
  Json json{{"schema_version", schema_version},
            {"version", plan.version},
            {"scenario", plan.name},
            {"confidence", confidence},
            {"error_of_one_point", found.error_of_one_point},
            {"best", found.best ? parameters_json(plan, found.candidates[*found.best].point)
                                : Json(nullptr)},
            {"candidates", std::move(candidates)}};
  if (found.is_partial) {
    json["partial"] = true;
  }
  return json;
}

}  // namespace stampede
