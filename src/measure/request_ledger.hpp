#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ages.hpp"
#include "cohorts.hpp"
#include "stampede/base/int128.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

using OutcomeCounts = std::array<std::int64_t, outcome_count>;

std::int64_t sum_of(const OutcomeCounts& counts);
void add_to(OutcomeCounts& counts, const OutcomeCounts& more);

/// What became of the requests that were meant to be sent in some slices.
struct CohortCounts {
  std::int64_t sent = 0;
  OutcomeCounts outcomes{};
  OutcomeCounts first_tries{};  ///< ended attempts
  OutcomeCounts retries{};
  Int128 sent_at = 0;  ///< sum of the instants in ns

  std::int64_t ended() const { return sum_of(outcomes); }
  std::int64_t in_flight() const { return sent - ended(); }
  void merge(const CohortCounts& other);
};

/// The requests that ended in some slices, whenever they were sent.
struct EndCounts {
  std::int64_t ended = 0;
  std::int64_t good = 0;  ///< ok within the deadline
  Int128 ended_at = 0;    ///< sum of the instants in ns

  void merge(const EndCounts& other);
};

/// The books on one kind of user requests: all of a type, or those of one region of users.
class RequestLedger {
 public:
  RequestLedger(std::string subject, Time end_of_run)
      : subject_(std::move(subject)), ages_(end_of_run) {}

  const std::string& subject() const { return subject_; }

  void sent(std::size_t cohort, Time at) {
    if (cohort >= cohorts_.size()) [[unlikely]] {
      cohorts_.resize(cohort + 1);
    }
    CohortCounts& counts = cohorts_[cohort];
    ++counts.sent;
    counts.sent_at += at.ns();
    ages_.add(at);
  }

  void attempt_ended(std::size_t cohort, bool is_retry, Outcome outcome) {
    if (cohort >= cohorts_.size()) [[unlikely]] {
      cohorts_.resize(cohort + 1);
    }
    CohortCounts& counts = cohorts_[cohort];
    ++(is_retry ? counts.retries : counts.first_tries)[static_cast<std::size_t>(outcome)];
  }

  void ended(std::size_t cohort, Time sent_at, Time now, Duration latency, Outcome outcome,
             bool is_good) {
    if (cohort >= cohorts_.size()) [[unlikely]] {
      cohorts_.resize(cohort + 1);
    }
    ++cohorts_[cohort].outcomes[static_cast<std::size_t>(outcome)];
    (outcome == Outcome::ok ? ok_ : not_ok_).record(cohort, latency.ns());
    open_ends_.ended += 1;
    open_ends_.good += is_good ? 1 : 0;
    open_ends_.ended_at += now.ns();
    sent_at_of_ended_ += sent_at.ns();
    ages_.remove(sent_at);
  }

  void close_slice();
  void finish();

  /// The exact laws that do not hold, after `finish`; empty when all do.
  std::string broken_law() const;

  // ---- Reading, after `finish` ----

  CohortCounts cohorts(std::size_t first, std::size_t end) const;
  EndCounts ends(std::size_t first, std::size_t end) const;
  const CohortHistogram& ok() const { return ok_; }
  const CohortHistogram& not_ok() const { return not_ok_; }
  const AgesAtEnd& ages() const { return ages_; }
  /// Requests in flight × ns over the slices [first, end), `window_end` being where they end.
  Int128 area(std::size_t first, std::size_t end, Time window_begin, Time window_end) const;

 private:
  std::string subject_;
  std::vector<CohortCounts> cohorts_;  ///< by slice of sending
  CohortHistogram ok_;                 ///< latencies of successes
  CohortHistogram not_ok_;             ///< latencies of the others
  EndCounts open_ends_;
  std::vector<EndCounts> ends_;  ///< by slice of ending
  Int128 sent_at_of_ended_ = 0;
  AgesAtEnd ages_;
};

}  // namespace stampede
