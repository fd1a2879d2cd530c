#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <vector>

#include "stampede/base/units.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// A primary that was replaced although it is alive, as nobody could hear it. It does not know, and
/// goes on with a branch of its own: a split brain. Once it hears of the other primary it gives all
/// of that up.
class Exile {
 public:
  struct Write {
    std::uint64_t key;
    DataStamp stamp;
    Time written;
    bool is_committed = true;
  };

  /// A fenced one knows that it may have been replaced, and takes no writes.
  Exile(std::uint32_t copy, Time since, bool is_fenced)
      : copy_(copy), since_(since), is_fenced_(is_fenced) {}

  std::uint32_t copy() const { return copy_; }
  Time since() const { return since_; }
  bool is_fenced() const { return is_fenced_; }

  /// What it had before it was replaced, and nobody else has; the latest one first.
  void keep(const Write& write) {
    kept_.push_back(write);
    if (write.is_committed) {
      last_.insert({write.key, write.stamp});  // unless a later one is known
    }
  }
  void add(const Write& write) {
    writes_.push_back(write);
    last_[write.key] = write.stamp;
  }
  /// What it holds of a key besides what all have; no data if it is nothing.
  DataStamp seen(std::uint64_t key) const {
    const auto last = last_.find(key);
    return last == last_.end() ? DataStamp() : last->second;
  }

  /// Gives up all of it, the latest one first.
  template <class Lost>
  void give_up(const Lost& lost) {
    for (auto write = writes_.rbegin(); write != writes_.rend(); ++write) {
      lost(*write);
    }
    for (const Write& write : kept_) {
      lost(write);
    }
  }

 private:
  std::uint32_t copy_;
  Time since_;
  bool is_fenced_;
  std::vector<Write> kept_;    ///< descending
  std::vector<Write> writes_;  ///< ascending
  tsl::robin_map<std::uint64_t, DataStamp> last_;
};

}  // namespace stampede
