#include "stampede/schema/visitor.hpp"

#include <algorithm>

namespace stampede {
namespace {

thread_local Dimension dimension_in_force = Dimension::number;

bool has(std::span<const Limit> limits, Limit::Kind kind) {
  return std::any_of(limits.begin(), limits.end(),
                     [kind](const Limit& limit) { return limit.kind == kind; });
}

}  // namespace

Dimension current_dimension() { return dimension_in_force; }

DimensionScope::DimensionScope(Dimension dimension) : before_(dimension_in_force) {
  dimension_in_force = dimension;
}

DimensionScope::~DimensionScope() { dimension_in_force = before_; }

bool Field::is_required() const { return has(limits, Limit::Kind::required); }

bool Field::is_of_run() const { return has(limits, Limit::Kind::of_run); }

bool Field::inherits() const { return has(limits, Limit::Kind::inherits); }

bool Field::is_called(std::string_view key) const {
  return key == name || std::any_of(limits.begin(), limits.end(), [&](const Limit& limit) {
           return limit.kind == Limit::Kind::alias && limit.alias == key;
         });
}

}  // namespace stampede
