#include <utility>

#include "numbers.hpp"
#include "subjects.hpp"

namespace stampede {
namespace {

void add_attempts(Subject& to, const std::string& which, const OutcomeCounts& counts) {
  const std::string block = "attempts." + which;
  to.counts.emplace_back(block + ".total", sum_of(counts));
  for (std::size_t i = 0; i < outcome_count; ++i) {
    to.counts.emplace_back(block + "." + std::string(outcome_names[i]), counts[i]);
  }
}

}  // namespace

void add_window(RequestWindow& to, const RequestLedger& ledger, const Window& window) {
  to.span = window.length();
  to.counts.merge(ledger.cohorts(window.first, window.end));
  to.ends.merge(ledger.ends(window.first, window.end));
  to.ok.merge(ledger.ok().merged(window.first, window.end));
  to.not_ok.merge(ledger.not_ok().merged(window.first, window.end));
  to.area += ledger.area(window.first, window.end, window.begins(), window.ends());
}

Subject request_subject(const std::string& name, const std::string& kind,
                        const std::vector<RequestWindow>& samples, const InFlight& in_flight) {
  CohortCounts all;
  std::vector<OutcomeCounts> outcomes;
  std::vector<Summary> any_outcome;
  for (const RequestWindow& sample : samples) {
    all.merge(sample.counts);
    outcomes.push_back(sample.counts.outcomes);
    any_outcome.push_back(sample.ok);
    any_outcome.back().merge(sample.not_ok);
  }
  std::vector<const Summary*> of_ok;
  std::vector<const Summary*> of_all;
  for (std::size_t r = 0; r < samples.size(); ++r) {
    of_ok.push_back(&samples[r].ok);
    of_all.push_back(&any_outcome[r]);
  }

  Subject subject;
  subject.name = name;
  subject.kind = kind;
  subject.counts.emplace_back("requests", all.sent);
  add_per_second(subject, "throughput_per_s", samples, [](const RequestWindow& sample) {
    return static_cast<double>(sample.ends.ended);
  });
  add_per_second(subject, "goodput_per_s", samples,
                 [](const RequestWindow& sample) { return static_cast<double>(sample.ends.good); });
  add_proportion(subject, "availability", outcomes, [](const OutcomeCounts& one) {
    return Fraction{static_cast<double>(one[static_cast<std::size_t>(Outcome::ok)]),
                    static_cast<double>(sum_of(one))};
  });
  add_outcomes(subject, outcomes, all.in_flight());
  add_attempts(subject, "first_tries", all.first_tries);
  add_attempts(subject, "retries", all.retries);
  add_ratio(subject, "attempts_per_request", samples, [](const RequestWindow& sample) {
    const CohortCounts& counts = sample.counts;
    return Fraction{static_cast<double>(sum_of(counts.first_tries) + sum_of(counts.retries)),
                    static_cast<double>(sum_of(counts.first_tries))};
  });
  if (all.with_data > 0) {
    subject.counts.emplace_back("stale", all.stale);
    add_proportion(subject, "stale_ratio", samples, [](const RequestWindow& sample) {
      return Fraction{static_cast<double>(sample.counts.stale),
                      static_cast<double>(sample.counts.with_data)};
    });
  }
  if (all.degraded > 0) {
    subject.counts.emplace_back("degraded", all.degraded);
    add_proportion(subject, "degraded_ratio", samples, [](const RequestWindow& sample) {
      return Fraction{
          static_cast<double>(sample.counts.degraded),
          static_cast<double>(sample.counts.outcomes[static_cast<std::size_t>(Outcome::ok)])};
    });
  }
  add_per_second(subject, "in_flight", samples,
                 [](const RequestWindow& sample) { return seconds_of(sample.area); });

  Unfinished unfinished;
  unfinished.longer_than = [&](double ns) { return in_flight.older_than(ns); };
  unfinished.count = in_flight.count();
  unfinished.so_far = in_flight.sum_of_youngest(in_flight.count());
  add_times(subject, "latency_s", of_ok, unfinished);
  add_times(subject, "latency_all_s", of_all, unfinished);
  return subject;
}

}  // namespace stampede
