#pragma once

#include <string>

#include "stampede/base/json.hpp"

namespace stampede {

/// A JSON value as YAML for people: block style, short lists and maps in one line, quotes only
/// where the text would mean something else without them. Read as YAML it is the same value again.
std::string yaml_text(const Json& json);

}  // namespace stampede
