#pragma once

#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// What the stores hold, as only the simulator can know it: the last committed write of each key.
/// Caches and replicas hold copies and never look here before they answer; that an answer was stale
/// is found out here. Memory is taken by keys that were written, not by those that were only read,
/// nor by the number of times.
class Truth {
 public:
  /// A store begins with a value for every key.
  std::uint16_t add_store() {
    stores_.emplace_back();
    return static_cast<std::uint16_t>(stores_.size());
  }

  /// The next write of a store, which is not committed yet. Whoever writes what was read from
  /// another store, `source`, makes the store a view of that one: who is shown this write is shown
  /// that one's data.
  DataStamp begin_write(std::uint16_t store, std::uint64_t key, DataStamp source = DataStamp()) {
    const DataStamp write(store, ++stores_[store - 1U].writes);
    if (source.is_data() && source.store() != store) {
      derive(write, key, source);
    }
    return write;
  }
  /// It is committed: what the store holds from now on, unless a later write was committed before.
  /// Gives the data behind what it replaced, for `lose`.
  DataStamp commit(DataStamp write, std::uint64_t key) {
    Store& store = stores_[write.store() - 1U];
    std::uint64_t& last = store.last[key];
    const DataStamp replaced = source_of(DataStamp(write.store(), last), key);
    last = std::max(last, write.write());
    forget_replaced(store, key, last);
    return replaced;
  }
  /// It was committed and is lost: the store holds what it held before, and whoever has seen this
  /// write has seen what is not there.
  void lose(DataStamp write, std::uint64_t key, DataStamp before, DataStamp source_of_before) {
    Store& store = stores_[write.store() - 1U];
    std::uint64_t& last = store.last[key];
    if (last == write.write()) {
      last = before.write();
      if (source_of_before.is_data() && last > 0) {
        store.sources[key].push_back({last, source_of_before});
      }
    }
    reject(write);
  }
  /// It was taken in and will not stay, as another one counts as later.
  void reject(DataStamp write) { stores_[write.store() - 1U].gone.insert(write.write()); }

  /// The data behind what was seen of this key; none unless it was seen in a view, and none once it
  /// was replaced.
  DataStamp source_of(DataStamp seen, std::uint64_t key) const {
    const Store& view = stores_[seen.store() - 1U];
    if (view.is_view_of.empty()) {
      return DataStamp();
    }
    if (seen.write() == 0) {
      return DataStamp(view.is_view_of.front(), 0);
    }
    const auto known = view.sources.find(key);
    if (known != view.sources.end()) {
      for (const Sourced& write : known->second) {
        if (write.write == seen.write()) {
          return write.source;
        }
      }
    }
    return DataStamp();
  }

  DataStamp latest(std::uint16_t store, std::uint64_t key) const {
    const Store& asked = stores_[store - 1U];
    const auto found = asked.last.find(key);
    return {store, found == asked.last.end() ? 0 : found->second};
  }

  /// Whether what was seen of this key is gone, or was replaced by a write that was committed until
  /// now, or the data behind it were.
  bool is_stale(DataStamp seen, std::uint64_t key) const {
    return seen.is_data() && (is_gone(seen) || seen.write() < latest(seen.store(), key).write() ||
                              is_stale(source_of(seen, key), key));
  }

 private:
  struct Mix {
    std::size_t operator()(std::uint64_t key) const { return mix(key); }
  };
  /// A write of data from another store.
  struct Sourced {
    std::uint64_t write;
    DataStamp source;
  };
  struct Store {
    std::uint64_t writes = 0;
    tsl::robin_map<std::uint64_t, std::uint64_t, Mix> last;
    tsl::robin_set<std::uint64_t, Mix> gone;  ///< writes that were lost or rejected
    /// By key: of the last committed write and of those that are not committed yet. What was
    /// replaced is stale whatever is behind it.
    tsl::robin_map<std::uint64_t, std::vector<Sourced>, Mix> sources;
    std::vector<std::uint16_t> is_view_of;  ///< the stores of these; of the first it began as one
  };

  /// Before the first such write of all, the view is not known to be one. A store never becomes a
  /// view of what is a view of itself: there would be no end to what is behind its data.
  void derive(DataStamp write, std::uint64_t key, DataStamp source) {
    Store& view = stores_[write.store() - 1U];
    const auto& known = view.is_view_of;
    if (std::find(known.begin(), known.end(), source.store()) == known.end()) {
      if (shows(source.store(), write.store())) {
        return;
      }
      view.is_view_of.push_back(source.store());
    }
    view.sources[key].push_back({write.write(), source});
  }
  static void forget_replaced(Store& store, std::uint64_t key, std::uint64_t last) {
    const auto known = store.sources.find(key);
    if (known != store.sources.end()) {
      std::erase_if(known.value(), [last](const Sourced& write) { return write.write < last; });
    }
  }
  bool shows(std::uint16_t view, std::uint16_t source) const {
    const std::vector<std::uint16_t>& behind = stores_[view - 1U].is_view_of;
    return std::any_of(behind.begin(), behind.end(), [&](std::uint16_t store) {
      return store == source || shows(store, source);
    });
  }
  bool is_gone(DataStamp seen) const {
    const Store& store = stores_[seen.store() - 1U];
    return !store.gone.empty() && store.gone.contains(seen.write());
  }

  std::vector<Store> stores_;
};

}  // namespace stampede
