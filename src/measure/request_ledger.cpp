#include "request_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace stampede {

std::int64_t sum_of(const OutcomeCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

void add_to(OutcomeCounts& counts, const OutcomeCounts& more) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] += more[i];
  }
}

void CohortCounts::merge(const CohortCounts& other) {
  sent += other.sent;
  add_to(outcomes, other.outcomes);
  add_to(first_tries, other.first_tries);
  add_to(retries, other.retries);
  with_data += other.with_data;
  stale += other.stale;
  degraded += other.degraded;
  sent_at += other.sent_at;
}

void EndCounts::merge(const EndCounts& other) {
  ended += other.ended;
  good += other.good;
  ended_at += other.ended_at;
}

void RequestLedger::close_slice() {
  ends_.push_back(std::exchange(open_ends_, {}));
  // A cohort whose slice is over and whose requests have all ended expects nothing more.
  const auto is_complete = [this](std::size_t cohort) {
    return cohort < ends_.size() && cohorts_[cohort].in_flight() == 0;
  };
  ok_.pack_where(is_complete);
  not_ok_.pack_where(is_complete);
}

void RequestLedger::finish() {
  ok_.finish();
  not_ok_.finish();
}

std::string RequestLedger::broken_law() const {
  for (std::size_t i = 0; i < cohorts_.size(); ++i) {
    const CohortCounts& cohort = cohorts_[i];
    if (cohort.in_flight() < 0) {
      return fmt::format("{}: {} requests of slice {} were sent, {} ended", subject_, cohort.sent,
                         i, cohort.ended());
    }
    if (sum_of(cohort.first_tries) > cohort.sent) {
      return fmt::format("{}: {} requests of slice {} were sent, but {} first tries ended",
                         subject_, cohort.sent, i, sum_of(cohort.first_tries));
    }
  }
  if (ages_.is_broken()) {
    return fmt::format("{}: a request ended that was not sent at that time", subject_);
  }
  const CohortCounts all = cohorts(0, cohorts_.size());
  const EndCounts ended = ends(0, ends_.size());
  if (all.ended() != ended.ended) {
    return fmt::format("{}: {} requests ended, with {} outcomes", subject_, ended.ended,
                       all.ended());
  }
  // Little's law on the sojourns that ended; what is in flight adds the same to both sides.
  Moments latencies = ok_.moments(0, cohorts_.size());
  latencies.merge(not_ok_.moments(0, cohorts_.size()));
  const Int128 stays = ended.ended_at - sent_at_of_ended_;
  if (latencies.sum != stays) {
    return fmt::format(
        "{}: Little's law does not hold: between being sent and ending requests spent {} ns, their "
        "latencies are {} ns together",
        subject_, stays, latencies.sum);
  }
  return {};
}

CohortCounts RequestLedger::cohorts(std::size_t first, std::size_t end) const {
  CohortCounts sum;
  for (std::size_t i = first; i < std::min(end, cohorts_.size()); ++i) {
    sum.merge(cohorts_[i]);
  }
  return sum;
}

EndCounts RequestLedger::ends(std::size_t first, std::size_t end) const {
  EndCounts sum;
  for (std::size_t i = first; i < std::min(end, ends_.size()); ++i) {
    sum.merge(ends_[i]);
  }
  return sum;
}

Int128 RequestLedger::area(std::size_t first, std::size_t end, Time window_begin,
                           Time window_end) const {
  Int128 in_flight_before = 0;
  for (std::size_t i = 0; i < std::min(first, cohorts_.size()); ++i) {
    in_flight_before += cohorts_[i].sent;
  }
  for (std::size_t i = 0; i < std::min(first, ends_.size()); ++i) {
    in_flight_before -= ends_[i].ended;
  }
  const CohortCounts begun = cohorts(first, end);
  const EndCounts ended = ends(first, end);
  return in_flight_before * (window_end - window_begin).ns() +
         (static_cast<Int128>(begun.sent) * window_end.ns() - begun.sent_at) -
         (static_cast<Int128>(ended.ended) * window_end.ns() - ended.ended_at);
}

}  // namespace stampede
