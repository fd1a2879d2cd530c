#include "stampede/report/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stampede/report/exact.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

constexpr int schema_version = 1;

// ---- CSV --------------------------------------------------------------------------------------

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

// ---- JSON -------------------------------------------------------------------------------------

Json point_json(const SweepPlan& plan, const PointResult& point) {
  Json parameters = Json::object();
  for (std::size_t i = 0; i < plan.paths.size(); ++i) {
    parameters[plan.paths[i]] = plan.points[point.point][i];
  }
  Json metrics = Json::object();
  for (std::size_t i = 0; i < plan.metrics.size(); ++i) {
    const PointResult::Chosen& chosen = point.chosen[i];
    metrics[plan.metrics[i]] = exact_json(chosen.metric.value);
    if (!chosen.metric.supported) {
      metrics[plan.metrics[i]]["unsupported"] =
          chosen.metric.unfinished ? "requests in flight would raise it" : "too few samples";
    }
  }
  Json expectations = Json::array();
  for (const PointResult::Expected& expected : point.expectations) {
    expectations.push_back({{"expect", expected.text}, {"verdict", expected.verdict}});
  }
  return {{"point", point.point},
          {"parameters", std::move(parameters)},
          {"replications", point.replications},
          {"warmup_s", point.warmup_s},
          {"fingerprint", fmt::format("{:016x}", point.fingerprint)},
          {"metrics", std::move(metrics)},
          {"expectations", std::move(expectations)},
          {"warnings", point.warnings}};
}

Json sensitivity_json(const Sensitivity& sensitivity) {
  if (sensitivity.method.empty()) {
    return {{"metric", sensitivity.metric}, {"why_not", sensitivity.why_not}};
  }
  Json effects = Json::array();
  for (const Effect& effect : sensitivity.effects) {
    effects.push_back({{"parameter", effect.path},
                       {"from", effect.from},
                       {"to", effect.to},
                       {"change", exact_json(effect.change)},
                       {"share", exact_json(effect.share)}});
  }
  return {{"metric", sensitivity.metric},
          {"method", sensitivity.method},
          {"explained", exact_json(sensitivity.explained)},
          {"effects", std::move(effects)}};
}

Json usl_json(const SweepReport& report) {
  Json json{{"metric", report.plan.usl}, {"parameter", report.plan.paths[0]}};
  if (report.usl) {
    const UslFit& fit = *report.usl;
    json["contention"] = exact_json(fit.contention);
    json["coherency"] = exact_json(fit.coherency);
    json["unit_throughput_per_s"] = exact_json(fit.unit);
    json["peak_size"] = fit.peak_size ? exact_json(*fit.peak_size) : Json(nullptr);
    json["peak_throughput_per_s"] =
        fit.peak_throughput ? exact_json(*fit.peak_throughput) : Json(nullptr);
    json["r_squared"] = exact_json(fit.r_squared);
  }
  return json;
}

// ---- Text -------------------------------------------------------------------------------------

double half_width(const Estimate& value) {
  return std::max(value.estimate - value.low, value.high - value.estimate);
}

std::string with_interval(const Estimate& value, MetricUnit unit, const TextStyle& style) {
  std::string text = metric_text(unit, value.estimate, style);
  if (std::isfinite(half_width(value))) {
    text += (style.utf8 ? " ±" : " +-") +
            metric_text_like(unit, value.estimate, half_width(value), style);
  }
  return text;
}

/// What differs between names that share a beginning: "replicas" of "app.replicas", when no other
/// one ends so.
std::vector<std::string> short_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    std::size_t begin = path.size();
    std::string name;
    bool is_unique = false;
    while (!is_unique && begin > 0) {
      const std::size_t dot = path.rfind('.', begin - 1);
      begin = dot == std::string::npos ? 0 : dot;
      name = path.substr(dot == std::string::npos ? 0 : dot + 1);
      is_unique = std::count_if(paths.begin(), paths.end(), [&](const std::string& other) {
                    return other == name || other.ends_with("." + name);
                  }) == 1;
    }
    names.push_back(name);
  }
  return names;
}

/// Names without the part up to the first dot, if that is the same of all.
std::vector<std::string> without_common_subject(const std::vector<std::string>& metrics) {
  std::vector<std::string> names;
  const std::string subject = metrics.front().substr(0, metrics.front().find('.') + 1);
  for (const std::string& metric : metrics) {
    if (!metric.starts_with(subject)) {
      return metrics;
    }
    names.push_back(metric.substr(subject.size()));
  }
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

class SweepPage {
 public:
  SweepPage(const SweepReport& report, const TextStyle& style)
      : report_(report), plan_(report.plan), style_(style) {}

  std::string text() {
    header();
    points();
    failed();
    for (const Sensitivity& sensitivity : report_.sensitivities) {
      ranking(sensitivity);
    }
    scalability();
    return std::move(text_);
  }

 private:
  void header() {
    text_ += painted(plan_.name, Paint::bold, style_) + "\n";
    std::string count = fmt::format("{}", plan_.points.size());
    if (report_.is_partial()) {
      count = fmt::format("{} of {}", report_.points.size(), plan_.points.size());
    }
    text_ += fmt::format("  {} points ({})\n", count, name_of(plan_.design));
    text_ += fmt::format("stampede {}, plan {:016x}\n", plan_.version, plan_.hash());
  }

  /// As many metrics side by side as a page holds, then the next ones.
  void points() {
    if (report_.points.empty()) {
      return;
    }
    const std::vector<std::string> titles = without_common_subject(plan_.metrics);
    constexpr std::size_t room_for_metrics = 54;
    std::size_t first = 0;
    while (first < titles.size()) {
      std::size_t last = first;
      std::size_t width = 0;
      while (last < titles.size() &&
             (last == first || width + width_of(last, titles) <= room_for_metrics)) {
        width += width_of(last, titles);
        ++last;
      }
      table(titles, first, last);
      first = last;
    }
  }

  std::size_t width_of(std::size_t metric, const std::vector<std::string>& titles) const {
    std::size_t width = titles[metric].size();
    for (const PointResult& point : report_.points) {
      width = std::max(width, columns_of(cell(point.chosen[metric])));
    }
    return width + 2;
  }

  std::string cell(const PointResult::Chosen& chosen) const {
    const bool is_doubtful =
        !chosen.metric.supported && std::isfinite(chosen.metric.value.estimate);
    return (is_doubtful ? chosen.metric.unfinished ? ">" : "~" : "") +
           with_interval(chosen.metric.value, chosen.unit, style_);
  }

  void table(const std::vector<std::string>& titles, std::size_t first, std::size_t last) {
    std::vector<std::string> head{joined(short_names(plan_.paths))};
    head.insert(head.end(), titles.begin() + static_cast<std::ptrdiff_t>(first),
                titles.begin() + static_cast<std::ptrdiff_t>(last));
    const bool shows_expectations = first == 0 && !report_.points.front().expectations.empty();
    if (shows_expectations) {
      head.emplace_back("expect");
    }
    TextTable rows(head);
    bool some_unsupported = false;
    bool some_unfinished = false;
    for (const PointResult& point : report_.points) {
      std::vector<TextTable::Cell> cells{{joined(plan_.points[point.point])}};
      for (std::size_t metric = first; metric < last; ++metric) {
        const Metric& shown = point.chosen[metric].metric;
        some_unfinished = some_unfinished || shown.unfinished;
        some_unsupported = some_unsupported || (!shown.supported && !shown.unfinished);
        cells.push_back({cell(point.chosen[metric])});
      }
      if (shows_expectations) {
        cells.push_back(verdict(point));
      }
      rows.row(std::move(cells));
    }
    text_ += "\n" + rows.text(style_);
    if (some_unsupported) {
      text_ += painted("  ~ too few samples to tell this number\n", Paint::dim, style_);
    }
    if (some_unfinished) {
      text_ +=
          painted("  > requests still in flight would raise this number\n", Paint::dim, style_);
    }
  }

  TextTable::Cell verdict(const PointResult& point) const {
    const auto failed = std::count_if(point.expectations.begin(), point.expectations.end(),
                                      [](const auto& one) { return one.verdict != "pass"; });
    if (failed == 0) {
      return {style_.utf8 ? "✓" : "PASS", Paint::green};
    }
    return {
        fmt::format("{}{} of {}", style_.utf8 ? "✗ " : "FAIL ", failed, point.expectations.size()),
        Paint::red};
  }

  void failed() {
    for (const FailedPoint& failed : report_.failed) {
      text_ += wrapped(fmt::format("point {} ({}) failed: {}", failed.point,
                                   point_text(plan_, failed.point), failed.why),
                       2);
    }
  }

  void ranking(const Sensitivity& sensitivity) {
    if (plan_.paths.size() < 2 && sensitivity.method.empty()) {
      return;  // nothing to rank, and nothing that was hoped for
    }
    text_ += "\n" + painted("What moves " + sensitivity.metric, Paint::bold, style_) + "\n";
    if (sensitivity.method.empty()) {
      text_ += wrapped("  cannot be ranked: " + sensitivity.why_not, 2);
      return;
    }
    MetricUnit unit = MetricUnit::number;
    for (std::size_t i = 0; i < plan_.metrics.size(); ++i) {
      if (plan_.metrics[i] == sensitivity.metric) {
        unit = report_.points.front().chosen[i].unit;
      }
    }
    TextTable table({"parameter", "from", "to", "change", "share"});
    for (const Effect& effect : sensitivity.effects) {
      table.row({{effect.path},
                 {effect.from},
                 {effect.to},
                 {with_interval(effect.change, unit, style_)},
                 {percent(effect.share)}});
    }
    text_ += table.text(style_);
    text_ += painted(
        wrapped(
            sensitivity.method == "main_effects"
                ? fmt::format("  Means over all other parameters; together {} of the variation, "
                              "the rest is interplay and chance.",
                              percent(sensitivity.explained))
                : fmt::format("  A linear model that accounts for {} of the variation; the rest "
                              "is interplay, bends and chance.",
                              percent(sensitivity.explained)),
            2),
        Paint::dim, style_);
  }

  void scalability() {
    if (plan_.usl.empty()) {
      return;
    }
    text_ +=
        "\n" +
        painted("How far " + plan_.usl + " scales with " + plan_.paths[0], Paint::bold, style_) +
        "\n";
    if (!report_.usl) {
      text_ += "  cannot be told: too few points, or no throughput\n";
      return;
    }
    const UslFit& fit = *report_.usl;
    TextTable table({"Universal Scalability Law", ""});
    table.row({{"contention, the serial share"},
               {with_interval(fit.contention, MetricUnit::share, style_)}});
    table.row({{"coherency, the price of a pair"},
               {with_interval(fit.coherency, MetricUnit::number, style_)}});
    table.row(
        {{"throughput of size 1"}, {with_interval(fit.unit, MetricUnit::per_second, style_)}});
    table.row({{"most throughput at size"},
               {fit.peak_size ? with_interval(*fit.peak_size, MetricUnit::number, style_)
                              : "none: it only grows"}});
    table.row({{fit.peak_size ? "which is" : "and comes near to"},
               {fit.peak_throughput ? rate_text(*fit.peak_throughput, style_) : "no limit"}});
    text_ += table.text(style_);
    text_ += painted(fmt::format("  The law accounts for {:.1f}% of the variation.",
                                 100 * fit.r_squared),
                     Paint::dim, style_) +
             "\n";
  }

  std::string percent(double share) const {
    return std::isfinite(share) ? fmt::format("{:.0f}%", 100 * share)
                                : std::string(style_.utf8 ? "–" : "-");
  }

  const SweepReport& report_;
  const SweepPlan& plan_;
  const TextStyle& style_;
  std::string text_;
};

}  // namespace

std::string sweep_csv(const SweepReport& report) {
  const SweepPlan& plan = report.plan;
  std::string csv = "point";
  for (const std::string& path : plan.paths) {
    csv += "," + field(path);
  }
  csv += ",metric,estimate,low,high,n\n";
  for (const PointResult& point : report.points) {
    std::string front = fmt::format("{}", point.point);
    for (const std::string& value : plan.points[point.point]) {
      front += "," + field(value);
    }
    for (const auto& [path, value] : point.numbers) {
      csv += fmt::format("{},{},{},{},{},{}\n", front, path, exact_text(value.estimate),
                         exact_text(value.low), exact_text(value.high), value.n);
    }
  }
  return csv;
}

Json sweep_json(const SweepReport& report) {
  const SweepPlan& plan = report.plan;
  Json points = Json::array();
  for (const PointResult& point : report.points) {
    points.push_back(point_json(plan, point));
  }
  Json sensitivities = Json::array();
  for (const Sensitivity& sensitivity : report.sensitivities) {
    sensitivities.push_back(sensitivity_json(sensitivity));
  }
  Json json{{"schema_version", schema_version},
            {"version", plan.version},
            {"plan", fmt::format("{:016x}", plan.hash())},
            {"scenario", plan.name},
            {"design", name_of(plan.design)},
            {"parameters", plan.paths},
            {"metrics", plan.metrics}};
  if (plan.shortened > 1) {
    json["shortened"] = plan.shortened;
  }
  if (report.is_partial()) {
    json["partial"] = true;
    json["points_asked"] = plan.points.size();
  }
  json["points"] = std::move(points);
  json["sensitivities"] = std::move(sensitivities);
  if (!plan.usl.empty()) {
    json["usl"] = usl_json(report);
  }
  return json;
}

std::string sweep_text(const SweepReport& report, const TextStyle& style) {
  return SweepPage(report, style).text();
}

}  // namespace stampede
