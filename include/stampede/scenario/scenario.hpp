#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stampede/base/json_fwd.hpp"
#include "stampede/base/problem.hpp"
#include "stampede/model/ab_test.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/model/call_gate.hpp"
#include "stampede/model/calling.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/fault.hpp"
#include "stampede/model/flag.hpp"
#include "stampede/model/network.hpp"
#include "stampede/model/rollout.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/keys.hpp"
#include "stampede/scenario/chaos.hpp"
#include "stampede/scenario/expectation.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// How much of the beginning is left out of the results: `auto`, or a length.
struct Warmup {
  std::optional<Duration> length;  ///< none: found by MSER
};

struct RunSettings {
  Duration duration = Duration::nanoseconds(60'000'000'000);
  Warmup warmup;
  int replications = 1;
  std::uint64_t seed = 1;
  std::optional<Duration> slice;  ///< resolution of time series and warm-up

  /// A hundredth of the run unless given, or somewhat less, so that the warm-up ends with a slice.
  Duration slice_length() const;
};
void describe(Visitor& v, RunSettings& s);

/// Who the users are. Identities are stable: a user keeps number, region, segment and tenant.
struct UsersSettings {
  std::uint64_t count = 0;  ///< 0: every request comes from a new user
  Named<Ratio> regions;     ///< shares; the first region unless given
  Named<Ratio> segments;
  Named<Ratio> tenants;
};
void describe(Visitor& v, UsersSettings& s);

struct RequestSettings {
  std::optional<Ratio> share;  ///< those without one divide what is left
  Distribution<Bytes> request_size;
  Distribution<Bytes> response_size;
  int priority = 0;
  Operation operation = Operation::read;
  Choice<KeyLaw> keys;  ///< the population's unless given
};
void describe(Visitor& v, RequestSettings& s);

struct TrafficSettings {
  Choice<ArrivalProcess> arrivals;
  UsersSettings users;
  Choice<KeyLaw> keys;
  ComponentName target;
  CallSettings call;
  GuardList guards;
  std::optional<Distribution<Duration>> patience;
  std::optional<Duration> deadline;  ///< an ok later than this is no goodput
  Named<RequestSettings> requests;   ///< one type called "request" unless given
};
void describe(Visitor& v, TrafficSettings& s);

/// A whole scenario, plain data. It was read without an error, so building a World of it cannot
/// fail for the user's reasons.
struct Scenario {
  int stampede = 1;  ///< version of the language
  std::string name;
  std::vector<std::string> covers;  ///< topics of the field that it shows, such as N2
  std::string description;
  RunSettings run;
  Named<RegionSettings> regions;
  NetworkSettings network;
  Named<TrafficSettings> traffic;
  Named<Choice<Component>> components;
  MonitoringSettings monitoring;
  Named<double> prices;  ///< of components: what an instance costs per hour
  std::vector<Choice<Fault>> faults;
  Named<Choice<Rollout>> rollouts;
  std::optional<ChaosSettings> chaos;  ///< an experiment with faults of its own
  Named<FlagSettings> flags;
  Named<AbTestSettings> ab_tests;
  std::vector<Expectation> expect;

  std::string file;                            ///< where it was read from
  std::string base_directory;                  ///< where files that it names are looked for
  std::vector<ComponentReference> references;  ///< who names whom: the edges of the topology
  Facts facts;                                 ///< what the parts declared of themselves
};
void describe(Visitor& v, Scenario& s);

/// The outcome of reading: a scenario, if there is no error among the problems.
struct ReadScenario {
  std::optional<Scenario> scenario;
  Problems problems;
  std::string text;  ///< the source, for showing lines
};

/// Reads a scenario from a file; `settings` are `path=value` as of `--set`. `divisor` shortens the
/// run: all times of it (see `of_run`) are divided, the times of faults and stages with its length.
ReadScenario read_scenario_file(const std::string& path,
                                const std::vector<std::string>& settings = {}, int divisor = 1);
/// The same from text; `file` is its name in messages.
ReadScenario read_scenario(const std::string& text, const std::string& file,
                           const std::vector<std::string>& settings = {}, int divisor = 1);

/// The effective scenario with all defaults, as results and `explain` show it.
Json resolved(const Scenario& scenario);

}  // namespace stampede
