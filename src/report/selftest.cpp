#include "stampede/report/selftest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "stampede/report/exact.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

bool passes(const CheckedExpectation& answer) { return answer.verdict.kind == Verdict::Kind::pass; }

/// "mm1.wait.mean ~ 4s" is about "mm1.wait.mean".
std::string path_of(const CheckedExpectation& answer) {
  return answer.text.substr(0, answer.text.find_first_of(" <=>~"));
}

/// What stands after the path: "> 99.9 %".
std::string bound_of(const CheckedExpectation& answer) {
  const std::string rest = answer.text.substr(path_of(answer).size());
  return rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
}

double half_width(const Estimate& value) {
  return std::max(value.estimate - value.low, value.high - value.estimate);
}

/// So many decimals show two digits of the half-width.
int decimals_for(double half_width) {
  constexpr int most = 9;
  if (!std::isfinite(half_width) || half_width <= 0) {
    return most / 2;
  }
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(half_width))), 0, most);
}

TextTable::Cell verdict_cell(const CheckedExpectation& answer, const TextStyle& style) {
  if (passes(answer)) {
    return {style.utf8 ? "✓" : "PASS", Paint::green};
  }
  return {style.utf8 ? "✗" : "FAIL", Paint::red};
}

std::vector<TextTable::Cell> row(const CheckedExpectation& answer, const TextStyle& style) {
  const std::string unit = answer.unit == "%" ? "" : answer.unit;
  std::vector<TextTable::Cell> cells{{"  " + path_of(answer)}};
  if (!answer.observed || !std::isfinite(answer.observed->value.estimate)) {
    cells.insert(cells.end(), {{bound_of(answer)}, {"no data"}, {""}});
  } else {
    const Estimate& observed = answer.observed->value;
    const double width = half_width(observed);
    const int decimals = decimals_for(width);
    const auto number = [&](double value) {
      return fmt::format("{:.{}f}{}", value, decimals, unit);
    };
    cells.push_back(
        {answer.relation == Relation::agrees ? number(answer.value) : bound_of(answer)});
    cells.push_back({number(observed.estimate)});
    cells.push_back({std::isfinite(width) ? number(width) : "", Paint::dim});
  }
  cells.push_back(verdict_cell(answer, style));
  return cells;
}

struct Count {
  std::int64_t scenarios = 0;
  std::int64_t answers = 0;
  std::int64_t failed = 0;
  std::int64_t judged_by_interval = 0;

  /// By Bonferroni's inequality, whatever depends on what: each answer is judged at 99.9 %.
  double false_alarm_bound() const {
    return std::min(1.0, 0.001 * static_cast<double>(judged_by_interval));
  }
};

Count count(std::span<const StudyResult> studies) {
  Count count;
  for (const StudyResult& study : studies) {
    ++count.scenarios;
    for (const CheckedExpectation& answer : study.expectations) {
      ++count.answers;
      count.failed += passes(answer) ? 0 : 1;
      count.judged_by_interval += answer.relation == Relation::agrees ? 1 : 0;
    }
  }
  return count;
}

Json answer_json(const CheckedExpectation& answer) {
  Json json{{"metric", path_of(answer)},
            {"expect", answer.text},
            {"exact", answer.relation == Relation::agrees ? Json(answer.value) : Json(nullptr)},
            {"observed", nullptr},
            {"verdict", passes(answer) ? "pass" : "fail"}};
  if (answer.observed) {
    json["observed"] = exact_json(answer.observed->value);
  }
  if (!answer.verdict.reason.empty()) {
    json["reason"] = answer.verdict.reason;
  }
  return json;
}

}  // namespace

std::string selftest_text(const StudyResult& study, const TextStyle& style) {
  TextTable table({study.name, "exact", "observed", style.utf8 ? "±" : "+-", ""});
  for (const CheckedExpectation& answer : study.expectations) {
    table.row(row(answer, style));
  }
  std::string text = table.text(style);
  for (const CheckedExpectation& answer : study.expectations) {
    if (!passes(answer)) {
      text +=
          painted(wrapped("  " + answer.text + ": " + answer.verdict.reason, 4), Paint::red, style);
    }
  }
  return text + "\n";
}

std::string selftest_verdict_text(std::span<const StudyResult> studies, bool is_partial,
                                  const TextStyle& style) {
  const Count all = count(studies);
  const std::string interrupted =
      is_partial ? painted("Interrupted: not all scenarios were run.\n", Paint::yellow, style) : "";
  const std::string of = fmt::format("{} known answers of {} scenario{}", all.answers,
                                     all.scenarios, all.scenarios == 1 ? "" : "s");
  const std::string verdict = all.failed == 0
                                  ? fmt::format("All {} agree.", of)
                                  : fmt::format("{} of {} do NOT agree.", all.failed, of);
  return interrupted +
         painted(wrapped(verdict, 0), all.failed == 0 ? Paint::green : Paint::red, style) +
         wrapped(fmt::format("An answer agrees when it lies within the 99.9 % interval around what "
                             "was observed. Under another seed, a right simulator would have one "
                             "outside with a probability of at most {:.1f} %.",
                             100 * all.false_alarm_bound()),
                 0);
}

Json selftest_json(std::span<const StudyResult> studies, bool is_partial) {
  const Count all = count(studies);
  Json scenarios = Json::array();
  for (const StudyResult& study : studies) {
    Json answers = Json::array();
    for (const CheckedExpectation& answer : study.expectations) {
      answers.push_back(answer_json(answer));
    }
    scenarios.push_back({{"name", study.name},
                         {"description", study.description},
                         {"seed", study.seed},
                         {"replications", study.result.replications},
                         {"duration_s", study.result.duration_s},
                         {"answers", std::move(answers)}});
  }
  return {{"schema_version", 1},
          {"version", STAMPEDE_VERSION},
          {"partial", is_partial},
          {"known_answers", all.answers},
          {"failed", all.failed},
          {"false_alarm_bound", all.false_alarm_bound()},
          {"scenarios", std::move(scenarios)}};
}

}  // namespace stampede
