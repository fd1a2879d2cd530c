#include "stampede/report/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string_view>

#include "stampede/measure/metrics.hpp"
#include "stampede/report/chaos.hpp"
#include "stampede/report/expectations.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/report/table.hpp"

namespace stampede {
namespace {

constexpr double hot_utilization = 0.9;

/// How numbers of a unit are shown, and the half-widths of their intervals.
struct Format {
  std::string (*number)(double, const TextStyle&);
  std::string (*width)(double like, double, const TextStyle&);
};

constexpr Format time_format{seconds_text, seconds_text_like};
constexpr Format rate_format{rate_text, rate_text_like};
constexpr Format share_format{share_text, share_text_like};
constexpr Format plain_format{plain_text, plain_text_like};

/// A column of numbers: its title, the metric, and how it is shown.
struct Column {
  std::string_view title;
  std::string_view metric;
  Format format;
};

constexpr Column traffic_columns[] = {
    {"throughput", "throughput_per_s", rate_format},
    {"goodput", "goodput_per_s", rate_format},
    {"availability", "availability", share_format},
};

constexpr Column latency_columns[] = {
    {"mean", "latency_s.mean", time_format}, {"p50", "latency_s.p50", time_format},
    {"p90", "latency_s.p90", time_format},   {"p95", "latency_s.p95", time_format},
    {"p99", "latency_s.p99", time_format},   {"p99.9", "latency_s.p99.9", time_format},
};

constexpr Column component_columns[] = {
    {"workers", "utilization", share_format},   {"cores", "cpu_utilization", share_format},
    {"queue", "queue_length", plain_format},    {"in flight", "in_flight", plain_format},
    {"wait", "wait_s.mean", time_format},       {"wait p99", "wait_s.p99", time_format},
    {"ended", "throughput_per_s", rate_format},
};

constexpr Column analysis_columns[] = {
    {"found", "found", share_format},           {"higher", "found_higher", share_format},
    {"lower", "found_lower", share_format},     {"users", "users", plain_format},
    {"difference", "difference", plain_format},
};

constexpr Column variant_columns[] = {
    {"of users", "user_share", share_format},
    {"level", "level", plain_format},
    {"latency", "mean_latency_s", time_format},
    {"failures", "failure_share", share_format},
};

constexpr Column guardrail_columns[] = {
    {"breached", "breached", share_format},
    {"after", "breached_s", time_format},
};

/// "1.4", "12", "350": two digits are enough for advice, rounded up.
std::string times_text(double times) {
  const double unit = std::pow(10.0, std::floor(std::log10(times)) - 1);
  const double rounded = std::ceil(times / unit - 1e-9) * unit;
  return fmt::format("{:.{}f}", rounded, rounded < 10 ? 1 : 0);
}

/// The longer side of the interval; NaN when there is none.
double half_width(const Estimate& value) {
  return std::max(value.estimate - value.low, value.high - value.estimate);
}

class Summary80 {
 public:
  Summary80(const StudyResult& study, const TextStyle& style)
      : study_(study), result_(study.result), style_(style) {}

  std::string text() {
    header();
    traffic();
    latency();
    failures();
    retries();
    stale_answers();
    degraded_answers();
    components();
    own_measures();
    ab_tests();
    theory();
    faults();
    rollouts();
    chaos();
    expectations();
    precision();
    warnings();
    return std::move(text_);
  }

 private:
  // ---- Sections ----

  void header() {
    text_ += painted(study_.name, Paint::bold, style_) + "\n";
    if (!study_.description.empty()) {
      text_ += wrapped(study_.description, 0);
    }
    const std::int64_t count = result_.replications;
    const std::string replications =
        result_.partial ? fmt::format("{} of {} replications", count, study_.replications_asked)
                        : fmt::format("{} replication{}", count, count == 1 ? "" : "s");
    const std::string batches =
        result_.batches > 0 ? fmt::format(", intervals over {} batches", result_.batches) : "";
    text_ += wrapped(
        fmt::format("{} of {}, {}, seed {}{}", replications,
                    seconds_text(result_.duration_s, style_), warmup(), study_.seed, batches),
        2);
    text_ += fmt::format("stampede {}, scenario {:016x}, fingerprint {:016x}\n", STAMPEDE_VERSION,
                         study_.scenario_hash, result_.fingerprint);
  }

  std::string warmup() const {
    std::string text =
        result_.warmup_s == 0 ? "no warm-up" : "warm-up " + seconds_text(result_.warmup_s, style_);
    if (const auto& search = result_.warmup_search) {
      text += search->refused
                  ? fmt::format(" (MSER: none found in {} slices)", search->slices)
                  : fmt::format(" (MSER: {} of {} slices)", search->best, search->slices);
    }
    return text;
  }

  void traffic() {
    TextTable table({"traffic", "requests", "throughput", "goodput", "availability"});
    for_each_line_of_traffic([&](const Subject& subject, const std::string& name) {
      const std::int64_t* requests = subject.find_count("requests");
      TextTable::Cell count{requests != nullptr ? count_text(*requests) : ""};
      add_rows(table, subject, name, traffic_columns, {count});
    });
    add(table);
  }

  void latency() {
    TextTable table({"latency of ok", "mean", "p50", "p90", "p95", "p99", "p99.9"});
    for_each_line_of_traffic([&](const Subject& subject, const std::string& name) {
      add_rows(table, subject, name, latency_columns, {});
    });
    add(table);
  }

  void failures() {
    std::string lines;
    for (const Subject& subject : result_.traffic) {
      const std::int64_t* requests = subject.find_count("requests");
      std::string outcomes;
      for (const auto& [name, count] : subject.counts) {
        constexpr std::string_view block = "outcomes.";
        if (count == 0 || !name.starts_with(block) || name == "outcomes.ok") {
          continue;
        }
        outcomes += fmt::format("{}{} {}", outcomes.empty() ? "" : ", ", name.substr(block.size()),
                                count_text(count));
        if (requests != nullptr && *requests > 0) {
          const double share = static_cast<double>(count) / static_cast<double>(*requests);
          outcomes += " (" + share_text(share, style_) + ")";
        }
      }
      if (!outcomes.empty()) {
        lines += wrapped("  " + subject.name + ": " + outcomes, 4);
      }
    }
    add_section("not ok", lines);
  }

  /// What calling again cost and brought, for populations that did so.
  void retries() {
    std::string lines;
    for (const Subject& subject : result_.traffic) {
      const std::int64_t* retries = subject.find_count("attempts.retries.total");
      if (retries == nullptr || *retries == 0) {
        continue;
      }
      const std::int64_t* good = subject.find_count("attempts.retries.ok");
      std::string line = fmt::format("  {}: {} retries, {} of them ok", subject.name,
                                     count_text(*retries), count_text(good != nullptr ? *good : 0));
      if (const Metric* each = subject.find("attempts_per_request")) {
        line +=
            fmt::format("; {} attempts for each request", plain_text(each->value.estimate, style_));
      }
      lines += wrapped(line, 4);
    }
    add_section("retries", lines);
  }

  void stale_answers() {
    std::string lines;
    for (const Subject& subject : result_.traffic) {
      const std::int64_t* stale = subject.find_count("stale");
      if (stale != nullptr && *stale > 0) {
        lines += fmt::format("  {}: {} ({})\n", subject.name, count_text(*stale),
                             share_text(subject.find("stale_ratio")->value.estimate, style_));
      }
    }
    add_section("stale answers, among those with data", lines);
  }

  void degraded_answers() {
    std::string lines;
    for (const Subject& subject : result_.traffic) {
      if (const std::int64_t* degraded = subject.find_count("degraded")) {
        lines += fmt::format("  {}: {} ({})\n", subject.name, count_text(*degraded),
                             share_text(subject.find("degraded_ratio")->value.estimate, style_));
      }
    }
    add_section("degraded answers, among the good ones", lines);
  }

  void components() {
    TextTable table(
        {"component", "workers", "cores", "queue", "in flight", "wait", "wait p99", "ended"});
    std::string hot;
    std::string uneven;
    for (const Subject& component : result_.components) {
      add_rows(table, component, component.name, component_columns, {});
      hot += hot_resources(component);
      uneven += imbalance(component);
    }
    add(table);
    if (!hot.empty()) {
      text_ += painted(wrapped("  hot:" + hot, 7), Paint::red, style_);
    }
    text_ += uneven;
  }

  /// What only some kinds of component measure: a table for each kind, and its counts in words.
  void own_measures() {
    std::vector<std::string> shown;
    for (const Subject& first : result_.components) {
      if (std::find(shown.begin(), shown.end(), first.kind) != shown.end()) {
        continue;
      }
      shown.push_back(first.kind);
      const std::vector<Column> columns = own_columns(first.kind);
      std::vector<std::string> head{first.kind};
      for (const Column& column : columns) {
        head.push_back(title_of(column.metric));
      }
      TextTable table(std::move(head));
      std::string counts;
      for (const Subject& component : result_.components) {
        if (component.kind == first.kind) {
          const bool has_any = std::any_of(
              columns.begin(), columns.end(),
              [&](const Column& column) { return component.find(column.metric) != nullptr; });
          if (has_any) {
            add_rows(table, component, component.name, columns, {});
          }
          counts += own_counts(component);
        }
      }
      add(table);
      text_ += counts;
    }
  }

  /// Of each A/B test what each analysis of the same data found, over replications, and the groups
  /// that were compared.
  void ab_tests() {
    for (const Subject& test : result_.ab_tests) {
      add_parts(test, "analysis", test.name + " judged by", analysis_columns);
      add_parts(test, "variant", "variant", variant_columns);
      add_parts(test, "guardrail", "guardrail", guardrail_columns);
    }
  }

  /// A table of the parts of a kind, if there are any.
  void add_parts(const Subject& whole, std::string_view kind, std::string title,
                 std::span<const Column> columns) {
    std::vector<std::string> head{std::move(title)};
    for (const Column& column : columns) {
      head.emplace_back(column.title);
    }
    TextTable table(std::move(head));
    bool has_any = false;
    for (const Subject& part : whole.parts) {
      if (part.kind == kind) {
        has_any = true;
        add_rows(table, part, part.name, columns, {});
      }
    }
    if (has_any) {
      add(table);
    }
  }

  /// What theory says beside what was seen, and where the difference is more than theory errs.
  void theory() {
    if (!study_.predicted) {
      return;
    }
    const Prediction& predicted = *study_.predicted;
    TextTable traffic({"beside theory", "latency", "theory", "availability", "at most"});
    TextTable components({"beside theory", "busy", "theory", "wait", "theory", "hits", "theory"});
    std::string far_off;
    for (const Subject& subject : result_.traffic) {
      const Prediction::PopulationPart* told = predicted.population(subject.name);
      const Metric* latency = subject.find("latency_s.mean");
      std::vector<TextTable::Cell> row{{subject.name}, {}, {}, {}, {}};
      if (told != nullptr && told->latency && std::isfinite(*told->latency) && latency != nullptr) {
        row[1] = {seconds_text(latency->value.estimate, style_)};
        row[2] = {seconds_text(*told->latency, style_)};
        far_off += beyond_theory(subject.name, "latency", *latency, *told->latency, 0);
      }
      for (const Redundancy::Availability& best : study_.redundancy.availability) {
        const Metric* availability = subject.find("availability");
        if (best.population == subject.name && best.type.empty() && availability != nullptr) {
          row[3] = {share_text(availability->value.estimate, style_)};
          row[4] = {share_text(best.share, style_)};
        }
      }
      if (!row[2].text.empty() || !row[4].text.empty()) {
        traffic.row(std::move(row));
      }
    }
    for (const Subject& subject : result_.components) {
      const Prediction::ComponentPart* told = predicted.component(subject.name);
      if (told == nullptr || !told->unknown.empty()) {
        continue;
      }
      const Metric* busy =
          told->utilization ? subject.find("utilization") : subject.find("cpu_utilization");
      const std::optional<double> busy_told =
          told->utilization ? told->utilization : told->cpu_utilization;
      const Metric* wait =
          told->wait ? subject.find("wait_s.mean") : subject.find("cpu_wait_s.mean");
      const std::optional<double> wait_told = told->wait ? told->wait : told->cpu_wait;
      const Metric* hits = subject.find("hit_ratio");
      std::vector<TextTable::Cell> row{{subject.name}};
      bool has_any = false;
      const auto add = [&](const Metric* seen, const std::optional<double>& said, Format format) {
        const bool is_known =
            seen != nullptr && said && std::isfinite(*said) && std::isfinite(seen->value.estimate);
        has_any = has_any || is_known;
        row.push_back({is_known ? format.number(seen->value.estimate, style_) : ""});
        row.push_back({is_known ? format.number(*said, style_) : ""});
        return is_known;
      };
      if (add(busy, busy_told, share_format)) {
        far_off += beyond_theory(subject.name, "utilization", *busy, *busy_told, 0.01);
      }
      if (add(wait, wait_told, time_format)) {
        // A wait that is next to nothing beside the service is no news, however many times it is.
        const double floor = told->response ? 0.02 * *told->response : 0;
        far_off += beyond_theory(subject.name, "wait", *wait, *wait_told, floor);
      }
      if (add(hits, told->hit_ratio, share_format)) {
        far_off += beyond_theory(subject.name, "hit ratio", *hits, *told->hit_ratio, 0.01);
      }
      if (has_any) {
        components.row(std::move(row));
      }
    }
    add(traffic);
    add(components);
    if (!far_off.empty()) {
      text_ += painted(far_off, Paint::yellow, style_);
      text_ += wrapped(
          "  Theory knows of queueing alone: not of faults, timeouts, retries, a changing rate or "
          "a cold start. Of those, or of its approximations, such a difference speaks.",
          2);
    }
  }

  void faults() {
    constexpr std::size_t most = 12;
    std::string lines;
    for (std::size_t i = 0; i < std::min(most, study_.faults.size()); ++i) {
      const FaultEvent& fault = study_.faults[i];
      lines += wrapped(fmt::format("  {:>7}  {} {}: {}", seconds_text(fault.at_s, style_),
                                   fault.kind, fault.begins ? "begins" : "ends",
                                   fault.target.empty() ? "nobody" : fault.target),
                       11);
    }
    if (study_.faults.size() > most) {
      lines += fmt::format("  and {} more\n", study_.faults.size() - most);
    }
    add_section("faults", lines);
  }

  /// How often each rollout ended how, what it cost, and what was done in the first replication.
  void rollouts() {
    std::string lines;
    for (std::size_t i = 0; i < study_.rollouts.size(); ++i) {
      const RolloutRecord& first = study_.rollouts[i];
      const Subject& subject = result_.rollouts[i];
      lines += wrapped(fmt::format("  {}: {} of {} to {}: {}", first.name, first.kind, first.target,
                                   first.to, verdicts_of(subject)),
                       4);
      if (const std::string cost = cost_of(subject); !cost.empty()) {
        lines += wrapped("    " + cost, 6);
      }
      for (const RolloutStep& step : first.steps) {
        lines +=
            wrapped(fmt::format("    {:>7}  {}", seconds_text(step.at_s, style_), step.what), 13);
      }
    }
    add_section("rollouts", lines);
  }

  std::string verdicts_of(const Subject& rollout) const {
    std::string text;
    for (const auto& [verdict, word] : names(RolloutVerdict()).table) {
      const double share = rollout.find(word)->value.estimate;
      if (share > 0) {
        text += (text.empty() ? "" : ", ") + std::string(word);
        text += share < 1 ? " " + share_text(share, style_) : "";
      }
    }
    return text;
  }

  std::string cost_of(const Subject& rollout) const {
    const auto number = [&](const char* metric) {
      return plain_text(rollout.find(metric)->value.estimate, style_);
    };
    const Metric* duration = rollout.find("duration_s");
    std::string text = std::isfinite(duration->value.estimate)
                           ? "in " + seconds_text(duration->value.estimate, style_) + "; "
                           : "";
    if (std::isfinite(rollout.find("requests")->value.estimate)) {
      text += fmt::format(
          "{} requests to the new version, {} not ok; at least {} of the capacity, {} "
          "instance-hours extra",
          number("requests"), number("harmed"),
          share_text(rollout.find("capacity_min")->value.estimate, style_),
          number("extra_instance_hours"));
    }
    return text;
  }

  void chaos() {
    if (study_.chaos) {
      add_section("experiment", chaos_text(*study_.chaos, style_));
    }
  }

  void expectations() {
    add_section("expectations", expectations_text(study_.expectations, style_));
  }

  void precision() {
    if (!study_.precision) {
      return;
    }
    std::string lines;
    for (const ReachedPrecision& goal : study_.precision->goals) {
      const std::string width = std::isfinite(goal.half_width) && std::isfinite(goal.allowed)
                                    ? fmt::format("half-width {}, at most {}",
                                                  in_unit_of(*goal.observed, goal.half_width),
                                                  in_unit_of(*goal.observed, goal.allowed))
                                    : "no interval";
      lines += painted(
          wrapped(fmt::format("  {} {}: {}", mark(goal.is_met, style_), goal.goal.text, width), 6),
          goal.is_met ? Paint::green : Paint::red, style_);
    }
    lines += wrapped(
        fmt::format("  {} after {} replications", end_of_precision(), result_.replications), 2);
    add_section("precision", lines);
  }

  std::string in_unit_of(const Metric& metric, double value) const {
    const std::string_view block = std::string_view(metric.name).substr(0, metric.name.find('.'));
    return block.ends_with("_per_s") ? rate_text(value, style_)
           : block.ends_with("_s")   ? seconds_text(value, style_)
                                     : plain_text(value, style_);
  }

  std::string_view end_of_precision() const {
    switch (study_.precision->end) {
      case PrecisionEnd::reached:
        return "reached";
      case PrecisionEnd::most_replications:
        return "not reached: ended by --max-replications";
      case PrecisionEnd::out_of_time:
        return "not reached: ended by --max-wall";
      case PrecisionEnd::interrupted:
        return "not reached: interrupted";
    }
    return "";
  }

  void warnings() {
    if (!study_.warnings.empty()) {
      text_ += "\n";
    }
    for (const std::string& warning : study_.warnings) {
      text_ += painted(wrapped("warning: " + warning, 2), Paint::yellow, style_);
    }
  }

  // ---- Parts of sections ----

  /// Every population, and below it its request types and groups of users where it has several.
  void for_each_line_of_traffic(
      const std::function<void(const Subject&, const std::string& name)>& show) {
    for (const Subject& population : result_.traffic) {
      show(population, population.name);
      for (const Subject& part : population.parts) {
        const auto same_kind =
            std::count_if(population.parts.begin(), population.parts.end(),
                          [&](const Subject& other) { return other.kind == part.kind; });
        if (same_kind > 1) {
          const bool is_type = part.kind == "request_type";
          show(part, "  " + (is_type ? part.name : part.kind + " " + part.name));
        }
      }
    }
  }

  /// A row of numbers, and below it, where they are known, one of the half-widths of their
  /// intervals.
  void add_rows(TextTable& table, const Subject& subject, const std::string& name,
                std::span<const Column> columns, const std::vector<TextTable::Cell>& before) {
    std::vector<TextTable::Cell> numbers{{name}};
    std::vector<TextTable::Cell> widths{{style_.utf8 ? "    ±" : "    +-", Paint::dim}};
    numbers.insert(numbers.end(), before.begin(), before.end());
    widths.resize(numbers.size());
    bool has_widths = false;
    for (const Column& column : columns) {
      const Metric* metric = subject.find(column.metric);
      numbers.push_back(metric != nullptr ? number(*metric, column) : TextTable::Cell{});
      const double width = metric != nullptr ? half_width(metric->value) : NAN;
      has_widths = has_widths || std::isfinite(width);
      widths.push_back(
          {std::isfinite(width) ? column.format.width(metric->value.estimate, width, style_) : "",
           Paint::dim});
    }
    table.row(std::move(numbers));
    if (has_widths) {
      table.row(std::move(widths));
    }
  }

  /// The shares, levels and times of a kind of component, as many as a line has room for.
  std::vector<Column> own_columns(const std::string& kind) const {
    constexpr std::size_t line = 80;
    constexpr std::size_t name_and_gaps = 16;
    constexpr std::size_t narrowest = 8;
    std::size_t taken = name_and_gaps;
    std::vector<Column> columns;
    for (const MetricInfo& info : own_metrics_of(kind)) {
      const std::string_view name = info.name;
      const bool is_seen = std::any_of(
          result_.components.begin(), result_.components.end(), [&](const Subject& component) {
            const Metric* metric = component.find(name);
            return metric != nullptr && std::isfinite(metric->value.estimate);
          });
      const bool is_short =
          info.unit != MetricUnit::seconds || name.ends_with(".mean") || name.ends_with(".p99");
      const std::size_t width = std::max(title_of(name).size(), narrowest) + 2;
      if (is_seen && is_short && taken + width <= line) {
        taken += width;
        columns.push_back({"", name,
                           info.unit == MetricUnit::share     ? share_format
                           : info.unit == MetricUnit::seconds ? time_format
                                                              : plain_format});
      }
    }
    return columns;
  }

  /// "hit_ratio" is "hit ratio", "completion_s.p99" is "completion p99", of a mean just the name.
  static std::string title_of(std::string_view metric) {
    std::string title = without_unit(metric);
    if (const std::size_t mean = title.find(".mean"); mean != std::string::npos) {
      title.resize(mean);
    }
    std::replace_if(
        title.begin(), title.end(), [](char c) { return c == '_' || c == '.'; }, ' ');
    return title;
  }

  std::string own_counts(const Subject& component) const {
    std::string counts;
    for (const MetricInfo& info : own_metrics_of(component.kind)) {
      const std::int64_t* count = component.find_count(info.name);
      if (count != nullptr && *count != 0) {
        counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count_text(*count),
                              title_of(info.name));
      }
    }
    return counts.empty() ? "" : wrapped("  " + component.name + ": " + counts, 4);
  }

  TextTable::Cell number(const Metric& metric, const Column& column) {
    std::string text = column.format.number(metric.value.estimate, style_);
    if (std::isfinite(metric.value.estimate) && !metric.supported) {
      text = (metric.unfinished ? ">" : "~") + text;
      some_unfinished_ = some_unfinished_ || metric.unfinished;
      if (!metric.unfinished) {
        const double times = std::isfinite(metric.needs_times) ? metric.needs_times : 1;
        needs_times_ = std::max(needs_times_, times);
      }
    }
    const bool is_utilization = column.metric.ends_with("utilization");
    return {text,
            is_utilization && metric.value.estimate >= hot_utilization ? Paint::red : Paint::none};
  }

  std::string hot_resources(const Subject& component) const {
    std::string hot;
    for (const Column& column : component_columns) {
      const Metric* metric = component.find(column.metric);
      if (column.metric.ends_with("utilization") && metric != nullptr &&
          metric->value.estimate >= hot_utilization) {
        hot += fmt::format(" {} ({} {})", component.name, column.title,
                           share_text(metric->value.estimate, style_));
      }
    }
    return hot;
  }

  /// A line if the interval of what was seen lies beyond what theory says, even if that errs by as
  /// much as its approximations do.
  std::string beyond_theory(const std::string& subject, std::string_view what, const Metric& seen,
                            double told, double floor) const {
    constexpr double theory_errs = 0.15;
    const double slack = std::max(theory_errs * std::abs(told), floor);
    const Estimate& value = seen.value;
    if (!(std::isfinite(value.low) && std::isfinite(value.high))) {
      return {};
    }
    std::string difference;
    if (value.low > told + slack) {
      difference = told > 0 && value.estimate >= 2 * told
                       ? plain_text(value.estimate / told, style_) + " times"
                       : "above";
    } else if (value.high < told - slack) {
      difference = "below";
    } else {
      return {};
    }
    return wrapped(
        fmt::format("  {}: its {} is {} what queueing alone explains", subject, what, difference),
        4);
  }

  /// How unequally the instances are loaded, when it is worth a line.
  std::string imbalance(const Subject& component) const {
    const Metric* most = component.find("instance_share.max");
    const Metric* replicas = component.find("replicas");
    if (most == nullptr || replicas == nullptr) {
      return {};
    }
    const double ratio = most->value.estimate * replicas->value.estimate;
    if (!(ratio >= 1.2)) {
      return {};
    }
    return wrapped(fmt::format("  uneven: the busiest instance of {} got {} times the mean",
                               component.name, plain_text(ratio, style_)),
                   4);
  }

  void add(const TextTable& table) {
    if (table.empty()) {
      return;
    }
    text_ += "\n" + table.text(style_);
    if (needs_times_ > 0) {
      const std::string longer =
          needs_times_ > 1 ? fmt::format("; for all of them the run must be about {} times as long",
                                         times_text(needs_times_))
                           : "";
      text_ += painted(wrapped("  ~ too few samples to tell this number" + longer, 4), Paint::dim,
                       style_);
    }
    if (some_unfinished_) {
      text_ +=
          painted("  > requests still in flight would raise this number\n", Paint::dim, style_);
    }
    needs_times_ = 0;
    some_unfinished_ = false;
  }

  void add_section(std::string_view title, const std::string& lines) {
    if (!lines.empty()) {
      text_ += "\n" + painted(title, Paint::bold, style_) + "\n" + lines;
    }
  }

  const StudyResult& study_;
  const Result& result_;
  const TextStyle& style_;
  std::string text_;
  double needs_times_ =
      0;  ///< of what is unsupported in this table: how much longer a run, at most
  bool some_unfinished_ = false;
};

}  // namespace

std::string summary_text(const StudyResult& study, const TextStyle& style) {
  return Summary80(study, style).text();
}

std::string performance_text(const Performance& performance, const TextStyle& style) {
  const double events = static_cast<double>(performance.events);
  const double requests = static_cast<double>(performance.requests);
  const double wall = std::max(performance.wall_s, 1e-9);
  return fmt::format("{} requests in {} ({}, {} events), {:.0f} MB at most",
                     count_text(performance.requests), seconds_text(performance.wall_s, style),
                     rate_text(requests / wall, style), rate_text(events / wall, style),
                     static_cast<double>(performance.peak_memory_bytes) / 1e6);
}

}  // namespace stampede
