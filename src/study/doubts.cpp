#include "stampede/study/doubts.hpp"

#include <fmt/format.h>

#include "stampede/analysis/promises.hpp"
#include "stampede/measure/omission.hpp"

namespace stampede {
namespace {

std::string text_of(double seconds) {
  return seconds < 1 ? fmt::format("{:.3g} ms", 1000 * seconds) : fmt::format("{:.3g} s", seconds);
}

void doubt_closed_users(const Scenario& scenario, const Result& result,
                        const std::vector<Replication>& replications,
                        std::vector<std::string>& doubts) {
  constexpr double much = 2;
  std::vector<const Recording*> recordings;
  for (const Replication& replication : replications) {
    recordings.push_back(replication.record.recording.get());
  }
  for (const ClosedPopulation& closed : closed_populations(scenario)) {
    const auto omission = omission_of(recordings, result, closed.name, closed.think_time);
    if (omission && omission->corrected_s > much * omission->measured_s) {
      doubts.push_back(fmt::format(
          "{} wait for their answers and so hardly meet what is slow (coordinated omission): had "
          "they sent a request each {} regardless, their latency.p99 would be about {}, not {}",
          closed.name, text_of(omission->pace_s), text_of(omission->corrected_s),
          text_of(omission->measured_s)));
    }
  }
}

void doubt_turns(const Scenario& scenario, const Result& result, std::vector<std::string>& doubts) {
  constexpr double unequal = 1.1;
  constexpr double requests_each = 100;  // fewer are unequal by chance, or by the last round
  for (const std::string& name : asked_in_turn(scenario)) {
    for (const Subject& component : result.components) {
      if (component.name != name) {
        continue;
      }
      const Metric* most = component.find("instance_share.max");
      const Metric* replicas = component.find("replicas");
      const Metric* uptime = component.find("uptime");
      if (most == nullptr || replicas == nullptr || uptime == nullptr) {
        continue;
      }
      const double count = replicas->value.estimate;
      const double ratio = most->value.estimate * count;
      const auto requests = static_cast<double>(*component.find_count("requests"));
      const bool were_all_up = uptime->value.estimate > 0.999;
      if (were_all_up && ratio > unequal && requests > requests_each * count) {
        doubts.push_back(fmt::format(
            "the instances of {} take turns and were all up, but one of them got {:.2g} times its "
            "share: it was asked by others too, or the rest were taken for dead",
            component.name, ratio));
      }
    }
  }
}

}  // namespace

std::vector<std::string> doubts_about(const Scenario& scenario, const Result& result,
                                      const std::vector<Replication>& replications) {
  std::vector<std::string> doubts;
  doubt_closed_users(scenario, result, replications, doubts);
  doubt_turns(scenario, result, doubts);
  return doubts;
}

}  // namespace stampede
