#include "stampede/report/exact.hpp"

#include <fmt/format.h>

#include <cmath>

namespace stampede {

std::string exact_text(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

Json exact_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json exact_json(const Estimate& value) {
  return {{"estimate", exact_json(value.estimate)},
          {"low", exact_json(value.low)},
          {"high", exact_json(value.high)},
          {"n", value.n}};
}

}  // namespace stampede
