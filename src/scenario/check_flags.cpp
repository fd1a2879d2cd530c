#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "check.hpp"
#include "stampede/base/text.hpp"

namespace stampede {
namespace {

template <class T>
std::vector<std::string> names_in(const Named<T>& named) {
  std::vector<std::string> names;
  for (const auto& entry : named) {
    names.push_back(entry.name);
  }
  return names;
}

class FlagChecker {
 public:
  FlagChecker(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems) {}

  void run() {
    for (const auto& flag : scenario_.flags) {
      check_segments(flag.name, flag.value, flag.place);
      check_times(flag.name, flag.value, flag.place);
    }
    for (const auto& reads : scenario_.facts.all<ReadsFlag>()) {
      check_reader(reads.path, reads.place, reads.what);
    }
    for (const auto& test : scenario_.ab_tests) {
      check_name(test.name, test.place);
      check_test(test.name, test.value, test.place);
    }
  }

 private:
  void error(const Place& place, std::string what, std::string expected = {},
             std::string hint = {}) {
    problems_.push_back(
        {Severity::error, place, std::move(what), std::move(expected), std::move(hint)});
  }
  void unknown(const Place& place, std::string what, const std::string& word,
               const std::vector<std::string>& known) {
    const std::string match = closest_match(word, known);
    error(place, std::move(what), known.empty() ? std::string() : one_of(known, word),
          match.empty() ? std::string() : fmt::format("did you mean '{}'?", match));
  }

  void check_segments(const std::string& name, const FlagSettings& flag, const Place& place) {
    std::vector<std::string> known;
    for (const auto& population : scenario_.traffic) {
      for (const auto& segment : population.value.users.segments) {
        known.push_back(segment.name);
      }
    }
    for (const std::string& segment : flag.segments) {
      if (std::find(known.begin(), known.end(), segment) == known.end()) {
        unknown(place,
                fmt::format("flags.{} is for the segment '{}', of which nobody is", name, segment),
                segment, known);
      }
    }
  }

  void check_times(const std::string& name, const FlagSettings& flag, const Place& place) {
    const Duration end = scenario_.run.duration;
    const auto check = [&](const Duration& at, const char* what) {
      if (at >= end) {
        error(place,
              fmt::format("flags.{}.{} is at {}, but the run ends at {}", name, what, to_text(at),
                          to_text(end)),
              {}, "let it be earlier, or lengthen run.duration");
      }
    };
    for (const RolloutStepSettings& step : flag.schedule) {
      check(step.at, "schedule");
    }
    if (flag.kill_switch && flag.kill_switch->at) {
      check(*flag.kill_switch->at, "kill_switch");
    }
  }

  void check_reader(const std::string& path, const Place& place, const ReadsFlag& reads) {
    const FlagSettings* flag = scenario_.flags.find(reads.flag);
    if (flag == nullptr) {
      unknown(place, fmt::format("there is no flag '{}' for {}", reads.flag, path), reads.flag,
              names_in(scenario_.flags));
      return;
    }
    for (const std::string& variant : reads.variants) {
      if (flag->variants.find(variant) == nullptr) {
        unknown(place,
                fmt::format("the flag '{}' has no variant '{}' for {}", reads.flag, variant, path),
                variant, names_in(flag->variants));
      }
    }
  }

  void check_name(const std::string& name, const Place& place) {
    if (scenario_.traffic.find(name) != nullptr || scenario_.components.find(name) != nullptr) {
      error(place,
            fmt::format("'{}' is the name of an A/B test and of traffic or a component", name), {},
            "results are found by name: rename one of them");
    }
  }

  void check_test(const std::string& name, const AbTestSettings& test, const Place& place) {
    const FlagSettings* flag = scenario_.flags.find(test.flag);
    if (flag == nullptr) {
      return;  // told already
    }
    if (flag->variants.size() < 2) {
      error(place, fmt::format("ab_tests.{} compares two variants, but the flag '{}' has one", name,
                               test.flag));
      return;
    }
    const TrafficSettings* traffic = traffic_of(name, test, place);
    const auto is_known = [&](const std::string& variant) {
      return variant.empty() || flag->variants.find(variant) != nullptr;
    };
    if (traffic == nullptr || !is_known(test.control) || !is_known(test.treatment)) {
      return;  // told already
    }
    check_request(name, test, *traffic, place);
    if (test.metric.kind == UserMetric::value) {
      for (const std::string& variant : {control_of(test, *flag), treatment_of(test, *flag)}) {
        if (test.metric.variants.find(variant) == nullptr) {
          error(place,
                fmt::format("ab_tests.{}.metric says nothing of the variant '{}'", name, variant),
                "the law of its value",
                fmt::format("such as variants: {{{}: {{probability: 10%}}}}", variant));
        }
      }
    }
  }

  const TrafficSettings* traffic_of(const std::string& name, const AbTestSettings& test,
                                    const Place& place) {
    const std::vector<std::string> known = names_in(scenario_.traffic);
    if (test.traffic.empty()) {
      if (known.size() == 1) {
        return &scenario_.traffic[0].value;
      }
      error(place, fmt::format("ab_tests.{} does not say whose users it compares", name),
            "traffic: with one of " + one_of(known, {}));
      return nullptr;
    }
    const TrafficSettings* traffic = scenario_.traffic.find(test.traffic);
    if (traffic == nullptr) {
      unknown(place, fmt::format("there is no traffic '{}' for ab_tests.{}", test.traffic, name),
              test.traffic, known);
    }
    return traffic;
  }

  void check_request(const std::string& name, const AbTestSettings& test,
                     const TrafficSettings& traffic, const Place& place) {
    std::vector<std::string> known = names_in(traffic.requests);
    if (known.empty()) {
      known.emplace_back("request");
    }
    if (!test.request.empty() &&
        std::find(known.begin(), known.end(), test.request) == known.end()) {
      unknown(place,
              fmt::format("nobody sends requests of type '{}' for ab_tests.{}", test.request, name),
              test.request, known);
    }
  }

  static std::string control_of(const AbTestSettings& test, const FlagSettings& flag) {
    return flag.variants[test.control_index(flag)].name;
  }
  static std::string treatment_of(const AbTestSettings& test, const FlagSettings& flag) {
    return flag.variants[test.treatment_index(flag)].name;
  }

  const Scenario& scenario_;
  Problems& problems_;
};

}  // namespace

void check_flags(const Scenario& scenario, Problems& problems) {
  FlagChecker(scenario, problems).run();
}

}  // namespace stampede
