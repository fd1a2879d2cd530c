#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "ages.hpp"
#include "stampede/base/int128.hpp"

namespace stampede {

/// How long what is in flight at the end has been so, over all replications.
class InFlight {
 public:
  /// Leaves out what is younger than `at_least` or older than `at_most`: it began after the window
  /// or before it.
  void add(const AgesAtEnd& ages, Duration at_least = Duration(),
           Duration at_most = Duration::max()) {
    ages.for_each([&](std::int64_t age, std::int64_t count) {
      if (age >= at_least.ns() && age <= at_most.ns()) {
        counts_[age] += count;
        count_ += count;
      }
    });
  }

  std::int64_t count() const { return count_; }

  std::int64_t older_than(double ns) const {
    std::int64_t older = 0;
    for (auto it = counts_.rbegin(); it != counts_.rend(); ++it) {
      if (static_cast<double>(it->first) <= ns) {
        break;
      }
      older += it->second;
    }
    return older;
  }

  /// The ages of the `n` youngest together, in ns.
  Int128 sum_of_youngest(std::int64_t n) const {
    Int128 sum = 0;
    for (const auto& [age, count] : counts_) {
      const std::int64_t taken = std::min(n, count);
      sum += static_cast<Int128>(age) * taken;
      n -= taken;
    }
    return sum;
  }

 private:
  std::map<std::int64_t, std::int64_t> counts_;  ///< by age in ns
  std::int64_t count_ = 0;
};

/// What a distribution of times lacks because it was not over when the run ended.
struct Unfinished {
  /// How many of them have lasted for longer than so many ns already. Empty: nothing is known.
  std::function<std::int64_t(double)> longer_than;
  std::int64_t count = 0;
  Int128 so_far = 0;  ///< ns that they have lasted, together
};

}  // namespace stampede
