#pragma once

#include <cstdint>

#include "stampede/random/stream.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// Which key a request asks for: a rank from 0 to count() - 1, 0 being the most popular where there
/// is such a thing. A sampler belongs to one population; a scan keeps its position in it.
class KeyLaw {
 public:
  static constexpr const char* registry = "key law";
  static constexpr const char* scalar_kind = "uniform";
  struct Context {};

  virtual ~KeyLaw() = default;
  virtual std::uint64_t sample(Draw& draw) = 0;
  virtual std::uint64_t count() const = 0;
};

}  // namespace stampede
