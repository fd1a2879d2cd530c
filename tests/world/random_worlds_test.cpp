#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/measure/summarize.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"
#include "world/random_scenario.hpp"

// Laws that hold in every world, tried in worlds made by chance. A world that breaks one is printed
// whole. `STAMPEDE_WORLD=17 test_world "name of the test"` looks at the world of seed 17 alone.

using namespace stampede;
using test::RandomScenario;
using test::Variant;

namespace {

/// The files that scenarios name, in a directory that is gone when the tests are over.
class Files {
 public:
  Files() {
    directory_ = std::filesystem::temp_directory_path() / "stampede-random-worlds-XXXXXX";
    std::string name = directory_.string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    std::ofstream(directory_ / "keys.txt") << RandomScenario::keys_file;
    std::ofstream(directory_ / "requests.csv") << RandomScenario::requests_file;
  }
  ~Files() { std::filesystem::remove_all(directory_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  std::string scenario() const { return (directory_ / "random.yaml").string(); }

 private:
  std::filesystem::path directory_;
};

Scenario scenario_of(const std::string& text, const Files& files) {
  ReadScenario read = read_scenario(text, files.scenario());
  for (const Problem& problem : read.problems) {
    if (problem.severity == Severity::error) {
      FAIL("line " << problem.place.line << ": " << problem.what << ", expected "
                   << problem.expected);
    }
  }
  REQUIRE(read.scenario);
  return *std::move(read.scenario);
}

WorldRecord ran(const Scenario& scenario, std::uint64_t replication = 0) {
  World world(scenario, replication);
  WorldRecord record = world.run();
  CHECK(record.complete);
  CHECK(record.broken_law == "");
  return record;
}

/// Adds to a text all counts and numbers of a subject and its parts.
void tell(const Subject& subject, const std::string& indent, std::string& text) {
  text += indent + subject.kind + " " + subject.name + "\n";
  for (const auto& [name, count] : subject.counts) {
    text += fmt::format("{}  {} {}\n", indent, name, count);
  }
  for (const Metric& metric : subject.metrics) {
    text +=
        fmt::format("{}  {} {} {}\n", indent, metric.name, metric.value.estimate, metric.supported);
  }
  for (const Subject& part : subject.parts) {
    tell(part, indent + "  ", text);
  }
}

/// What a run came to, as text.
std::string told(const Scenario& scenario, const WorldRecord& record) {
  const Recording* recording = record.recording.get();
  const Result result =
      summarize(std::span(&recording, 1), WarmupChoice{scenario.run.warmup.length});
  std::string text =
      fmt::format("fingerprint {} warm-up {}\n", result.fingerprint, result.warmup_s);
  for (const Subject& subject : result.traffic) {
    tell(subject, "", text);
  }
  for (const Subject& subject : result.components) {
    tell(subject, "", text);
  }
  for (const Subject& subject : result.rollouts) {
    tell(subject, "", text);
  }
  for (const RolloutRecord& rollout : record.rollouts) {
    for (const RolloutStep& step : rollout.steps) {
      text += fmt::format("{} {} {}\n", step.at_s, rollout.name, step.what);
    }
  }
  for (const FaultEvent& event : record.faults) {
    text += fmt::format("{} {} {} {}\n", event.at_s, event.kind, event.target, event.begins);
  }
  return text;
}

/// Time in seconds, subject and metric of a point of a time series.
using PointName = std::tuple<double, std::string, std::string>;

bool nothing(const PointName&) { return false; }

std::map<PointName, double> points_of(const WorldRecord& record) {
  std::map<PointName, double> points;
  for (const SeriesPoint& point : time_series(*record.recording, 0)) {
    points[{point.time_s, point.subject, std::string(point.metric)}] = point.value;
  }
  return points;
}

/// The first point that stands in one of two time series only or has another value there, by more
/// than `tolerance`; `ignore` says of which points nothing is asked.
std::string difference(const std::map<PointName, double>& a, const std::map<PointName, double>& b,
                       const std::function<bool(const PointName&)>& ignore = nothing,
                       double tolerance = 0) {
  const auto shown = [&](const char* which, const PointName& name, double value) {
    return fmt::format("{}: {} s {} {} {}\n", which, std::get<0>(name), std::get<1>(name),
                       std::get<2>(name), value);
  };
  const auto only_in = [&](const auto& these, const auto& others, const char* which) {
    for (const auto& [name, value] : these) {
      const auto same = others.find(name);
      if (!ignore(name) &&
          (same == others.end() ||
           std::abs(same->second - value) > tolerance * std::max(1.0, std::abs(value)))) {
        return shown(which, name, value);
      }
    }
    return std::string();
  };
  return only_in(a, b, "first") + only_in(b, a, "second");
}

/// JSON as one may write it again: what is null is not there.
Json without_nulls(const Json& json) {
  Json kept = json;
  for (auto at = kept.begin(); at != kept.end();) {
    if (at->is_null()) {
      at = kept.erase(at);
    } else {
      if (at->is_structured()) {
        *at = without_nulls(*at);
      }
      ++at;
    }
  }
  return kept;
}

std::uint64_t worlds(std::uint64_t everyday) {
  return std::getenv("STAMPEDE_SHORT") != nullptr ? everyday / 6 : everyday;
}

/// Calls `law(seed)` for so many seeds; a failed CHECK tells the seed and the scenario.
void for_random_worlds(
    std::uint64_t first, std::uint64_t count, Variant variant,
    const std::function<void(std::uint64_t seed, const std::string& text)>& law) {
  if (const char* only = std::getenv("STAMPEDE_WORLD")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string text = RandomScenario(seed, variant).text();
    INFO("seed " << seed << "\n" << text);
    try {
      law(seed, text);
    } catch (const LimitExceeded& exceeded) {
      FAIL_CHECK(exceeded.what());
    }
  }
}

/// All laws about one run, and that a second one, made while other memory is in use, is the same.
void runs_obey_the_laws_and_repeat_themselves(std::uint64_t first, std::uint64_t count) {
  const Files files;
  for_random_worlds(first, count, {}, [&](std::uint64_t, const std::string& text) {
    const Scenario scenario = scenario_of(text, files);
    const WorldRecord once = ran(scenario);
    WorldRecord again;
    // Another thread, another scenario object, another world alive beside it.
    const Scenario copy = scenario_of(text, files);
    const World other(copy, 1);
    std::thread([&] { again = World(copy, 0).run(); }).join();
    CHECK(told(scenario, once) == told(copy, again));
    CHECK(once.events == again.events);
    CHECK(once.notes == again.notes);
    CHECK(difference(points_of(once), points_of(again)) == "");
  });
}

}  // namespace

TEST_CASE("random worlds run to their end, obey all laws, and do so twice alike") {
  runs_obey_the_laws_and_repeat_themselves(1, worlds(150));
}

TEST_CASE("ten thousand random worlds obey all laws", "[long]") {
  runs_obey_the_laws_and_repeat_themselves(1'000'000, worlds(10'000));
}

TEST_CASE("the resolved form of a random scenario means the same") {
  const Files files;
  for_random_worlds(2000, worlds(60), {}, [&](std::uint64_t, const std::string& text) {
    const Scenario scenario = scenario_of(text, files);
    const Json effective = resolved(scenario);
    const Scenario again = scenario_of(without_nulls(effective).dump(), files);
    CHECK(resolved(again) == effective);
    CHECK(told(scenario, ran(scenario)) == told(again, ran(again)));
  });
}

TEST_CASE("a longer run has the same prefix") {
  const Files files;
  for_random_worlds(3000, worlds(60), {}, [&](std::uint64_t seed, const std::string& text) {
    const Scenario scenario = scenario_of(text, files);
    Variant longer;
    longer.duration_factor = 2;
    const Scenario twice = scenario_of(RandomScenario(seed, longer).text(), files);
    const double last_slice =
        scenario.run.duration.seconds() - scenario.run.slice_length().seconds();
    CHECK(difference(points_of(ran(scenario)), points_of(ran(twice)), [&](const PointName& name) {
            const auto& [at, subject, metric] = name;
            // What becomes of the requests sent in a slice may be told later on.
            const bool of_those_sent =
                scenario.components.find(subject) == nullptr &&
                (metric == "availability" || metric.starts_with("latency_s"));
            return at >= last_slice || of_those_sent;
          }) == "");
  });
}

TEST_CASE("adding traffic and a component that nothing else uses changes nothing else") {
  const Files files;
  for_random_worlds(4000, worlds(60), {}, [&](std::uint64_t seed, const std::string& text) {
    Variant crowded;
    crowded.bystander = true;
    const WorldRecord alone = ran(scenario_of(text, files));
    const WorldRecord beside = ran(scenario_of(RandomScenario(seed, crowded).text(), files));
    CHECK(difference(points_of(alone), points_of(beside), [](const PointName& name) {
            return std::get<1>(name) == "others" || std::get<1>(name) == "apart";
          }) == "");
  });
}

TEST_CASE("when every time is twice as long, every time in the result is, and no count changes") {
  const Files files;
  Variant exact;
  exact.exact = true;
  for_random_worlds(5000, worlds(100), exact, [&](std::uint64_t seed, const std::string& text) {
    Variant stretched = exact;
    stretched.stretch = 2;
    const Scenario fast = scenario_of(text, files);
    const Scenario slow = scenario_of(RandomScenario(seed, stretched).text(), files);
    std::map<PointName, double> scaled;
    for (const auto& [name, value] : points_of(ran(slow))) {
      auto [at, subject, metric] = name;
      const bool is_time = metric.find("_s.") != std::string::npos;
      const bool is_rate = metric.ends_with("_per_s");
      scaled[{at / 2, subject, metric}] = is_time ? value / 2 : is_rate ? value * 2 : value;
    }
    // Within a few nanoseconds: the bounds of a percentile's bucket are whole ones, and so is the
    // time of a first probe, which is random. A level may be off by that for each that it counts.
    CHECK(difference(points_of(ran(fast)), scaled, nothing, 5e-9) == "");
  });
}
