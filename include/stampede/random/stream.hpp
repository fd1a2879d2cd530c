#pragma once

#include <Random123/philox.h>

#include <cstdint>
#include <limits>
#include <string_view>

namespace stampede {

/// A source of random bits: Philox2x64 with 10 rounds (Salmon, Moraes, Dror, Shaw: Parallel Random
/// Numbers: As Easy as 1, 2, 3; SC 2011), a keyed function of a counter. It has no state to warm up
/// or to share, so making one costs nothing and what it gives depends only on key and luck.
///
/// A UniformRandomBitGenerator of all 64-bit numbers: Boost.Random's distributions accept it.
class Draw {
 public:
  using result_type = std::uint64_t;

  Draw(std::uint64_t key, std::uint64_t luck) : key_(key), luck_(luck) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const r123::Philox2x64::ctr_type counter = {{block_, luck_}};
    const r123::Philox2x64::key_type key = {{key_}};
    const r123::Philox2x64::ctr_type bits = r123::Philox2x64()(counter, key);
    ++block_;
    spare_ = bits[1];
    has_spare_ = true;
    return bits[0];
  }

  /// A number in (0, 1), never 0 nor 1: an odd multiple of 2^-53, so that its logarithm and that of
  /// its complement are finite and the mean is exactly one half.
  double uniform() {
    const result_type bits = (*this)();
    return static_cast<double>((bits >> 11) | 1) * 0x1p-53;
  }

  /// A whole number in [0, bound), each exactly as likely. `bound` must be positive.
  /// Lemire: Fast Random Integer Generation in an Interval, ACM TOMACS 29 (2019).
  std::uint64_t below(std::uint64_t bound) {
    Wide product = static_cast<Wide>((*this)()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) [[unlikely]] {
      const std::uint64_t surplus = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < surplus) {
        product = static_cast<Wide>((*this)()) * bound;
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  /// True with the given probability.
  bool chance(double probability) { return uniform() < probability; }

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t key_;
  std::uint64_t luck_;
  std::uint64_t block_ = 0;
  std::uint64_t spare_ = 0;
  bool has_spare_ = false;
};

/// The randomness of one purpose of one component in one replication. Streams of different names,
/// purposes, seeds or replications have nothing in common, so adding a component shifts nobody
/// else's draws, and two scenarios compared under one seed share their luck.
class Stream {
 public:
  Stream(std::uint64_t seed, std::uint64_t replication, std::string_view name,
         std::string_view purpose);

  /// The draws that belong to one request (attempt, branch …), whatever was drawn before and in
  /// whatever order requests come: two policies under comparison meet the same service times.
  Draw at(std::uint64_t luck) const { return Draw(keyed_, luck); }

  /// Draws in order, for what is naturally a sequence: arrivals, random choices of a balancer.
  /// Each call starts the same sequence anew; keep the Draw.
  Draw sequence() const { return Draw(sequential_, 0); }

 private:
  std::uint64_t keyed_;
  std::uint64_t sequential_;
};

}  // namespace stampede
