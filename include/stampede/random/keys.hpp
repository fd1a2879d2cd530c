#pragma once

#include <cstdint>
#include <vector>

#include "stampede/random/stream.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// Keys of neighbouring ranks, each of which is asked for about as often.
struct KeyRange {
  double count = 0;  ///< of keys, after those of the ranges before
  double share = 0;  ///< of the requests that ask for each of them
};

/// Which key a request asks for: a rank from 0 to count() - 1, 0 being the most popular where there
/// is such a thing. A sampler belongs to one population; a scan keeps its position in it.
class KeyLaw {
 public:
  static constexpr const char* registry = "key law";
  static constexpr const char* scalar_kind = "uniform";
  struct Context {};
  /// Requests are independent of each other, and keys as popular as that, from rank 0 on.
  using Theory = std::vector<KeyRange>;

  virtual ~KeyLaw() = default;
  virtual std::uint64_t sample(Draw& draw) = 0;
  virtual std::uint64_t count() const = 0;
};

}  // namespace stampede
