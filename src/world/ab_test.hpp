#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "stampede/kernel/simulation.hpp"
#include "stampede/measure/ab_test_record.hpp"
#include "stampede/model/ab_test.hpp"
#include "stampede/model/flag.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/random/stream.hpp"

namespace stampede {

/// An A/B test under way. It sees the requests of one population, counts who takes part, draws what
/// they do, and is looked at by all of its analyses whenever enough users have come: they judge the
/// same data, each by itself.
class RunningAbTest {
 public:
  struct Context {
    std::string name;
    const AbTestSettings& settings;
    const FlagSettings& flag_settings;
    const Flag& flag;
    std::optional<RequestTypeId> type;  ///< all unless given
    const Simulation& simulation;
    std::uint64_t seed;
    std::uint64_t replication;
    std::function<void()> kill;  ///< turns the flag off
  };

  explicit RunningAbTest(const Context& context);

  void sent(const Request& request);
  void ended(const Request& request, const Response& response);

  /// What became of it, at the end of the run.
  AbTestRecord record() const;

 private:
  static constexpr std::size_t kinds = 3;  ///< of UserMetric
  enum Group : std::uint8_t { control, treatment };

  /// A user, or whoever is assigned.
  struct Unit {
    Group group;
    bool has_value = false;         ///< that of the user was drawn
    std::array<double, kinds> x{};  ///< as in GroupData
    std::array<double, kinds> y{};
  };
  struct Judge {
    std::unique_ptr<Analysis> analysis;
    AbTestRecord::Analysis record;
    bool has_ended = false;
  };

  bool is_meant(const Request& request) const { return !type_ || request.type == *type_; }
  Unit* find(const Request& request);
  Unit* expose(const Request& request);
  void count(Unit& unit, UserMetric kind, double x, double y);
  void count_value(Unit& unit, const Request& request);
  double value_for(const Unit& unit, const Request& request) const;
  void look_if_due();
  void judge(const Look& look);
  void watch_guardrails();
  const GroupData& data(Group group, UserMetric kind) const;
  double units_of(Group group) const;
  AbTestRecord::Variant variant_record(Group group) const;

  std::string name_;
  const AbTestSettings& settings_;
  const Flag& flag_;
  std::array<std::size_t, 2> variants_;  ///< positions among the flag's, by group
  std::array<double, 2> weights_;
  std::array<const ValueSettings*, 2> laws_;  ///< null where the metric is measured
  std::optional<RequestTypeId> type_;
  const Simulation& simulation_;
  Stream value_stream_;
  Stream prospect_stream_;
  std::function<void()> kill_;

  std::unordered_map<std::uint64_t, Unit> units_;  ///< only looked up, never walked
  std::array<std::array<GroupData, kinds>, 2> data_;
  std::vector<Judge> judges_;
  std::vector<AbTestRecord::Guardrail> guardrails_;
  std::size_t looks_made_ = 0;
  bool is_closed_ = false;  ///< nobody takes part any more
};

/// Lets A/B tests see what a population tells its recorder.
class AbTestObserver final : public PopulationObserver {
 public:
  explicit AbTestObserver(PopulationObserver& recorder) : recorder_(recorder) {}
  void add(RunningAbTest& test) { tests_.push_back(&test); }

  void sent(const Request& request) override;
  void attempt_ended(const Request& attempt, Outcome outcome) override {
    recorder_.attempt_ended(attempt, outcome);
  }
  void ended(const Request& request, Time now, const Response& response,
             bool at_first_try) override;

 private:
  PopulationObserver& recorder_;
  std::vector<RunningAbTest*> tests_;
};

}  // namespace stampede
