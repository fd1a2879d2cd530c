#pragma once

// Every eviction policy once more, slow and obvious: whole caches, each written from its paper with
// nothing but vectors and maps, to compare the hit or miss of every access with.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/random/stream.hpp"

namespace stampede {

/// A cache that is to be believed.
class Oracle {
 public:
  explicit Oracle(std::uint64_t capacity) : capacity_(capacity) {}
  virtual ~Oracle() = default;

  /// Whether it was a hit.
  bool access(std::uint64_t key, std::uint32_t weight = 1) {
    if (has(key)) {
      hit(key);
      return true;
    }
    miss(key);
    if (weight <= capacity_) {
      arrive(key, weight);
    }
    return false;
  }
  void purge(std::uint64_t key) {
    if (has(key)) {
      leave(key);
    }
  }

 protected:
  virtual bool has(std::uint64_t key) const = 0;
  virtual void hit(std::uint64_t key) = 0;
  virtual void miss(std::uint64_t) {}
  virtual void arrive(std::uint64_t key, std::uint32_t weight) = 0;
  virtual void leave(std::uint64_t key) = 0;

  std::uint64_t capacity_;
};

/// Items in a row, the oldest first.
class Row {
 public:
  struct Item {
    std::uint64_t key;
    std::uint64_t weight;
    std::uint64_t uses = 0;
  };

  bool has(std::uint64_t key) const { return keys_.count(key) > 0; }
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  std::uint64_t weight() const { return weight_; }
  std::vector<Item>& items() { return items_; }
  Item& front() { return items_.front(); }
  Item& operator[](std::uint64_t key) { return items_[index(key)]; }

  void push(const Item& item) {
    items_.push_back(item);
    keys_.insert(item.key);
    weight_ += item.weight;
  }
  Item take(std::uint64_t key) { return take_at(index(key)); }
  Item take_front() { return take_at(0); }
  Item take_at(std::size_t at) {
    const Item item = items_[at];
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(at));
    keys_.erase(item.key);
    weight_ -= item.weight;
    return item;
  }
  std::size_t index(std::uint64_t key) const {
    std::size_t at = 0;
    while (items_[at].key != key) {
      ++at;
    }
    return at;
  }

 private:
  std::vector<Item> items_;
  std::unordered_set<std::uint64_t> keys_;
  std::uint64_t weight_ = 0;
};

/// A cache that is one row.
class RowOracle : public Oracle {
 public:
  using Oracle::Oracle;

 protected:
  bool has(std::uint64_t key) const override { return row_.has(key); }
  void hit(std::uint64_t) override {}
  void arrive(std::uint64_t key, std::uint32_t weight) override {
    while (row_.weight() + weight > capacity_) {
      if (!make_room(key)) {
        return;
      }
    }
    row_.push({key, weight});
  }
  void leave(std::uint64_t key) override { row_.take(key); }
  /// Takes one item out; false if the newcomer stays outside instead.
  virtual bool make_room(std::uint64_t) {
    row_.take_front();
    return true;
  }

  Row row_;
};

class FifoOracle final : public RowOracle {
 public:
  using RowOracle::RowOracle;
};

class LruOracle final : public RowOracle {
 public:
  using RowOracle::RowOracle;

 private:
  void hit(std::uint64_t key) override { row_.push(row_.take(key)); }
};

class NoneOracle final : public RowOracle {
 public:
  using RowOracle::RowOracle;

 private:
  bool make_room(std::uint64_t) override { return false; }
};

/// In the order of the last use: the first one with the lowest count is the least recently used.
class LfuOracle final : public RowOracle {
 public:
  using RowOracle::RowOracle;

 private:
  void hit(std::uint64_t key) override {
    Row::Item item = row_.take(key);
    ++item.uses;
    row_.push(item);
  }
  bool make_room(std::uint64_t) override {
    const auto fewer = [](const Row::Item& a, const Row::Item& b) { return a.uses < b.uses; };
    const auto least = std::min_element(row_.items().begin(), row_.items().end(), fewer);
    row_.take_at(static_cast<std::size_t>(least - row_.items().begin()));
    return true;
  }
};

class PerfectLfuOracle final : public RowOracle {
 public:
  using RowOracle::RowOracle;

 private:
  void hit(std::uint64_t key) override {
    Row::Item item = row_.take(key);
    item.uses = ++requests_[key];
    row_.push(item);
  }
  void miss(std::uint64_t key) override { ++requests_[key]; }
  void arrive(std::uint64_t key, std::uint32_t weight) override {
    RowOracle::arrive(key, weight);
    if (row_.has(key)) {
      row_[key].uses = requests_[key];
    }
  }
  bool make_room(std::uint64_t incoming) override {
    const auto fewer = [](const Row::Item& a, const Row::Item& b) { return a.uses < b.uses; };
    const auto least = std::min_element(row_.items().begin(), row_.items().end(), fewer);
    if (requests_[incoming] < least->uses) {
      return false;
    }
    row_.take_at(static_cast<std::size_t>(least - row_.items().begin()));
    return true;
  }

  std::map<std::uint64_t, std::uint64_t> requests_;
};

/// Draws as the policy does, from items in the same order: who leaves is replaced by the last.
class RandomOracle final : public RowOracle {
 public:
  RandomOracle(std::uint64_t capacity, Draw random) : RowOracle(capacity), random_(random) {}

 private:
  void leave(std::uint64_t key) override { take_and_close(row_.index(key)); }
  bool make_room(std::uint64_t) override {
    const std::uint64_t at = random_.below(row_.size());
    take_and_close(at);
    return true;
  }
  void take_and_close(std::size_t at) {
    std::swap(row_.items()[at], row_.items().back());
    row_.take_at(row_.size() - 1);
  }

  Draw random_;
};

/// evictionPoolPopulate and performEvictions of Redis's src/evict.c, with the array of the pool and
/// its empty places on the right.
class SampledLruOracle final : public RowOracle {
 public:
  SampledLruOracle(std::uint64_t capacity, Draw random, int samples = 5)
      : RowOracle(capacity), random_(random), samples_(samples), pool_(16) {}

 private:
  struct Place {
    bool is_taken = false;
    std::uint64_t idle = 0;
    std::uint64_t key = 0;
  };

  void hit(std::uint64_t key) override { last_use_[key] = ++clock_; }
  void arrive(std::uint64_t key, std::uint32_t weight) override {
    RowOracle::arrive(key, weight);
    last_use_[key] = ++clock_;
  }
  void leave(std::uint64_t key) override {
    const std::size_t at = row_.index(key);
    std::swap(row_.items()[at], row_.items().back());
    row_.take_at(row_.size() - 1);
    std::vector<Place> others(pool_.size());
    std::copy_if(pool_.begin(), pool_.end(), others.begin(),
                 [key](const Place& place) { return place.is_taken && place.key != key; });
    pool_ = others;
  }
  bool make_room(std::uint64_t) override {
    for (int i = 0; i < samples_; ++i) {
      const std::uint64_t at = random_.below(row_.size());
      populate(row_.items()[at].key);
    }
    std::size_t best = pool_.size() - 1;
    while (!pool_[best].is_taken) {
      --best;
    }
    leave(pool_[best].key);
    return true;
  }
  void populate(std::uint64_t key) {
    const std::uint64_t idle = clock_ - last_use_[key];
    const std::size_t last = pool_.size() - 1;
    std::size_t k = 0;
    while (k < pool_.size() && pool_[k].is_taken && pool_[k].idle < idle) {
      ++k;
    }
    if (k == 0 && pool_[last].is_taken) {
      return;  // less idle than everybody, and no place
    }
    if (k < pool_.size() && !pool_[k].is_taken) {
      // an empty place
    } else if (!pool_[last].is_taken) {
      for (std::size_t i = last; i > k; --i) {
        pool_[i] = pool_[i - 1];
      }
    } else {
      --k;
      for (std::size_t i = 0; i < k; ++i) {
        pool_[i] = pool_[i + 1];
      }
    }
    pool_[k] = {true, idle, key};
  }

  Draw random_;
  int samples_;
  std::vector<Place> pool_;
  std::unordered_map<std::uint64_t, std::uint64_t> last_use_;
  std::uint64_t clock_ = 0;
};

/// The hand is an index into the row; `uses` is the visited bit.
class SieveOracle final : public RowOracle {
 public:
  using RowOracle::RowOracle;

 private:
  void hit(std::uint64_t key) override { row_[key].uses = 1; }
  bool make_room(std::uint64_t) override {
    std::size_t at = hand_ < row_.size() ? hand_ : 0;
    while (row_.items()[at].uses == 1) {
      row_.items()[at].uses = 0;
      at = at + 1 < row_.size() ? at + 1 : 0;
    }
    row_.take_at(at);
    hand_ = at < row_.size() ? at : beyond;
    return true;
  }
  void leave(std::uint64_t key) override {
    const std::size_t at = row_.index(key);
    row_.take_at(at);
    if (hand_ != beyond && at < hand_) {
      --hand_;
    }
    if (hand_ != beyond && hand_ >= row_.size()) {
      hand_ = beyond;  // what comes later is behind the hand's back
    }
  }

  static constexpr std::size_t beyond = SIZE_MAX;
  std::size_t hand_ = beyond;
};

/// Algorithm 1 of the paper, but an eviction ends with the first item that is gone.
class S3FifoOracle final : public Oracle {
 public:
  explicit S3FifoOracle(std::uint64_t capacity, double small = 0.1, unsigned promoted_after = 2)
      : Oracle(capacity),
        small_size_(std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>(static_cast<double>(capacity) * small + 1e-9))),
        main_size_(capacity - std::min(capacity, small_size_)),
        promoted_after_(promoted_after) {}

 private:
  bool has(std::uint64_t key) const override { return small_.has(key) || main_.has(key); }
  void hit(std::uint64_t key) override {
    Row::Item& item = small_.has(key) ? small_[key] : main_[key];
    item.uses = std::min<std::uint64_t>(item.uses + 1, 3);
  }
  void arrive(std::uint64_t key, std::uint32_t weight) override {
    while (small_.weight() + main_.weight() + weight > capacity_) {
      if (small_.weight() >= small_size_ || main_.empty()) {
        evict_small();
      } else {
        evict_main();
      }
    }
    if (ghost_.has(key)) {
      ghost_.take(key);
      main_.push({key, weight});
    } else {
      small_.push({key, weight});
    }
  }
  void leave(std::uint64_t key) override { (small_.has(key) ? small_ : main_).take(key); }

  void evict_small() {
    while (!small_.empty()) {
      const Row::Item tail = small_.take_front();
      if (tail.uses < promoted_after_) {
        if (ghost_.has(tail.key)) {
          ghost_.take(tail.key);
        }
        ghost_.push({tail.key, std::max<std::uint64_t>(tail.weight, 1)});
        while (ghost_.weight() > main_size_) {
          ghost_.take_front();
        }
        return;
      }
      main_.push(tail);
      if (main_.weight() > main_size_) {
        evict_main();
        return;
      }
    }
  }
  void evict_main() {
    for (;;) {
      Row::Item tail = main_.take_front();
      if (tail.uses == 0) {
        return;
      }
      --tail.uses;
      main_.push(tail);
    }
  }

  std::uint64_t small_size_;
  std::uint64_t main_size_;
  unsigned promoted_after_;
  Row small_;
  Row main_;
  Row ghost_;
};

class SegmentedLruOracle final : public Oracle {
 public:
  explicit SegmentedLruOracle(std::uint64_t capacity, double share = 0.8)
      : Oracle(capacity),
        protected_size_(static_cast<std::uint64_t>(static_cast<double>(capacity) * share + 1e-9)) {}

 private:
  bool has(std::uint64_t key) const override { return probation_.has(key) || protected_.has(key); }
  void hit(std::uint64_t key) override {
    protected_.push((probation_.has(key) ? probation_ : protected_).take(key));
    while (protected_.weight() > protected_size_) {
      probation_.push(protected_.take_front());
    }
  }
  void arrive(std::uint64_t key, std::uint32_t weight) override {
    while (probation_.weight() + protected_.weight() + weight > capacity_) {
      (probation_.empty() ? protected_ : probation_).take_front();
    }
    probation_.push({key, weight});
  }
  void leave(std::uint64_t key) override {
    (probation_.has(key) ? probation_ : protected_).take(key);
  }

  std::uint64_t protected_size_;
  Row probation_;
  Row protected_;
};

/// ARC(c) as in figure 4 of the paper, case by case; all weights are 1. The one addition: nothing
/// is replaced while purges have left room.
class ArcOracle final : public Oracle {
 public:
  using Oracle::Oracle;

 private:
  bool has(std::uint64_t key) const override { return t1_.has(key) || t2_.has(key); }
  void hit(std::uint64_t key) override {
    t2_.push((t1_.has(key) ? t1_ : t2_).take(key));
  }  // case I
  void arrive(std::uint64_t x, std::uint32_t) override {
    const auto c = static_cast<double>(capacity_);
    const auto b1 = static_cast<double>(b1_.size());
    const auto b2 = static_cast<double>(b2_.size());
    if (b1_.has(x)) {  // case II
      p_ = std::min(p_ + (b1 >= b2 ? 1 : b2 / b1), c);
      replace(x);
      b1_.take(x);
      t2_.push({x, 1});
    } else if (b2_.has(x)) {  // case III
      p_ = std::max(p_ - (b2 >= b1 ? 1 : b1 / b2), 0.0);
      replace(x);
      b2_.take(x);
      t2_.push({x, 1});
    } else {  // case IV
      const std::size_t l1 = t1_.size() + b1_.size();
      const std::size_t all = l1 + t2_.size() + b2_.size();
      if (l1 == capacity_) {
        if (t1_.size() < capacity_) {
          b1_.take_front();
          replace(x);
        } else {
          t1_.take_front();
        }
      } else if (all >= capacity_) {
        if (all == 2 * capacity_) {
          b2_.take_front();
        }
        replace(x);
      }
      t1_.push({x, 1});
    }
  }
  void replace(std::uint64_t x) {
    if (t1_.size() + t2_.size() < capacity_) {
      return;
    }
    const auto t1 = static_cast<double>(t1_.size());
    if (!t1_.empty() && (t1 > p_ || (b2_.has(x) && t1 == p_))) {
      b1_.push(t1_.take_front());
    } else {
      b2_.push(t2_.take_front());
    }
  }
  void leave(std::uint64_t key) override { (t1_.has(key) ? t1_ : t2_).take(key); }

  Row t1_;
  Row t2_;
  Row b1_;
  Row b2_;
  double p_ = 0;
};

/// ARC with weights: the ghosts are shortened after the newcomer came in, not before.
class WeightedArcOracle final : public Oracle {
 public:
  using Oracle::Oracle;

 private:
  bool has(std::uint64_t key) const override { return t1_.has(key) || t2_.has(key); }
  void hit(std::uint64_t key) override { t2_.push((t1_.has(key) ? t1_ : t2_).take(key)); }
  void arrive(std::uint64_t x, std::uint32_t weight) override {
    const auto b1 = static_cast<double>(b1_.weight());
    const auto b2 = static_cast<double>(b2_.weight());
    const bool was_in_b1 = b1_.has(x);
    const bool was_in_b2 = b2_.has(x);
    if (was_in_b1) {
      const auto ghost = static_cast<double>(b1_.take(x).weight);
      p_ = std::min(p_ + ghost * (b1 >= b2 ? 1 : b2 / b1), static_cast<double>(capacity_));
    } else if (was_in_b2) {
      const auto ghost = static_cast<double>(b2_.take(x).weight);
      p_ = std::max(p_ - ghost * (b2 >= b1 ? 1 : b1 / b2), 0.0);
    }
    while (t1_.weight() + t2_.weight() + weight > capacity_) {
      const auto t1 = static_cast<double>(t1_.weight());
      const bool from_t1 = t2_.empty() || (!t1_.empty() && (t1 > p_ || (was_in_b2 && t1 == p_)));
      Row::Item victim = (from_t1 ? t1_ : t2_).take_front();
      victim.weight = std::max<std::uint64_t>(victim.weight, 1);
      (from_t1 ? b1_ : b2_).push(victim);
    }
    (was_in_b1 || was_in_b2 ? t2_ : t1_).push({x, weight});
    while (t1_.weight() + b1_.weight() > capacity_) {
      b1_.take_front();
    }
    while (t1_.weight() + b1_.weight() + t2_.weight() + b2_.weight() > 2 * capacity_) {
      b2_.take_front();
    }
  }
  void leave(std::uint64_t key) override { (t1_.has(key) ? t1_ : t2_).take(key); }

  Row t1_;
  Row t2_;
  Row b1_;
  Row b2_;
  double p_ = 0;
};

/// The count-min sketch of W-TinyLFU with a number for each counter: blocks of four rows of 32.
class SketchOracle {
 public:
  void has_entries(std::size_t entries) {
    most_entries_ = std::max(most_entries_, entries);
    while (blocks_.size() * 8 < most_entries_) {
      const std::vector<Block> copies = blocks_;
      blocks_.insert(blocks_.end(), copies.begin(), copies.end());
    }
  }
  int count(std::uint64_t key) {
    int least = 15;
    for (int row = 0; row < 4; ++row) {
      least = std::min(least, counter(key, row));
    }
    return least;
  }
  void add(std::uint64_t key) {
    bool has_changed = false;
    for (int row = 0; row < 4; ++row) {
      if (counter(key, row) < 15) {
        ++counter(key, row);
        has_changed = true;
      }
    }
    added_ += has_changed ? 1 : 0;
    if (has_changed && added_ >= 10 * std::max<std::size_t>(most_entries_, 1)) {
      std::size_t odd = 0;
      for (Block& block : blocks_) {
        for (int& counter : block) {
          odd += counter % 2 == 1 ? 1 : 0;
          counter /= 2;
        }
      }
      added_ = (added_ - std::min(added_, odd / 4)) / 2;
    }
  }

 private:
  using Block = std::vector<int>;

  int& counter(std::uint64_t key, int row) {
    const std::uint64_t hash = mix(key);
    const std::uint64_t byte = (hash >> (8 * row)) % 256;
    Block& block = blocks_[(hash / 0x1'0000'0000) % blocks_.size()];
    return block[static_cast<std::size_t>(row) * 32 + byte % 32];
  }

  std::vector<Block> blocks_{Block(128, 0)};
  std::size_t most_entries_ = 0;
  std::size_t added_ = 0;
};

/// What both oracles of W-TinyLFU share: the three rows and what a hit does.
class TinyLfuRows : public Oracle {
 public:
  explicit TinyLfuRows(std::uint64_t capacity, double window = 0.01, double share = 0.8)
      : Oracle(capacity) {
    const auto whole = [](std::uint64_t of, double part) {
      return static_cast<std::uint64_t>(static_cast<double>(of) * part + 1e-9);
    };
    main_size_ = std::min(whole(capacity, 1 - window), capacity - 1);
    window_size_ = capacity - main_size_;
    protected_size_ = whole(main_size_, share);
  }

 protected:
  bool has(std::uint64_t key) const override {
    return window_.has(key) || probation_.has(key) || protected_.has(key);
  }
  void hit(std::uint64_t key) override {
    sketch_.add(key);
    if (window_.has(key)) {
      window_.push(window_.take(key));
      return;
    }
    protected_.push(row_of(key).take(key));
    while (protected_.weight() > protected_size_) {
      probation_.push(protected_.take_front());
    }
  }
  void miss(std::uint64_t key) override { sketch_.add(key); }
  void leave(std::uint64_t key) override { row_of(key).take(key); }

  Row& row_of(std::uint64_t key) {
    return window_.has(key) ? window_ : probation_.has(key) ? probation_ : protected_;
  }
  std::size_t size() const { return window_.size() + probation_.size() + protected_.size(); }

  std::uint64_t main_size_ = 0;
  std::uint64_t window_size_ = 0;
  std::uint64_t protected_size_ = 0;
  Row window_;
  Row probation_;
  Row protected_;
  SketchOracle sketch_;
};

/// As Caffeine's simulator does it (WindowTinyLfuPolicy.java): the newcomer enters first, then what
/// is too much goes. All weights are 1.
class WTinyLfuOracle final : public TinyLfuRows {
 public:
  using TinyLfuRows::TinyLfuRows;

 private:
  void arrive(std::uint64_t key, std::uint32_t) override {
    window_.push({key, 1});
    if (window_.size() > window_size_) {
      const Row::Item candidate = window_.take_front();
      probation_.push(candidate);
      if (size() > capacity_) {
        const std::uint64_t victim = probation_.front().key;
        const bool is_admitted = sketch_.count(candidate.key) > sketch_.count(victim);
        probation_.take(is_admitted ? victim : candidate.key);
      }
    }
    sketch_.has_entries(size());
  }
};

/// The same with weights: room is made before the newcomer enters.
class WeightedWTinyLfuOracle final : public TinyLfuRows {
 public:
  using TinyLfuRows::TinyLfuRows;

 private:
  void arrive(std::uint64_t key, std::uint32_t weight) override {
    while (window_.weight() + probation_.weight() + protected_.weight() + weight > capacity_) {
      if (!make_room(key)) {
        return;
      }
    }
    window_.push({key, weight});
    while (window_.weight() > window_size_) {
      probation_.push(window_.take_front());
    }
    sketch_.has_entries(size());
  }
  bool make_room(std::uint64_t incoming) {
    if (probation_.empty() && protected_.empty()) {
      window_.take_front();
      return true;
    }
    Row& row = probation_.empty() ? protected_ : probation_;
    if (probation_.weight() + protected_.weight() > main_size_) {
      row.take_front();
      return true;
    }
    const int value = sketch_.count(window_.empty() ? incoming : window_.front().key);
    if (value > sketch_.count(row.front().key)) {
      row.take_front();
      if (!window_.empty()) {
        probation_.push(window_.take_front());
      }
      return true;
    }
    if (window_.empty()) {
      return false;
    }
    window_.take_front();
    return true;
  }
};

/// The oracle of a policy with its default settings.
inline std::unique_ptr<Oracle> make_oracle(const std::string& kind, std::uint64_t capacity,
                                           Draw random, bool has_weights) {
  if (kind == "fifo") {
    return std::make_unique<FifoOracle>(capacity);
  }
  if (kind == "lru") {
    return std::make_unique<LruOracle>(capacity);
  }
  if (kind == "none") {
    return std::make_unique<NoneOracle>(capacity);
  }
  if (kind == "lfu") {
    return std::make_unique<LfuOracle>(capacity);
  }
  if (kind == "perfect_lfu") {
    return std::make_unique<PerfectLfuOracle>(capacity);
  }
  if (kind == "random") {
    return std::make_unique<RandomOracle>(capacity, random);
  }
  if (kind == "sampled_lru") {
    return std::make_unique<SampledLruOracle>(capacity, random);
  }
  if (kind == "sieve") {
    return std::make_unique<SieveOracle>(capacity);
  }
  if (kind == "s3_fifo") {
    return std::make_unique<S3FifoOracle>(capacity);
  }
  if (kind == "segmented_lru") {
    return std::make_unique<SegmentedLruOracle>(capacity);
  }
  if (kind == "arc" && has_weights) {
    return std::make_unique<WeightedArcOracle>(capacity);
  }
  if (kind == "arc") {
    return std::make_unique<ArcOracle>(capacity);
  }
  if (kind == "w_tinylfu" && has_weights) {
    return std::make_unique<WeightedWTinyLfuOracle>(capacity);
  }
  if (kind == "w_tinylfu") {
    return std::make_unique<WTinyLfuOracle>(capacity);
  }
  return nullptr;
}

}  // namespace stampede
