#include "stampede/schema/json_schema.hpp"

namespace stampede {
namespace {

std::string_view suffix(Dimension dimension) {
  switch (dimension) {
    case Dimension::duration:
      return "-of-durations";
    case Dimension::bytes:
      return "-of-data";
    case Dimension::rate:
      return "-of-rates";
    case Dimension::number:
      break;
  }
  return "";
}

}  // namespace

Json SchemaWriter::define(const void* identity, std::string_view name,
                          const std::function<Json()>& write) {
  const auto key = std::pair(identity, current_dimension());
  auto known = name_of_.find(key);
  if (known == name_of_.end()) {
    const std::string wanted = std::string(name) + std::string(suffix(current_dimension()));
    std::string unique = wanted;
    for (int i = 2; !taken_.insert(unique).second; ++i) {
      unique = wanted + "-" + std::to_string(i);
    }
    // Known before it is written, so that it can refer to itself.
    known = name_of_.emplace(key, unique).first;
    Json definition = write();
    definitions_[unique] = std::move(definition);
  }
  return Json{{"$ref", "#/definitions/" + known->second}};
}

Json json_schema(const Type& root, std::string_view title, std::string_view description) {
  SchemaWriter writer;
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", title},
              {"description", description}};
  // Draft-07 ignores what stands beside a $ref.
  schema["allOf"] = Json::array({root.schema(writer)});
  schema["definitions"] = writer.definitions();
  return schema;
}

}  // namespace stampede
