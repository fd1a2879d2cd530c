#pragma once

#include <cmath>
#include <optional>

#include "stampede/schema/schema.hpp"

namespace stampede {

/// A number of instances, or a share of them: the IntOrString of Kubernetes.
struct Amount {
  std::optional<int> count = {};
  Ratio share = {};

  bool is_zero() const { return count ? *count == 0 : share.value <= 0; }
  int rounded_up(int of) const {
    return count ? *count : static_cast<int>(std::ceil(share.value * of - 1e-9));
  }
  int rounded_down(int of) const {
    return count ? *count : static_cast<int>(std::floor(share.value * of + 1e-9));
  }
};
template <>
struct Codec<Amount> {
  static void read(const Value& from, Amount& to, Reader& reader);
  static Json echo(const Amount& amount);
  static Json schema(SchemaWriter& writer);
  static std::string type_text() { return "a number of instances, or a share such as 25%"; }
};
extern template class CodecType<Amount>;

}  // namespace stampede
