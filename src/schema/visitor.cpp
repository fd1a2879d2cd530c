#include "stampede/schema/visitor.hpp"

#include <algorithm>

namespace stampede {
namespace {

thread_local Dimension dimension_in_force = Dimension::number;

}  // namespace

Dimension current_dimension() { return dimension_in_force; }

DimensionScope::DimensionScope(Dimension dimension) : before_(dimension_in_force) {
  dimension_in_force = dimension;
}

DimensionScope::~DimensionScope() { dimension_in_force = before_; }

bool Field::is_required() const {
  return std::any_of(limits.begin(), limits.end(),
                     [](const Limit& limit) { return limit.kind == Limit::Kind::required; });
}

bool Field::is_called(std::string_view key) const {
  return key == name || std::any_of(limits.begin(), limits.end(), [&](const Limit& limit) {
           return limit.kind == Limit::Kind::alias && limit.alias == key;
         });
}

}  // namespace stampede
