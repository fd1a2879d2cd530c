#pragma once

#include <string_view>

#include "stampede/base/require.hpp"
#include "stampede/model/arrivals.hpp"

namespace stampede {

/// The number of a request type that settings declared by AsksForType, so that the population is
/// known to have it.
inline RequestTypeId known_type(const Population& population, std::string_view name) {
  const std::optional<RequestTypeId> type = population.type(name);
  require(type.has_value(), "a checked scenario asks for a type of request that is not there");
  return *type;
}

}  // namespace stampede
