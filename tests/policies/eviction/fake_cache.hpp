#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "stampede/model/eviction.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Settings as a user writes them: {{"samples", "5"}}.
using SettingsText = std::vector<std::pair<std::string, std::string>>;

template <class Base>
Choice<Base> read_choice(const std::string& kind, const SettingsText& settings,
                         Problems& problems) {
  std::vector<Value::Member> members{{"kind", {}, Value::scalar(kind)}};
  for (const auto& [key, text] : settings) {
    members.push_back({key, {}, Value::scalar(text)});
  }
  Choice<Base> choice;
  Reader reader(problems);
  reader.read(Value::map(members), choice);
  return choice;
}

/// The random sequence of the policy of a fake cache, for an oracle that draws as it does.
inline Draw eviction_draw() { return Stream(1, 0, "cache", "eviction").sequence(); }

/// What a cache does around an eviction policy, without time: keeps the books in the standard
/// library's map and calls the policy as the contract says. What misses is put in at once.
class FakeCache {
 public:
  FakeCache(const std::string& kind, std::uint64_t capacity, const SettingsText& settings = {})
      : capacity_(capacity) {
    Problems problems;
    const auto choice = read_choice<EvictionPolicy>(kind, settings, problems);
    REQUIRE(problems.empty());
    policy_ = choice.make({capacity, eviction_draw()});
  }

  /// Whether it was a hit.
  bool access(std::uint64_t key, std::uint32_t weight = 1) {
    if (ask(key)) {
      return true;
    }
    put(key, weight);
    return false;
  }
  /// The two halves of an access.
  bool ask(std::uint64_t key) {
    const auto found = slots_.find(key);
    if (found == slots_.end()) {
      ++misses_;
      policy_->missed(key);
      return false;
    }
    ++hits_;
    policy_->used(found->second);
    return true;
  }
  void put(std::uint64_t key, std::uint32_t weight = 1) {
    if (weight > capacity_) {
      return;
    }
    while (capacity_ - weight_ < weight) {
      const EntrySlot victim = policy_->evict(key);
      if (victim == EvictionPolicy::nobody) {
        return;
      }
      drop(victim);
    }
    if (free_.empty()) {
      free_.push_back(static_cast<EntrySlot>(entries_.size()));
      entries_.emplace_back();
    }
    const EntrySlot slot = free_.back();
    free_.pop_back();
    entries_[slot] = {key, weight, true};
    slots_[key] = slot;
    weight_ += weight;
    policy_->inserted(slot, key, weight);
  }
  void purge(std::uint64_t key) {
    const auto found = slots_.find(key);
    if (found != slots_.end()) {
      policy_->removed(found->second);
      drop(found->second);
    }
  }

  bool has(std::uint64_t key) const { return slots_.count(key) > 0; }
  std::size_t size() const { return slots_.size(); }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t weight = 0;
    bool is_used = false;
  };

  void drop(EntrySlot slot) {
    if (slot >= entries_.size() || !entries_[slot].is_used) {  // REQUIRE is too slow here
      FAIL("slot " << slot << " was evicted, which has no entry");
    }
    slots_.erase(entries_[slot].key);
    weight_ -= entries_[slot].weight;
    entries_[slot].is_used = false;
    free_.push_back(slot);
  }

  std::uint64_t capacity_;
  std::uint64_t weight_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::unique_ptr<EvictionPolicy> policy_;
  std::unordered_map<std::uint64_t, EntrySlot> slots_;
  std::vector<Entry> entries_;
  std::vector<EntrySlot> free_;
};

}  // namespace stampede
