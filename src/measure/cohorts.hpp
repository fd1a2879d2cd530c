#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "stampede/stats/summary.hpp"

namespace stampede {

/// Values (latencies in nanoseconds) by the slice in which their request was meant to be sent, its
/// cohort, and not by the slice in which they became known. Late ones are added to their own
/// cohort.
///
/// A few cohorts are dense histograms; one that expects nothing more, or the oldest when there are
/// too many, is packed away and opened anew if something comes nevertheless.
class CohortHistogram {
 public:
  /// Counts one value ≥ 0.
  void record(std::size_t cohort, std::int64_t value) {
    if (cohort >= open_.size() || open_[cohort] == nullptr) [[unlikely]] {
      open(cohort);
    }
    open_[cohort]->record(value);
  }

  /// Packs the open cohorts for which is_complete(cohort).
  template <class IsComplete>
  void pack_where(IsComplete is_complete) {
    std::size_t kept = 0;
    for (const std::size_t cohort : in_order_of_opening_) {
      if (is_complete(cohort)) {
        pack(cohort);
      } else {
        in_order_of_opening_[kept++] = cohort;
      }
    }
    in_order_of_opening_.resize(kept);
  }

  /// Packs everything for reading, and gives back what memory was kept for recording.
  void finish();

  /// Of the cohorts [first, end), after `finish`.
  Summary merged(std::size_t first, std::size_t end) const;
  Moments moments(std::size_t first, std::size_t end) const;

 private:
  /// Beyond this many, 20 KB each, memory matters more than the cost of packing.
  static constexpr std::size_t most_open = 128;

  struct Part {
    std::size_t cohort;
    Moments moments;
    std::int64_t min;
    std::int64_t max;
    std::size_t first_cell;
    std::size_t end_cell;
  };

  void open(std::size_t cohort);
  void pack(std::size_t cohort);
  std::pair<std::size_t, std::size_t> parts_of(std::size_t first, std::size_t end) const;

  std::vector<std::unique_ptr<Summary>> open_;  ///< by cohort; null: nothing new since packing
  std::vector<std::size_t> in_order_of_opening_;
  std::vector<std::unique_ptr<Summary>> spare_;
  HistogramCells cells_;
  std::vector<Part> parts_;
};

}  // namespace stampede
