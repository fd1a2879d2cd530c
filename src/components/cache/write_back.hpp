#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "stampede/kernel/task.hpp"
#include "stampede/model/calling.hpp"
#include "stampede/model/measures.hpp"

namespace stampede {

/// Writes that a cache has confirmed and that its origin has not: each dirty item is written after
/// a while, at once if it has to leave the cache, and until then read from here. Several writes of
/// one item in the meantime become one. Where the origin fails, it is tried again after the delay.
class WriteBack {
 public:
  struct Measures {
    explicit Measures(std::string_view kind)
        : dirty{kind, Measure::level, "dirty", "items that were written and not yet written back"},
          written_back{kind, Measure::count, "written_back", "items written to the origin later"},
          lost_writes{kind, Measure::count, "lost_writes",
                      "dirty items that were lost before they were sent to the origin"} {}
    Measure dirty;
    Measure written_back;
    Measure lost_writes;
  };
  /// Told when the origin has an item.
  class Listener {
   public:
    virtual void written_back(std::uint64_t key, DataStamp stamp) = 0;

   protected:
    ~Listener() = default;
  };
  struct Dirty {
    Request request;  ///< the last one that wrote it
    std::uint32_t size = 0;
    std::uint64_t spell = 0;    ///< tells this time of being dirty from others
    std::uint64_t changes = 0;  ///< since it became dirty
    bool is_on_its_way = false;
  };

  WriteBack(Scope& inside, Listener& listener, PlaceId place, Duration delay, Gauge& dirty,
            Tally& written, Tally& lost)
      : inside_(inside),
        listener_(listener),
        place_(place),
        delay_(delay),
        dirty_level_(dirty),
        written_(written),
        lost_(lost) {}

  Scope& scope() { return inside_; }
  void connect(Caller& origin) { origin_ = &origin; }

  /// Null if the origin has seen all writes of this key.
  const Dirty* find(std::uint64_t key) const {
    const auto found = items_.find(key);
    return found == items_.end() ? nullptr : &found->second;
  }

  /// This write is about to be confirmed.
  void accept(const Request& request, std::uint32_t size) {
    const auto [item, is_new] = items_.try_emplace(request.key);
    Dirty& dirty = item->second;
    dirty.request = request;
    dirty.size = size;
    ++dirty.changes;
    if (is_new) {
      dirty.spell = ++spells_;
      dirty_level_.change(inside_.simulation().now(), 1);
      static_cast<void>(write_later(*this, request.key, dirty.spell));
    }
  }

  /// The cache has no room for the item any more.
  void hurry(std::uint64_t key) {
    const auto item = items_.find(key);
    if (item != items_.end() && !item->second.is_on_its_way) {
      static_cast<void>(write_now(*this, key, item->second.spell));
    }
  }

  /// What was written is to be removed: there is nothing left to send.
  void forget(std::uint64_t key) {
    const auto item = items_.find(key);
    if (item != items_.end()) {
      items_.erase(item);
      dirty_level_.change(inside_.simulation().now(), -1);
    }
  }

  /// All that was not sent is lost.
  void lose_all() {
    for (const auto& [key, item] : items_) {
      lost_.add(item.is_on_its_way ? 0 : 1);
    }
    dirty_level_.change(inside_.simulation().now(), -static_cast<std::int64_t>(items_.size()));
    items_.clear();
  }

  /// What was dirty when the node died is still known, and is written again.
  void resume() {
    for (auto& [key, item] : items_) {
      item.is_on_its_way = false;
      static_cast<void>(write_later(*this, key, item.spell));
    }
  }

 private:
  static Process write_later(WriteBack& self, std::uint64_t key, std::uint64_t spell) {
    co_await self.inside_.simulation().delay(self.delay_);
    Task<Done> writing = write(self, key, spell);
    co_await writing;
    co_return Done();
  }
  static Process write_now(WriteBack& self, std::uint64_t key, std::uint64_t spell) {
    Task<Done> writing = write(self, key, spell);
    co_await writing;
    co_return Done();
  }

  static Task<Done> write(WriteBack& self, std::uint64_t key, std::uint64_t spell) {
    for (;;) {
      Dirty* item = self.find_in(key, spell);
      if (item == nullptr || item->is_on_its_way) {
        co_return Done();  // somebody else was faster
      }
      item->is_on_its_way = true;
      const std::uint64_t change = item->changes;
      Request put = item->request.as_branch(change);
      put.from = self.place_;
      put.patience = Time::never();  // the user has been answered
      Task<Response> writing = self.origin_->call(self, put);
      const Response response = co_await writing;
      self.written_.add(response.ok() ? 1 : 0);
      item = self.find_in(key, spell);
      if (item == nullptr) {
        co_return Done();
      }
      item->is_on_its_way = false;
      if (response.ok() && item->changes == change) {
        self.items_.erase(key);
        self.dirty_level_.change(self.inside_.simulation().now(), -1);
        self.listener_.written_back(key, response.stamp);
        co_return Done();
      }
      co_await self.inside_.simulation().delay(self.delay_);
    }
  }

  Dirty* find_in(std::uint64_t key, std::uint64_t spell) {
    const auto found = items_.find(key);
    return found == items_.end() || found->second.spell != spell ? nullptr : &found->second;
  }

  Scope& inside_;
  Listener& listener_;
  Caller* origin_ = nullptr;
  PlaceId place_;
  Duration delay_;
  std::map<std::uint64_t, Dirty> items_;  ///< ordered: they are gone through after a crash
  std::uint64_t spells_ = 0;
  Gauge& dirty_level_;
  Tally& written_;
  Tally& lost_;
};

}  // namespace stampede
