#pragma once

#include <optional>
#include <string>

#include "stampede/schema/visitor.hpp"

namespace stampede {

/// "at least 1 and at most 10"; empty without limits.
std::string limits_text(const Field& field);

/// The same to be put after the name of a type: " of at least 1 and at most 10".
std::string after_type(const Field& field);

/// Whether a value of that magnitude keeps all limits.
bool within_limits(const Field& field, long double magnitude);

/// The upper limit that the type sets by nature, if the field sets none of its own.
std::optional<Limit> natural_limit(const Field& field);

}  // namespace stampede
