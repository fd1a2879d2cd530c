#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "hash_on.hpp"
#include "stampede/model/load_balancing.hpp"

namespace stampede {

/// The only one; named because people paste it from their Envoy configuration.
enum class RingHashFunction { xx_hash };

inline const EnumNames<RingHashFunction>& names(RingHashFunction) {
  static const EnumNames<RingHashFunction> table{{{RingHashFunction::xx_hash, "xx_hash"}}};
  return table;
}

struct RingSettings {
  std::uint64_t minimum_ring_size = 1024;
  std::uint64_t maximum_ring_size = 8388608;
  RingHashFunction hash_function = RingHashFunction::xx_hash;
  HashOn hash_on = HashOn::key;
};

inline void describe(Visitor& v, RingSettings& s) {
  constexpr std::uint64_t most = 8388608;  // Envoy's limit
  v.field("minimum_ring_size", s.minimum_ring_size,
          "points on the ring at least; the more, the more even the shares", at_least(1),
          at_most(most));
  v.field("maximum_ring_size", s.maximum_ring_size,
          "points on the ring at most, however unequal the weights", at_least(1), at_most(most));
  v.field("hash_function", s.hash_function, "what places backends on the ring");
  v.field("hash_on", s.hash_on, hash_on_meaning);
  v.check(s.minimum_ring_size <= s.maximum_ring_size, "minimum_ring_size",
          "is more than maximum_ring_size");
}

/// Consistent hashing (Karger et al., STOC 1997): each backend has points on a circle in proportion
/// to its weight, and a request belongs to the first point at or after its hash. Built as Envoy's
/// ring_hash_lb.cc does: the lightest backend gets a whole number of points, just enough for the
/// minimum size. Note what follows from it: when a backend leaves, the others may get more points,
/// so a few more keys move than were its own.
class HashRing {
 public:
  void build(const BackendView& view, const RingSettings& settings, std::uint64_t seed) {
    const Points points = points_for(view, settings);
    ring_.clear();
    ring_.reserve(static_cast<std::size_t>(std::ceil(points.total)) + 1);
    // Shares of points are not always whole: running sums spread what is lost over the backends.
    double target = 0;
    for (const BackendSlot slot : view.eligible()) {
      target += points.for_lightest * (view[slot].weight / points.lightest);
      for (std::uint64_t i = 0; static_cast<double>(ring_.size()) < target; ++i) {
        ring_.push_back(Point{place(view[slot].name_hash, i, seed), slot});
      }
    }
    std::sort(ring_.begin(), ring_.end(), [](const Point& a, const Point& b) {
      return std::tie(a.hash, a.owner) < std::tie(b.hash, b.owner);
    });
    prepare_guesses();
  }

  std::size_t size() const { return ring_.size(); }

  /// The index of the point that a hash belongs to. Hashes are spread evenly, so the first guess is
  /// at most a few points away: flat, where a binary search takes a mispredicted branch a step.
  std::size_t at(std::uint64_t hash) const {
    std::size_t point = guesses_[hash >> guess_shift_];
    while (point < ring_.size() && ring_[point].hash < hash) {
      ++point;
    }
    return point == ring_.size() ? 0 : point;
  }
  /// The point after it, around the circle.
  std::size_t next(std::size_t point) const { return point + 1 == ring_.size() ? 0 : point + 1; }

  BackendSlot owner(std::size_t point) const { return ring_[point].owner; }

 private:
  struct Point {
    std::uint64_t hash;
    BackendSlot owner;
  };
  struct Points {
    double lightest;      // the least weight of a backend
    double for_lightest;  // points for that backend
    double total;
  };

  static Points points_for(const BackendView& view, const RingSettings& settings) {
    double lightest = view[view.eligible().front()].weight;
    double sum = 0;
    for (const BackendSlot slot : view.eligible()) {
      lightest = std::min(lightest, view[slot].weight);
      sum += view[slot].weight;
    }
    if (view.has_equal_weights()) {
      sum = lightest * static_cast<double>(view.eligible().size());
    }
    const double backends = sum / lightest;  // as many as this, were all of them as light
    const double wanted = std::ceil(static_cast<double>(settings.minimum_ring_size) / backends);
    const double most = static_cast<double>(settings.maximum_ring_size) / backends;
    const double for_lightest = std::min(wanted, most);
    return Points{lightest, for_lightest, for_lightest * backends};
  }

  static std::uint64_t place(std::uint64_t name_hash, std::uint64_t i, std::uint64_t seed) {
    const auto bytes = std::bit_cast<std::array<char, 16>>(std::array{name_hash, i});
    return hash_bytes(std::string_view(bytes.data(), bytes.size()), seed);
  }

  /// About one guess for each point.
  void prepare_guesses() {
    guess_shift_ = 64 - static_cast<int>(std::bit_width(ring_.size()));
    guesses_.clear();
    std::uint32_t point = 0;
    for (std::uint64_t i = 0; i <= ~std::uint64_t{0} >> guess_shift_; ++i) {
      while (point < ring_.size() && ring_[point].hash >> guess_shift_ < i) {
        ++point;
      }
      guesses_.push_back(point);
    }
  }

  std::vector<Point> ring_;  // by hash
  /// By the first bits of a hash: the first point whose hash begins with them or with more.
  std::vector<std::uint32_t> guesses_;
  int guess_shift_ = 0;
};

}  // namespace stampede
