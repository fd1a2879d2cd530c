#include "ab_test.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stampede/base/require.hpp"
#include "stampede/stats/means.hpp"
#include "stampede/stats/sample_ratio.hpp"

namespace stampede {
namespace {

constexpr std::size_t index(UserMetric kind) { return static_cast<std::size_t>(kind); }

/// How many participants look `k` of `looks`, from 0, comes after.
std::uint64_t users_at(std::uint64_t users, std::size_t k, int looks) {
  return (users * (k + 1) + static_cast<std::uint64_t>(looks) - 1) /
         static_cast<std::uint64_t>(looks);
}

std::vector<double> information_of(const AbTestSettings& settings) {
  std::vector<double> information;
  for (int k = 0; k < settings.looks; ++k) {
    information.push_back(
        static_cast<double>(users_at(settings.users, static_cast<std::size_t>(k), settings.looks)) /
        static_cast<double>(settings.users));
  }
  return information;
}

/// Of a whole group; NaN if nobody is in it.
double level(const GroupData& group) { return group.units.sum_y() / group.units.sum_x(); }

/// The p-value of "no worse than the control by more than this share".
double p_of_harm(const GroupData& control, const GroupData& treatment, double worse_by) {
  const NormalEstimate before = ratio_of(control.units);
  const NormalEstimate after = ratio_of(treatment.units);
  const double factor = 1 + worse_by;
  const double spread = std::sqrt(after.variance + factor * factor * before.variance);
  const double z = (after.value - factor * before.value) / spread;
  return std::isnan(z) ? 1 : std::erfc(z / std::sqrt(2.0)) / 2;
}

}  // namespace

RunningAbTest::RunningAbTest(const Context& context)
    : name_(context.name),
      settings_(context.settings),
      flag_(context.flag),
      variants_{settings_.control_index(context.flag_settings),
                settings_.treatment_index(context.flag_settings)},
      weights_{},
      laws_{},
      type_(context.type),
      simulation_(context.simulation),
      value_stream_(context.seed, context.replication, context.name, "user values"),
      prospect_stream_(context.seed, context.replication, context.name, "prospects"),
      kill_(context.kill) {
  bool is_conversion =
      settings_.metric.kind == UserMetric::value && settings_.metric.per == ValuePer::user;
  for (const Group group : {control, treatment}) {
    weights_[group] = context.flag_settings.variants[variants_[group]].value;
    laws_[group] = settings_.metric.variants.find(flag_.variants()[variants_[group]]);
    is_conversion =
        is_conversion && laws_[group]->amount.is_constant() && laws_[group]->amount.mean() == 1;
  }
  for (const Group group : {control, treatment}) {
    data_[group][index(UserMetric::value)].is_yes_or_no = is_conversion;
  }
  const std::vector<double> information = information_of(settings_);
  for (const auto& analysis : settings_.analyses) {
    judges_.push_back({.analysis = analysis.value.make({.information = information,
                                                        .alpha = settings_.alpha.value,
                                                        .effect = settings_.effect}),
                       .record = {.name = analysis.name}});
  }
  for (const auto& guardrail : settings_.guardrails) {
    guardrails_.push_back({.name = guardrail.name});
  }
}

// ---- Who takes part ---------------------------------------------------------------------------

void RunningAbTest::sent(const Request& request) {
  if (settings_.exposure != Exposure::sent || !is_meant(request) || find(request) != nullptr) {
    return;
  }
  if (expose(request) != nullptr) {
    look_if_due();
  }
}

RunningAbTest::Unit* RunningAbTest::find(const Request& request) {
  const auto found = units_.find(flag_.unit_of(request));
  return found == units_.end() ? nullptr : &found->second;
}

/// Null if the request's user has no part in the test.
RunningAbTest::Unit* RunningAbTest::expose(const Request& request) {
  if (is_closed_) {
    return nullptr;
  }
  const std::optional<std::size_t> variant = flag_.assigned(request);
  if (!variant || (*variant != variants_[control] && *variant != variants_[treatment])) {
    return nullptr;
  }
  Unit& unit = units_[flag_.unit_of(request)];
  unit.group = *variant == variants_[control] ? control : treatment;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    // A value for each user: one of them, whatever it is.
    unit.x[kind] = kind == index(UserMetric::value) && settings_.metric.per == ValuePer::user;
    data_[unit.group][kind].units.add(unit.x[kind], 0);
  }
  return &unit;
}

// ---- What they do -----------------------------------------------------------------------------

void RunningAbTest::ended(const Request& request, const Response& response) {
  if (!is_meant(request)) {
    return;
  }
  Unit* unit = find(request);
  const bool is_new = unit == nullptr && settings_.exposure == Exposure::answered && response.ok();
  if (is_new) {
    unit = expose(request);
  }
  if (unit == nullptr) {
    return;
  }
  count(*unit, UserMetric::failures, 1, response.ok() ? 0 : 1);
  if (response.ok()) {
    const Duration latency = simulation_.now() - request.sent;
    count(*unit, UserMetric::latency, 1, static_cast<double>(latency.ns()) / 1e9);
    if (settings_.metric.kind == UserMetric::value) {
      count_value(*unit, request);
    }
  }
  if (is_new) {
    look_if_due();
  }
}

void RunningAbTest::count(Unit& unit, UserMetric kind, double x, double y) {
  double& units_x = unit.x[index(kind)];
  double& units_y = unit.y[index(kind)];
  GroupData& group = data_[unit.group][index(kind)];
  group.units.remove(units_x, units_y);
  units_x += x;
  units_y += y;
  group.units.add(units_x, units_y);
  group.requests.add(1, y);
}

void RunningAbTest::count_value(Unit& unit, const Request& request) {
  const bool is_once = settings_.metric.per == ValuePer::user;
  if (is_once && unit.has_value) {
    return;
  }
  unit.has_value = true;
  count(unit, UserMetric::value, is_once ? 0 : 1, value_for(unit, request));
}

/// The luck is that of the user, or of the request, whatever the variant.
double RunningAbTest::value_for(const Unit& unit, const Request& request) const {
  const ValueSettings& law = *laws_[unit.group];
  const std::uint64_t who = flag_.unit_of(request);
  const double prospects = settings_.metric.prospects.value;
  if (prospects < 1) {
    Draw draw = prospect_stream_.at(who);
    if (!draw.chance(prospects)) {
      return 0;
    }
  }
  Draw draw = value_stream_.at(settings_.metric.per == ValuePer::user ? who : request.luck);
  if (!draw.chance(prospects > 0 ? law.probability.value / prospects : 0)) {
    return 0;
  }
  return law.amount.sample(draw);
}

// ---- Looking ----------------------------------------------------------------------------------

const GroupData& RunningAbTest::data(Group group, UserMetric kind) const {
  return data_[group][index(kind)];
}

double RunningAbTest::units_of(Group group) const { return data_[group].front().units.count(); }

void RunningAbTest::look_if_due() {
  if (units_.size() < users_at(settings_.users, looks_made_, settings_.looks)) {
    return;
  }
  Look look{
      .number = looks_made_,
      .information = static_cast<double>(units_.size()) / static_cast<double>(settings_.users),
      .is_last = looks_made_ + 1 == static_cast<std::size_t>(settings_.looks),
      .control = data(control, settings_.metric.kind),
      .treatment = data(treatment, settings_.metric.kind)};
  ++looks_made_;
  is_closed_ = look.is_last;
  if (units_of(control) >= 2 && units_of(treatment) >= 2) {
    judge(look);
    watch_guardrails();
  }
}

void RunningAbTest::judge(const Look& look) {
  for (Judge& judge : judges_) {
    if (judge.has_ended) {
      continue;
    }
    const Finding finding = judge.analysis->look(look);
    judge.record.found = finding == Finding::higher ? 1 : finding == Finding::lower ? -1 : 0;
    judge.record.users = static_cast<double>(units_.size());
    judge.record.time_s = static_cast<double>(simulation_.now().ns()) / 1e9;
    judge.record.difference = level(look.treatment) - level(look.control);
    judge.has_ended = finding != Finding::none;
  }
}

/// Each look gets an equal part of alpha (Bonferroni), and the guardrails of a look are corrected
/// for each other as the settings say.
void RunningAbTest::watch_guardrails() {
  std::vector<double> p_values;
  for (const auto& guardrail : settings_.guardrails) {
    const UserMetric kind = guardrail.value.metric;
    p_values.push_back(
        p_of_harm(data(control, kind), data(treatment, kind), guardrail.value.worse_by.value));
  }
  const std::vector<double> corrected = adjusted(p_values, settings_.correction);
  bool is_harmful = false;
  for (std::size_t i = 0; i < corrected.size(); ++i) {
    if (corrected[i] <= settings_.alpha.value / settings_.looks && !guardrails_[i].breached) {
      guardrails_[i].breached = true;
      guardrails_[i].time_s = static_cast<double>(simulation_.now().ns()) / 1e9;
      is_harmful = true;
    }
  }
  if (is_harmful && settings_.on_harm == OnHarm::kill && flag_.is_on()) {
    is_closed_ = true;
    kill_();
  }
}

// ---- The end ----------------------------------------------------------------------------------

AbTestRecord::Variant RunningAbTest::variant_record(Group group) const {
  return {.name = flag_.variants()[variants_[group]],
          .users = std::llround(units_of(group)),
          .level = level(data(group, settings_.metric.kind)),
          .latency = level(data(group, UserMetric::latency)),
          .failures = level(data(group, UserMetric::failures))};
}

AbTestRecord RunningAbTest::record() const {
  AbTestRecord record;
  record.name = name_;
  record.control = variant_record(control);
  record.treatment = variant_record(treatment);
  record.complete = units_.size() >= settings_.users;
  record.difference = record.treatment.level - record.control.level;
  const std::array<std::int64_t, 2> counts{record.control.users, record.treatment.users};
  if (weights_[control] > 0 && weights_[treatment] > 0) {
    record.sample_ratio_p = sample_ratio_p(counts, weights_);
  }
  if (settings_.effect > 0 && counts[0] >= 2 && counts[1] >= 2) {
    double variance = 0;  // of a user, averaged over the variants
    for (const Group group : {control, treatment}) {
      variance += ratio_of(data(group, settings_.metric.kind).units).variance * units_of(group) / 2;
    }
    if (variance > 0) {
      record.users_needed =
          2 * sample_size_of_means(settings_.effect, std::sqrt(variance), settings_.power.value,
                                   {.alpha = settings_.alpha.value});
    }
  }
  for (const Judge& judge : judges_) {
    record.analyses.push_back(judge.record);
  }
  record.guardrails = guardrails_;
  return record;
}

void AbTestObserver::sent(const Request& request) {
  recorder_.sent(request);
  for (RunningAbTest* test : tests_) {
    test->sent(request);
  }
}

void AbTestObserver::ended(const Request& request, Time now, const Response& response,
                           bool at_first_try) {
  recorder_.ended(request, now, response, at_first_try);
  for (RunningAbTest* test : tests_) {
    test->ended(request, response);
  }
}

}  // namespace stampede
