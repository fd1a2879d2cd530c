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
#include "stampede/stats/slices.hpp"

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
  std::int64_t with_data = 0;  ///< good answers that showed data from a store
  std::int64_t stale = 0;      ///< those among them that showed data which had been replaced
  std::int64_t degraded = 0;   ///< good answers of which a part was a fallback
  Int128 sent_at = 0;          ///< sum of the instants in ns

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

/// How a user request ended.
struct RequestEnd {
  std::size_t cohort;  ///< the slice in which it was meant to be sent
  Time sent;           ///< when it was meant to be
  Time at;
  Outcome outcome;
  bool is_good;       ///< ok within the deadline
  bool at_first_try;  ///< its only attempt ended with it, and was not told before
  bool shows_data;    ///< a good answer to a read, with data from a store
  bool is_stale;      ///< which a committed write had replaced when it was read
  bool is_degraded;   ///< a good answer of which a part was a fallback

  std::int64_t latency_ns() const { return at.ns() - sent.ns(); }
};

/// The books on one kind of user requests: all of a type, or those of one region of users.
class RequestLedger {
 public:
  RequestLedger(std::string subject, const SliceGrid& grid)
      : subject_(std::move(subject)), cohorts_(grid.count()), ages_(grid.boundary(grid.count())) {}

  const std::string& subject() const { return subject_; }

  void sent(std::size_t cohort, Time at) {
    CohortCounts& counts = cohorts_[cohort];
    ++counts.sent;
    counts.sent_at += at.ns();
    ages_.add(at);
  }

  void attempt_ended(std::size_t cohort, bool is_retry, Outcome outcome) {
    CohortCounts& counts = cohorts_[cohort];
    ++(is_retry ? counts.retries : counts.first_tries)[static_cast<std::size_t>(outcome)];
  }

  /// Once for every user request: the compiler would otherwise take it for too large to go without
  /// a call.
  [[gnu::always_inline]] void ended(const RequestEnd& end) {
    CohortCounts& counts = cohorts_[end.cohort];
    ++counts.outcomes[static_cast<std::size_t>(end.outcome)];
    counts.first_tries[static_cast<std::size_t>(end.outcome)] += end.at_first_try ? 1 : 0;
    if (end.shows_data) {
      ++counts.with_data;
      counts.stale += end.is_stale ? 1 : 0;
    }
    if (end.is_degraded) {
      ++counts.degraded;
    }
    (end.outcome == Outcome::ok ? ok_ : not_ok_).record(end.cohort, end.latency_ns());
    open_ends_.ended += 1;
    open_ends_.good += end.is_good ? 1 : 0;
    open_ends_.ended_at += end.at.ns();
    sent_at_of_ended_ += end.sent.ns();
    ages_.remove(end.sent);
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
