#include "stampede/report/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stampede/report/exact.hpp"
#include "stampede/report/expectations.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

class ChaosPage {
 public:
  ChaosPage(const ChaosReport& report, const TextStyle& style) : report_(report), style_(style) {}

  std::string text() {
    verdict();
    for (const ChaosWindow& window : report_.windows) {
      add(fmt::format("  {} the method, {} to {}{}", window.name,
                      seconds_text(window.from_s, style_), seconds_text(window.to_s, style_),
                      window.decides ? "" : ": shown only"));
      text_ += window.probes.empty() ? "    no whole slice of the run\n"
                                     : expectations_text(window.probes, style_);
    }
    times();
    detections();
    harm();
    return std::move(text_);
  }

 private:
  void add(const std::string& line) { text_ += wrapped(line, 4); }

  void verdict() {
    if (!report_.title.empty()) {
      add("  " + report_.title);
    }
    if (!report_.hypothesis.empty()) {
      add("  hypothesis: " + report_.hypothesis);
    }
    std::string line = fmt::format("  {} {}", mark(report_.verdict == report_.expected, style_),
                                   name_of(report_.verdict));
    if (!report_.was_steady_before) {
      line += ": it was not steady before the method, which therefore shows nothing";
    }
    if (report_.verdict != report_.expected) {
      line += fmt::format(", expected was {}", name_of(report_.expected));
    }
    if (const std::int64_t aborted = report_.aborted(); aborted > 0) {
      const auto first = std::find_if(report_.runs.begin(), report_.runs.end(),
                                      [](const ChaosRun& run) { return run.abort.has_value(); });
      line += fmt::format("; stopped in {} of {} replications, first at {} in number {}: {}",
                          aborted, report_.runs.size(), seconds_text(first->abort->at_s, style_),
                          first->number, first->abort->condition);
    }
    text_ += painted(wrapped(line, 4),
                     report_.verdict == report_.expected ? Paint::green : Paint::red, style_);
  }

  void times() {
    const auto line = [&](const char* what, const char* metric, const char* share) {
      const Metric* time = report_.measures.find(metric);
      const Metric* how_often = share == nullptr ? nullptr : report_.measures.find(share);
      if (time == nullptr) {
        add(fmt::format("  {}: never", what));
        return;
      }
      std::string often;
      if (how_often != nullptr && how_often->value.estimate < 1) {
        const double runs = static_cast<double>(report_.runs.size());
        often = fmt::format(", in {:.0f} of {} replications", how_often->value.estimate * runs,
                            report_.runs.size());
      }
      add(fmt::format("  {}: {}{} after the first fault{}", what, time->unfinished ? ">" : "",
                      with_interval(*time, MetricUnit::seconds), often));
    };
    const bool deviated =
        std::any_of(report_.runs.begin(), report_.runs.end(),
                    [](const ChaosRun& run) { return run.deviated_s.has_value(); });
    line("detected", "time_to_detect_s", "detected");
    if (deviated) {
      line("mitigated", "time_to_mitigate_s", nullptr);
      line("recovered", "time_to_recover_s", "recovered");
    } else {
      add("  it never deviated");
    }
  }

  void detections() {
    constexpr std::size_t most = 6;
    std::string list;
    for (std::size_t i = 0; i < std::min(most, report_.detections.size()); ++i) {
      const Detection& detection = report_.detections[i];
      list += fmt::format("{}{} {}{}{}", list.empty() ? "" : "; ",
                          seconds_text(detection.at_s, style_), detection.detector,
                          detection.component.empty() ? "" : " of ", detection.component);
    }
    if (!list.empty()) {
      add("  noticed in the first replication: " + list);
    }
  }

  void harm() {
    const Metric* radius = report_.measures.find("blast_radius");
    if (radius != nullptr && std::isfinite(radius->value.estimate)) {
      add(fmt::format("  blast radius: {} of requests came to harm, beyond what did before",
                      with_interval(*radius, MetricUnit::share)));
    }
    for (const HarmedSubject& traffic : report_.traffic) {
      add(fmt::format("    {}: {}, before {}", traffic.name,
                      share_text(traffic.disturbed.value.estimate, style_),
                      share_text(traffic.before.value.estimate, style_)));
    }
    std::string list;
    for (const HarmedSubject& component : report_.components) {
      list += fmt::format("{}{} {}", list.empty() ? "" : ", ", component.name,
                          share_text(component.disturbed.value.estimate, style_));
    }
    if (!list.empty()) {
      add("  more visits than before failed at: " + list);
    }
  }

  std::string with_interval(const Metric& metric, MetricUnit unit) const {
    const Estimate& value = metric.value;
    std::string text = metric_text(unit, value.estimate, style_);
    const double half_width = std::max(value.estimate - value.low, value.high - value.estimate);
    if (std::isfinite(half_width)) {
      text += (style_.utf8 ? " ± " : " +- ") +
              metric_text_like(unit, value.estimate, half_width, style_);
    }
    return text;
  }

  const ChaosReport& report_;
  const TextStyle& style_;
  std::string text_;
};

Json maybe(const std::optional<double>& seconds) {
  return seconds ? Json(*seconds) : Json(nullptr);
}

Json harmed_json(const std::vector<HarmedSubject>& subjects) {
  Json json = Json::object();
  for (const HarmedSubject& subject : subjects) {
    json[subject.name] = {{"before", metric_json(subject.before)},
                          {"disturbed", metric_json(subject.disturbed)}};
  }
  return json;
}

Json windows_json(const std::vector<ChaosWindow>& windows) {
  Json json = Json::object();
  for (const ChaosWindow& window : windows) {
    json[std::string(window.name)] = {{"from_s", window.from_s},
                                      {"to_s", window.to_s},
                                      {"decides", window.decides},
                                      {"holds", window.holds()},
                                      {"probes", expectations_json(window.probes)}};
  }
  return json;
}

Json runs_json(const std::vector<ChaosRun>& runs) {
  Json json = Json::array();
  for (const ChaosRun& run : runs) {
    Json one{{"replication", run.number},
             {"verdict", name_of(run.verdict)},
             {"deviated_s", maybe(run.deviated_s)},
             {"detected_s", maybe(run.detected_s)},
             {"mitigated_s", maybe(run.mitigated_s)},
             {"recovered_s", maybe(run.recovered_s)}};
    if (run.abort) {
      one["aborted_s"] = run.abort->at_s;
      one["stop_condition"] = run.abort->condition;
    }
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace

std::string chaos_text(const ChaosReport& report, const TextStyle& style) {
  return ChaosPage(report, style).text();
}

Json chaos_json(const ChaosReport& report) {
  Json measures = Json::object();
  for (const Metric& metric : report.measures.metrics) {
    measures[metric.name] = metric_json(metric);
  }
  Json detections = Json::array();
  for (const Detection& detection : report.detections) {
    detections.push_back({{"at_s", detection.at_s},
                          {"component", detection.component},
                          {"detector", detection.detector}});
  }
  return {{"title", report.title},
          {"verdict", name_of(report.verdict)},
          {"expected_verdict", name_of(report.expected)},
          {"steady_before", report.was_steady_before},
          {"begins_s", report.begins_s},
          {"ends_s", report.ends_s},
          {"windows", windows_json(report.windows)},
          {"measures", std::move(measures)},
          {"harmed_requests", harmed_json(report.traffic)},
          {"failed_visits", harmed_json(report.components)},
          {"detections", std::move(detections)},
          {"replications", runs_json(report.runs)}};
}

}  // namespace stampede
