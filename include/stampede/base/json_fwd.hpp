#pragma once

#include <nlohmann/json_fwd.hpp>

namespace stampede {

/// The name of the JSON type alone, for headers that only pass it on; base/json.hpp has the rest.
using Json = nlohmann::ordered_json;

}  // namespace stampede
