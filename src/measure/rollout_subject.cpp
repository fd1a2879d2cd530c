#include <cmath>
#include <limits>

#include "numbers.hpp"
#include "state.hpp"
#include "subjects.hpp"

namespace stampede {
namespace {

using Records = std::vector<const RolloutRecord*>;

/// One of each replication: batches of one run see the same rollout.
Records records_of(const std::vector<Sample>& samples, std::size_t rollout) {
  Records records;
  for (const Sample& sample : samples) {
    const RolloutRecord* record = &sample.recording->state().rollouts[rollout];
    if (records.empty() || records.back() != record) {
      records.push_back(record);
    }
  }
  return records;
}

bool has_begun(const RolloutRecord& record) { return record.verdict != RolloutVerdict::pending; }

}  // namespace

Subject rollout_subject(const std::vector<Sample>& samples, std::size_t rollout) {
  const Records records = records_of(samples, rollout);
  Subject subject;
  subject.name = records.front()->name;
  subject.kind = "rollout";
  for (const auto& [verdict, word] : names(RolloutVerdict()).table) {
    add_proportion(subject, word, records, [verdict = verdict](const RolloutRecord* record) {
      return Fraction{record->verdict == verdict ? 1.0 : 0.0, 1};
    });
  }
  const auto add = [&](const char* name, auto value_of, auto is_known) {
    add_mean(subject, name, records, [&](const RolloutRecord* record) {
      return is_known(*record) ? static_cast<double>(value_of(*record))
                               : std::numeric_limits<double>::quiet_NaN();
    });
  };
  const auto is_over = [](const RolloutRecord& record) { return is_decided(record.verdict); };
  add(
      "duration_s", [](const RolloutRecord& record) { return record.decided_s - record.began_s; },
      is_over);
  add(
      "requests", [](const RolloutRecord& record) { return record.requests; }, has_begun);
  add(
      "harmed", [](const RolloutRecord& record) { return record.failed; }, has_begun);
  add(
      "capacity_min", [](const RolloutRecord& record) { return record.capacity_min; }, has_begun);
  add(
      "extra_instance_hours",
      [](const RolloutRecord& record) { return record.extra_instance_hours; }, has_begun);
  return subject;
}

}  // namespace stampede
