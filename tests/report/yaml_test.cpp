#include "stampede/report/yaml.hpp"

#include <catch2/catch.hpp>

#include "stampede/scenario/text.hpp"

using namespace stampede;

namespace {

/// A tree as JSON of texts; null where nothing is.
Json texts_of(const Value& value) {
  Json json;
  if (value.is_scalar()) {
    return value.text;
  }
  if (value.is_list()) {
    json = Json::array();
    for (const Value& item : value.items) {
      json.push_back(texts_of(item));
    }
  }
  if (value.is_map()) {
    json = Json::object();
    for (const Value::Member& member : value.members) {
      json[member.key] = texts_of(member.value);
    }
  }
  return json;
}

}  // namespace

TEST_CASE("YAML is plain where it can be and quoted where it must be") {
  CHECK(yaml_text({{"duration", "10m"}, {"share", "25%"}, {"replicas", 3}, {"off", false}}) ==
        "duration: 10m\nshare: 25%\nreplicas: 3\n\"off\": false\n");
  CHECK(yaml_text({{"name", "yes"}, {"version", "12"}, {"text", "a: b"}, {"none", nullptr}}) ==
        "name: \"yes\"\nversion: \"12\"\ntext: \"a: b\"\nnone: null\n");
}

TEST_CASE("short lists and maps stay in one line, long ones get lines of their own") {
  CHECK(yaml_text({{"cache", {{"capacity", "64MB"}, {"zones", {"a", "b"}}}}}) ==
        "cache: {capacity: 64MB, zones: [a, b]}\n");
  Json steps = Json::array();
  for (int i = 0; i < 3; ++i) {
    steps.push_back({{"compute", {{"lognormal", {{"mean", "4ms"}, {"cv", 1}}}}}});
  }
  CHECK(yaml_text({{"handler", steps}}) ==
        "handler:\n"
        "  - {compute: {lognormal: {mean: 4ms, cv: 1}}}\n"
        "  - {compute: {lognormal: {mean: 4ms, cv: 1}}}\n"
        "  - {compute: {lognormal: {mean: 4ms, cv: 1}}}\n");
}

TEST_CASE("YAML reads back as what was written") {
  const Json json{
      {"text", "Line one.\nLine \"two\", # no comment"},
      {"list", {"a", "- b", "[c]", "~", "", " d", "é"}},
      {"deep",
       {{"one", {{"two", {{"three", {{"four", "a text long enough to leave the line behind"}}}}}}},
        {"list",
         {{{"kind", "x"}, {"value", "another long text that does not fit on the line"}},
          {{"kind", "y"}, {"value", {"nested", "list"}}}}}}}};
  Problems problems;
  const std::optional<Value> value = read_yaml(yaml_text(json), "a.yaml", problems);
  INFO(yaml_text(json));
  REQUIRE(problems.empty());
  REQUIRE(value);
  CHECK(texts_of(*value) == json);
}
