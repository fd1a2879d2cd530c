#pragma once

#include <cstdint>

#include "stampede/random/stream.hpp"
#include "stampede/schema/registry.hpp"

namespace stampede {

/// Which of the items that a cache has fetched it keeps at all: one object for each node of a
/// cache. A plain function, like eviction, which comes after it: what is not admitted is handed on
/// to who asked, and nothing has to go for it.
class AdmissionFilter {
 public:
  static constexpr const char* registry = "admission filter";
  struct Context {
    Draw random;  ///< this filter's own sequence
  };

  virtual ~AdmissionFilter() = default;

  /// Asked once for each item that was fetched because of a miss; `size` in bytes.
  virtual bool admits(std::uint64_t key, std::uint32_t size) = 0;
};

}  // namespace stampede
