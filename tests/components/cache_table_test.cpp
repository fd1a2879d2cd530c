#include "../../src/components/cache/cache_table.hpp"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <list>
#include <map>

#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// The least recently used goes: written in the plainest way, with a list.
class PlainLru final : public EvictionPolicy {
 public:
  void used(EntrySlot slot) override {
    order_.remove(slot);
    order_.push_back(slot);
  }
  void inserted(EntrySlot slot, std::uint64_t, std::uint32_t) override { order_.push_back(slot); }
  EntrySlot evict(std::uint64_t) override {
    const EntrySlot oldest = order_.front();
    order_.pop_front();
    return oldest;
  }
  void removed(EntrySlot slot) override { order_.remove(slot); }

 private:
  std::list<EntrySlot> order_;
};

/// Never makes room.
class Stubborn final : public EvictionPolicy {
 public:
  void used(EntrySlot) override {}
  void inserted(EntrySlot, std::uint64_t, std::uint32_t) override {}
  EntrySlot evict(std::uint64_t) override { return nobody; }
  void removed(EntrySlot) override {}
};

/// The same by the standard library: keys and weights in the order of their use.
class Oracle {
 public:
  explicit Oracle(std::uint64_t capacity) : capacity_(capacity) {}

  bool ask(std::uint64_t key) {
    if (weights_.find(key) == weights_.end()) {
      return false;
    }
    order_.remove(key);
    order_.push_back(key);
    return true;
  }
  /// The keys that went; `key` is not there.
  std::vector<std::uint64_t> insert(std::uint64_t key, std::uint32_t weight) {
    std::vector<std::uint64_t> gone;
    if (weight > capacity_) {
      return gone;
    }
    while (weight_ + weight > capacity_) {
      gone.push_back(order_.front());
      remove(order_.front());
    }
    weights_[key] = weight;
    weight_ += weight;
    order_.push_back(key);
    return gone;
  }
  void remove(std::uint64_t key) {
    const auto found = weights_.find(key);
    if (found != weights_.end()) {
      weight_ -= found->second;
      weights_.erase(found);
      order_.remove(key);
    }
  }

  const std::map<std::uint64_t, std::uint32_t>& weights() const { return weights_; }
  std::uint64_t weight() const { return weight_; }

 private:
  std::uint64_t capacity_;
  std::uint64_t weight_ = 0;
  std::map<std::uint64_t, std::uint32_t> weights_;
  std::list<std::uint64_t> order_;
};

enum class Deed { ask, insert, remove };
struct Step {
  Deed deed = Deed::ask;
  std::uint64_t key = 0;
  std::uint32_t weight = 1;
};

rc::Gen<std::vector<Step>> any_steps() {
  const auto step = rc::gen::build<Step>(
      rc::gen::set(&Step::deed,
                   rc::gen::element(Deed::ask, Deed::insert, Deed::insert, Deed::remove)),
      rc::gen::set(&Step::key, rc::gen::inRange<std::uint64_t>(0, 60)),
      rc::gen::set(&Step::weight, rc::gen::inRange<std::uint32_t>(1, 40)));
  return rc::gen::container<std::vector<Step>>(step);
}

void show(const Step& step, std::ostream& out) {
  out << static_cast<int>(step.deed) << " " << step.key << " " << step.weight;
}

TEST_CASE("a cache table holds what a map would, whatever comes and goes") {
  rc::prop("agrees with a map and a list", [] {
    const std::uint64_t capacity = *rc::gen::inRange<std::uint64_t>(1, 400);
    const auto steps = *rc::gen::resize(300, any_steps());
    CacheTable table(capacity, std::make_unique<PlainLru>());
    Oracle oracle(capacity);
    for (const Step& step : steps) {
      // Keys that are far apart and keys that are neighbours, so that both probe.
      const std::uint64_t key = step.key < 30 ? step.key : step.key << 40;
      switch (step.deed) {
        case Deed::ask:
          RC_ASSERT((table.ask(key) != CacheTable::nobody) == oracle.ask(key));
          break;
        case Deed::insert:
          if (table.find(key) == CacheTable::nobody) {
            std::vector<std::uint64_t> gone;
            const EntrySlot slot = table.insert(
                key, step.weight,
                [&](std::uint64_t evicted, const CachedItem&) { gone.push_back(evicted); });
            RC_ASSERT(gone == oracle.insert(key, step.weight));
            RC_ASSERT((slot != CacheTable::nobody) == (step.weight <= capacity));
          }
          break;
        case Deed::remove:
          if (const EntrySlot slot = table.find(key); slot != CacheTable::nobody) {
            table.remove(slot);
          }
          oracle.remove(key);
          break;
      }
      RC_ASSERT(table.size() == oracle.weights().size());
      RC_ASSERT(table.weight() == oracle.weight());
      RC_ASSERT(table.weight() <= capacity);
      for (const auto& [held, weight] : oracle.weights()) {
        const EntrySlot slot = table.find(held);
        RC_ASSERT(slot != CacheTable::nobody);
        RC_ASSERT(table.key(slot) == held);
      }
    }
  });
}

TEST_CASE("an item stays with its key while the table grows and others leave") {
  CacheTable table(100'000, std::make_unique<Stubborn>());
  for (std::uint64_t key = 0; key < 20'000; ++key) {
    const EntrySlot slot = table.insert(key * key, 1, [](std::uint64_t, const CachedItem&) {});
    REQUIRE(slot != CacheTable::nobody);
    table[slot].size = static_cast<std::uint32_t>(key);
  }
  for (std::uint64_t key = 0; key < 20'000; key += 2) {
    table.remove(table.find(key * key));
  }
  CHECK(table.size() == 10'000);
  int wrong = 0;
  for (std::uint64_t key = 0; key < 20'000; ++key) {
    const EntrySlot slot = table.find(key * key);
    wrong += key % 2 == 0 ? slot != CacheTable::nobody : table[slot].size != key;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a policy that keeps what it has leaves the newcomer outside") {
  CacheTable table(10, std::make_unique<Stubborn>());
  const auto nothing = [](std::uint64_t, const CachedItem&) { FAIL("nothing goes"); };
  CHECK(table.insert(1, 6, nothing) != CacheTable::nobody);
  CHECK(table.insert(2, 5, nothing) == CacheTable::nobody);
  CHECK(table.insert(3, 4, nothing) != CacheTable::nobody);
  CHECK(table.weight() == 10);
}

TEST_CASE("clearing tells of each item and leaves an empty table that works") {
  CacheTable table(10, std::make_unique<PlainLru>());
  const auto nothing = [](std::uint64_t, const CachedItem&) {};
  for (std::uint64_t key = 0; key < 5; ++key) {
    table[table.insert(key, 2, nothing)].size = 2;
  }
  std::uint32_t size = 0;
  table.clear([&](const CachedItem& item) { size += item.size; });
  CHECK(size == 10);
  CHECK(table.size() == 0);
  CHECK(table.weight() == 0);
  CHECK(table.find(3) == CacheTable::nobody);
  CHECK(table.insert(3, 10, nothing) != CacheTable::nobody);
}

}  // namespace
}  // namespace stampede
