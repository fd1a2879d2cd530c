#pragma once

#include <nlohmann/json.hpp>

namespace stampede {

/// JSON whose members keep the order in which they were added, so that output is deterministic.
using Json = nlohmann::ordered_json;

}  // namespace stampede
