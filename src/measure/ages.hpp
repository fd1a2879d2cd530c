#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/stats/histogram.hpp"

namespace stampede {

/// How old what is still in flight will be when the run ends. The end is known from the beginning,
/// so that each thing is counted in when it begins and counted out when it ends.
///
/// Ages are told to within 0.8 %, the buckets of Histogram.
class AgesAtEnd {
 public:
  explicit AgesAtEnd(Time end) : end_(end), counts_(Histogram::bucket_of(end.ns()) + 1) {}

  void add(Time began) { count_of(began) += 1; }
  void remove(Time began) { count_of(began) -= 1; }

  /// Something ended that never began, or more often than it began.
  bool is_broken() const {
    return std::any_of(counts_.begin(), counts_.end(), [](std::int32_t n) { return n < 0; });
  }

  /// Calls visit(age in ns, count) for the non-empty buckets, the youngest first.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      if (counts_[bucket] != 0) {
        visit(Histogram::bucket_low(bucket), static_cast<std::int64_t>(counts_[bucket]));
      }
    }
  }

 private:
  std::int32_t& count_of(Time began) {
    return counts_[Histogram::bucket_of(std::max<std::int64_t>(0, end_.ns() - began.ns()))];
  }

  Time end_;
  std::vector<std::int32_t> counts_;
};

}  // namespace stampede
