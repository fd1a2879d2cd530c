#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "stampede/base/hash.hpp"
#include "stampede/random/stream.hpp"
#include "support/files.hpp"

namespace stampede {

using Keys = std::vector<std::uint64_t>;

/// Independent requests for `count` keys, popular as 1 / rank^exponent.
inline Keys zipf_keys(std::size_t length, std::size_t count, double exponent, Draw draw) {
  std::vector<double> up_to(count);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += std::pow(static_cast<double>(i + 1), -exponent);
    up_to[i] = sum;
  }
  Keys keys(length);
  for (std::uint64_t& key : keys) {
    const double where = draw.uniform() * sum;
    const auto found = std::upper_bound(up_to.begin(), up_to.end() - 1, where);
    key = static_cast<std::uint64_t>(found - up_to.begin());
  }
  return keys;
}

/// The same with scans in between: runs over keys that nobody asks for otherwise, and loops over
/// keys that come again in the same order.
inline Keys mixed_keys(std::size_t length, std::size_t count, Draw draw) {
  const Keys popular = zipf_keys(length, count, 0.9, draw);
  Draw mixing(7, 7);
  Keys keys;
  std::uint64_t scanned = 1'000'000;
  while (keys.size() < length) {
    const std::uint64_t run = 1 + mixing.below(count / 4);
    const std::uint64_t what = mixing.below(4);
    for (std::uint64_t i = 0; i < run && keys.size() < length; ++i) {
      const std::uint64_t next = what == 0   ? scanned++
                                 : what == 1 ? 500'000 + i
                                             : popular[keys.size()];
      keys.push_back(next);
    }
  }
  return keys;
}

/// The real traces: requests for the product pages of a web shop, and for blocks of storage.
inline constexpr const char* trace_files[] = {"cache2k_web07_keys.txt", "cloudphysics_keys.txt"};

/// The keys of a trace; none, and a message, if the data is not there.
inline const Keys& trace_keys(const std::string& file) {
  static std::vector<std::pair<std::string, Keys>> known;
  for (const auto& [name, keys] : known) {
    if (name == file) {
      return keys;
    }
  }
  Keys keys;
  if (const auto directory = test::data_directory(file)) {
    std::ifstream in(*directory + "/" + file);
    for (std::uint64_t key; in >> key;) {
      keys.push_back(key);
    }
    REQUIRE(!keys.empty());
  }
  known.reserve(std::size(trace_files));  // what was given out stays where it is
  return known.emplace_back(file, std::move(keys)).second;
}

}  // namespace stampede
