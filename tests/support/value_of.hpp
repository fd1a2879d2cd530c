#pragma once

#include <utility>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/schema/value.hpp"

namespace stampede::test {

/// JSON as the Value that the same text in YAML would give.
inline Value value_of(const Json& json) {
  if (json.is_array()) {
    std::vector<Value> items;
    for (const Json& item : json) {
      items.push_back(value_of(item));
    }
    return Value::list(std::move(items));
  }
  if (json.is_object()) {
    std::vector<Value::Member> members;
    for (const auto& [key, item] : json.items()) {
      members.push_back({key, {}, value_of(item)});
    }
    return Value::map(std::move(members));
  }
  if (json.is_null()) {
    Value null;
    null.text = "null";
    return null;
  }
  return Value::scalar(json.is_string() ? json.get<std::string>() : json.dump());
}

}  // namespace stampede::test
