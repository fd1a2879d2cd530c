#pragma once

#include <string>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/schema/codec.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

/// The properties of a struct, from which the schemas of its several text forms are made.
struct StructSchema {
  Json properties = Json::object();
  std::vector<std::string> required;

  Json object() const;
};

StructSchema struct_schema(const StructType& type, SchemaWriter& writer);

}  // namespace stampede
