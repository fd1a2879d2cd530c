#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "stampede/base/hash.hpp"

namespace stampede {

/// Numbers by key, in one array of 16 bytes a place (open addressing, at most three quarters full):
/// a policy that remembers keys which are not in the cache has as many of them as the cache.
class KeyMap {
 public:
  KeyMap() : places_(16) {}

  std::size_t size() const { return size_; }

  /// The number of the key, nullptr if it has none. Valid until the map changes.
  std::uint32_t* find(std::uint64_t key) {
    Place& place = places_[place_of(key)];
    return place.is_used ? &place.number : nullptr;
  }
  /// The number of the key, which is 0 if it had none.
  std::uint32_t& operator[](std::uint64_t key) {
    std::size_t at = place_of(key);
    if (!places_[at].is_used) {
      if ((size_ + 1) * 4 > places_.size() * 3) {
        grow();
        at = place_of(key);
      }
      places_[at] = Place{key, 0, true};
      ++size_;
    }
    return places_[at].number;
  }
  void erase(std::uint64_t key) {
    std::size_t hole = place_of(key);
    if (!places_[hole].is_used) {
      return;
    }
    // No tombstones: what stands behind the hole and may move into it does.
    for (std::size_t at = next(hole); places_[at].is_used; at = next(at)) {
      const std::size_t home = home_of(places_[at].key);
      if (((at - home) & mask()) >= ((at - hole) & mask())) {
        places_[hole] = places_[at];
        hole = at;
      }
    }
    places_[hole].is_used = false;
    --size_;
  }

 private:
  struct Place {
    std::uint64_t key = 0;
    std::uint32_t number = 0;
    bool is_used = false;
  };

  std::size_t mask() const { return places_.size() - 1; }
  std::size_t home_of(std::uint64_t key) const { return mix(key) & mask(); }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  /// Where the key is, or the free place where it would be.
  std::size_t place_of(std::uint64_t key) const {
    std::size_t at = home_of(key);
    while (places_[at].is_used && places_[at].key != key) {
      at = next(at);
    }
    return at;
  }
  void grow() {
    std::vector<Place> before(places_.size() * 2);
    before.swap(places_);
    for (const Place& place : before) {
      if (place.is_used) {
        places_[place_of(place.key)] = place;
      }
    }
  }

  std::vector<Place> places_;  // their number is a power of two
  std::size_t size_ = 0;
};

}  // namespace stampede
