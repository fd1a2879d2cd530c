#pragma once

#include <string>

#include "stampede/base/json.hpp"
#include "stampede/stats/estimate.hpp"

// Numbers as programs read them, in full; numbers.hpp has those for people.

namespace stampede {

/// The shortest text that reads back as the same number; empty when there is no number.
std::string exact_text(double value);

/// Null when there is no number.
Json exact_json(double value);
/// {"estimate": x, "low": a, "high": b, "n": k}
Json exact_json(const Estimate& value);

}  // namespace stampede
