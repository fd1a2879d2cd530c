#include <catch2/catch.hpp>

#include "schema/zoo.hpp"
#include "stampede/schema/reference.hpp"

using namespace stampede;
using namespace stampede::zoo;

namespace {

Json schema_of_animals() { return json_schema<Animal>("Zoo", "An animal."); }

Json animal_property(const std::string& name) {
  return schema_of_animals()["definitions"]["Animal"]["properties"][name];
}

}  // namespace

TEST_CASE("the JSON Schema names draft-07, a title and every definition that it refers to") {
  const Json schema = schema_of_animals();
  CHECK(schema["$schema"] == "http://json-schema.org/draft-07/schema#");
  CHECK(schema["title"] == "Zoo");
  CHECK(schema["allOf"][0]["$ref"] == "#/definitions/Animal");
  const std::string text = schema.dump();
  const std::string prefix = R"("$ref":"#)";
  for (std::size_t at = text.find(prefix); at != std::string::npos;
       at = text.find(prefix, at + 1)) {
    const std::size_t begin = at + prefix.size();
    const std::string pointer = text.substr(begin, text.find('"', begin) - begin);
    CAPTURE(pointer);
    CHECK(schema.contains(Json::json_pointer(pointer)));
  }
}

TEST_CASE("a property has its meaning, limits and default") {
  CHECK(animal_property("replicas").dump() ==
        R"({"anyOf":[{"type":"integer"},)"
        R"J({"type":"string","pattern":"^-?[0-9]+(\\.[0-9]+)?[kKMG]$"}],)J"
        R"J("description":"an int (at least 1 and at most 1000)",)J"
        R"("minimum":1,"maximum":1000,"default":1})");
  CHECK(animal_property("timeout")["description"] == "a duration (at least 1ms)");
  CHECK(animal_property("timeout")["default"] == "3s");
  CHECK(animal_property("mode").dump() ==
        R"({"enum":["threads","async","least_bad"],"description":"an enum","default":"async"})");
  CHECK(animal_property("policy").dump() ==
        R"({"allOf":[{"$ref":"#/definitions/zoo-policy"}],"description":"a plug-in",)"
        R"("default":"round_robin"})");
  CHECK(animal_property("maxSurge")["description"] ==
        "the same as surge: a share that may exceed one (at most 1000%)");
  CHECK_FALSE(animal_property("retry").contains("default"));
  CHECK(schema_of_animals()["definitions"]["Animal"]["additionalProperties"] == false);
}

TEST_CASE("a choice is offered by name, by kind and by key") {
  const Json forms = schema_of_animals()["definitions"]["zoo-policy"]["anyOf"];
  CHECK(forms[0].dump() ==
        R"({"const":"least_request","description":"fewest requests in flight among N random )"
        R"(backends"})");
  std::vector<std::string> keys;
  for (const Json& form : forms) {
    if (form.contains("required")) {
      keys.push_back(form["required"].dump());
    }
  }
  CHECK(keys == std::vector<std::string>{R"(["kind"])", R"(["least_request"])",
                                         R"(["least_request"])", R"(["kind"])",
                                         R"(["round_robin"])"});
}

TEST_CASE("a law has a definition for each dimension that it is used in") {
  const Json schema = schema_of_animals();
  CHECK(schema["definitions"].contains("zoo-law-of-durations"));
  CHECK_FALSE(schema["definitions"].contains("zoo-law"));
}

TEST_CASE("the reference has a row for every key and a table for what is nested") {
  const std::string page = reference_page<Animal>("Zoo", "All animals.");
  CHECK(page.starts_with("# Zoo\n\nAll animals.\n\n| key | type | default | meaning |\n"));
  const auto has = [&](const std::string& line) { return page.find(line) != std::string::npos; };
  CHECK(has("| `timeout` | duration | `3s` | a duration; at least 1ms |\n"));
  CHECK(
      has("| `surge` | share | `25%` | a share that may exceed one; at most 1000%; also called "
          "`maxSurge` |\n"));
  CHECK(has("| `policy` | [zoo policy](zoo-policy.md) | `round_robin` | a plug-in |\n"));
  CHECK(has("| `cpu` | number, or map, below | – | a map with a shorthand |\n"));
  CHECK(
      has("### `retry`\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
          "| `num_retries` | whole number | `1` | tries after the first; at most 10 |\n"));
  CHECK(has("### `zones.<name>`\n"));
  CHECK(has("Written without a map, the value is that of `cores`.\n"));
  CHECK(has("### `cpu`\n\nThe keys are those of `zones.<name>`, above.\n"));
}

TEST_CASE("the page of a registry has a section for every kind") {
  CHECK(reference_page(Registry<Policy>::instance()) ==
        "# Zoo policy\n\n"
        "| kind | what it is |\n|---|---|\n"
        "| [`least_request`](#least_request) | fewest requests in flight among N random backends "
        "|\n"
        "| [`round_robin`](#round_robin) | each backend in turn |\n\n"
        "## least_request\n\n"
        "Fewest requests in flight among N random backends.\n\n"
        "| key | type | default | meaning |\n|---|---|---|---|\n"
        "| `choice_count` | whole number | `2` | how many backends are compared; at least 1 |\n"
        "| `distinct` | true or false | `false` | draw them without replacement |\n\n"
        "## round_robin\n\n"
        "Each backend in turn.\n\n"
        "It has no settings.\n\n");
}
