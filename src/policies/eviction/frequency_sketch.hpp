#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stampede/base/hash.hpp"

namespace stampede {

/// How often a key was asked for of late, about: a count-min sketch (Cormode, Muthukrishnan,
/// Journal of Algorithms 55, 2005) of counters up to 15, which are all halved after ten requests
/// for each entry of the cache (the reset of TinyLFU). Never too low between two halvings.
///
/// Laid out as in Caffeine's FrequencySketch: 16 counters for each entry, and the four counters of
/// a key within 64 bytes, one in each of the four rows of 32 counters that are there.
class FrequencySketch {
 public:
  /// The cache has come to hold so many entries. What is counted stays: a key looks for its
  /// counters in one of twice as many blocks, and both halves start as copies.
  void make_room_for(std::size_t entries) {
    entries_ = std::max(entries_, entries);
    while (words_.size() < entries_) {
      const std::size_t before = words_.size();
      words_.resize(before * 2);
      std::copy_n(words_.begin(), before, words_.begin() + static_cast<std::ptrdiff_t>(before));
    }
  }

  std::uint32_t count(std::uint64_t key) const {
    const std::uint64_t hash = mix(key);
    std::uint32_t least = 15;
    for (unsigned row = 0; row < 4; ++row) {
      const Counter counter = counter_of(hash, row);
      least =
          std::min(least, static_cast<std::uint32_t>(words_[counter.word] >> counter.shift) & 15);
    }
    return least;
  }

  void add(std::uint64_t key) {
    const std::uint64_t hash = mix(key);
    bool is_new = false;
    for (unsigned row = 0; row < 4; ++row) {
      const Counter counter = counter_of(hash, row);
      if (((words_[counter.word] >> counter.shift) & 15) != 15) {
        words_[counter.word] += std::uint64_t{1} << counter.shift;
        is_new = true;
      }
    }
    if (is_new && ++added_ >= sample * std::max<std::size_t>(entries_, 1)) {
      halve();
    }
  }

 private:
  static constexpr std::size_t sample = 10;

  struct Counter {
    std::size_t word;
    unsigned shift;
  };
  /// The high half of the hash chooses the block of 8 words, its lowest bytes a counter of each
  /// row.
  Counter counter_of(std::uint64_t hash, unsigned row) const {
    const std::size_t block = (hash >> 32) & (words_.size() / 8 - 1);
    const unsigned place = (hash >> (8 * row)) & 31;
    return {block * 8 + row * 2 + place / 16, place % 16 * 4};
  }

  void halve() {
    std::size_t odd = 0;
    for (std::uint64_t& word : words_) {
      odd += static_cast<std::size_t>(std::popcount(word & 0x1111111111111111U));
      word = (word >> 1) & 0x7777777777777777U;
    }
    // Each addition is in four counters, and an odd counter loses half of one.
    added_ = (added_ - std::min(added_, odd / 4)) / 2;
  }

  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(8);  // 16 counters of 4 bits each
  std::size_t entries_ = 0;
  std::size_t added_ = 0;
};

}  // namespace stampede
