#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "stampede/base/json.hpp"
#include "stampede/schema/codec.hpp"

namespace stampede {

/// Collects the definitions of a JSON Schema (draft-07) while types describe themselves.
class SchemaWriter {
 public:
  template <class T>
  Json of() {
    return type_of<T>().schema(*this);
  }

  /// A reference to the definition that `identity` stands for in the dimension in force, made by
  /// `write` when it is first asked for; a definition may refer to itself.
  Json define(const void* identity, std::string_view name, const std::function<Json()>& write);

  const Json& definitions() const { return definitions_; }

 private:
  std::map<std::pair<const void*, Dimension>, std::string> name_of_;
  std::set<std::string> taken_;
  Json definitions_ = Json::object();
};

/// The whole schema of a document whose root is described by `root`.
Json json_schema(const Type& root, std::string_view title, std::string_view description);

template <class Root>
Json json_schema(std::string_view title, std::string_view description) {
  return json_schema(type_of<Root>(), title, description);
}

/// The echo of any settings: the effective values with units as text.
template <class T>
Json echo(const T& settings) {
  return type_of<T>().echo(&settings);
}

}  // namespace stampede
