#pragma once

#include <tsl/robin_map.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// What the stores hold, as only the simulator can know it: the last committed write of each key.
/// Caches and replicas hold copies and never look here before they answer; that an answer was stale
/// is found out here. Memory is taken by keys that were written, not by those that were only read.
class Truth {
 public:
  /// A store begins with a value for every key.
  std::uint16_t add_store() {
    stores_.emplace_back();
    return static_cast<std::uint16_t>(stores_.size());
  }

  /// The next write of a store, which is not committed yet.
  DataStamp begin_write(std::uint16_t store) { return {store, ++stores_[store - 1U].writes}; }
  /// It is committed: what the store holds from now on, unless a later write was committed before.
  void commit(DataStamp write, std::uint64_t key) {
    std::uint64_t& last = stores_[write.store() - 1U].last[key];
    last = std::max(last, write.write());
  }
  /// It was committed and is lost: the store holds what it held before.
  void lose(DataStamp write, std::uint64_t key, DataStamp before) {
    std::uint64_t& last = stores_[write.store() - 1U].last[key];
    last = last == write.write() ? before.write() : last;
  }

  /// What was written had been read from another store: the store is a view of that one, and who is
  /// shown this write is shown that one's data. Before the first such write of all, the view is not
  /// known to be one.
  void derive(DataStamp write, DataStamp source) {
    std::vector<DataStamp>& sources = stores_[write.store() - 1U].sources;
    if (sources.empty()) {
      sources.emplace_back(source.store(), 0);
    }
    if (sources.size() <= write.write()) {
      sources.resize(write.write() + 1);
    }
    sources[write.write()] = source;
  }
  /// The data behind what was seen; none unless it was seen in a view.
  DataStamp source_of(DataStamp seen) const {
    const std::vector<DataStamp>& sources = stores_[seen.store() - 1U].sources;
    return seen.write() < sources.size() ? sources[seen.write()] : DataStamp();
  }

  DataStamp latest(std::uint16_t store, std::uint64_t key) const {
    const Store& asked = stores_[store - 1U];
    const auto found = asked.last.find(key);
    return {store, found == asked.last.end() ? 0 : found->second};
  }

  /// Whether a write that was committed until now replaced what was seen of this key, or the data
  /// behind it.
  bool is_stale(DataStamp seen, std::uint64_t key) const {
    return seen.is_data() &&
           (seen.write() < latest(seen.store(), key).write() || is_stale(source_of(seen), key));
  }

 private:
  struct Mix {
    std::size_t operator()(std::uint64_t key) const { return mix(key); }
  };
  struct Store {
    std::uint64_t writes = 0;
    tsl::robin_map<std::uint64_t, std::uint64_t, Mix> last;
    std::vector<DataStamp> sources;  ///< by write, from 0: how it began; empty unless it is a view
  };
  std::vector<Store> stores_;
};

}  // namespace stampede
