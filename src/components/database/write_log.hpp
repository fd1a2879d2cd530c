#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <deque>

#include "stampede/base/units.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// The writes of a shard in their order, and for each key how it came to what it is: so that a copy
/// which has applied the first n of them knows what it holds. What all copies have is forgotten.
class WriteLog {
 public:
  struct Entry {
    std::uint64_t key;
    DataStamp stamp;
    DataStamp before;         ///< of the same key
    std::uint64_t before_at;  ///< the position after that write, 0 if there was none
    Time written;
    DataStamp source_of_before{};  ///< of a view: the data behind `before`, once this is committed
  };

  /// The position after the last write: how many there were.
  std::uint64_t end() const { return begin_ + entries_.size(); }
  /// There is such a write, and it is not forgotten.
  bool holds(std::uint64_t position) const { return begin_ < position && position <= end(); }
  Entry& at(std::uint64_t position) { return entries_[position - 1 - begin_]; }

  /// Gives the position after the new write.
  std::uint64_t append(std::uint64_t key, DataStamp stamp, DataStamp first, Time now) {
    const auto last = last_.find(key);
    const bool is_first = last == last_.end();
    Entry entry{key, stamp, is_first ? first : last->second.stamp, is_first ? 0 : last->second.at,
                now};
    entries_.push_back(entry);
    last_[key] = {end(), stamp};
    return end();
  }

  /// What a copy holds that has applied all writes up to a position.
  DataStamp seen(std::uint64_t key, std::uint64_t position, DataStamp first) const {
    const auto last = last_.find(key);
    if (last == last_.end()) {
      return first;
    }
    std::uint64_t at = last->second.at;
    DataStamp stamp = last->second.stamp;
    while (at > position) {
      const Entry& entry = entries_[at - 1 - begin_];
      stamp = entry.before;
      at = entry.before_at;
    }
    return stamp;
  }

  /// No copy stands before this position any more.
  void forget_before(std::uint64_t position) {
    while (begin_ < position && !entries_.empty()) {
      entries_.pop_front();
      ++begin_;
    }
  }

  /// Takes back all writes after a position, the latest first.
  template <class Lost>
  void cut(std::uint64_t position, Lost lost) {
    while (end() > position) {
      const Entry entry = entries_.back();
      lost(entry);
      entries_.pop_back();
      if (entry.before_at == 0) {
        last_.erase(entry.key);
      } else {
        last_[entry.key] = {entry.before_at, entry.before};
      }
    }
  }

 private:
  struct Last {
    std::uint64_t at;
    DataStamp stamp;
  };
  std::uint64_t begin_ = 0;  ///< writes that are forgotten
  std::deque<Entry> entries_;
  tsl::robin_map<std::uint64_t, Last> last_;
};

}  // namespace stampede
