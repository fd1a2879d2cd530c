#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stampede {

/// Turns texts into keys: the most frequent one becomes 0, as in the laws of keys. Among equally
/// frequent ones the first to appear goes first.
class TextRanks {
 public:
  /// Counts a text; gives its number in the order of first appearance.
  std::uint32_t add(std::string_view text) {
    const auto [entry, is_new] =
        numbers_.try_emplace(std::string(text), static_cast<std::uint32_t>(texts_.size()));
    if (is_new) {
      texts_.emplace_back(text);
      counts_.push_back(0);
    }
    ++counts_[entry->second];
    return entry->second;
  }

  /// All texts by their numbers.
  const std::vector<std::string>& texts() const { return texts_; }

  /// The rank of each text by its number.
  std::vector<std::uint32_t> ranks() const {
    std::vector<std::uint32_t> by_rank(texts_.size());
    for (std::size_t i = 0; i < by_rank.size(); ++i) {
      by_rank[i] = static_cast<std::uint32_t>(i);
    }
    std::stable_sort(by_rank.begin(), by_rank.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return counts_[a] > counts_[b]; });
    std::vector<std::uint32_t> ranks(texts_.size());
    for (std::size_t rank = 0; rank < by_rank.size(); ++rank) {
      ranks[by_rank[rank]] = static_cast<std::uint32_t>(rank);
    }
    return ranks;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;  // looked up, never walked
  std::vector<std::string> texts_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace stampede
