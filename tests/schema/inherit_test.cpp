#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/schema/reader.hpp"
#include "stampede/schema/schema.hpp"

// Maps of names whose values say only what is different from the struct around them.

namespace stampede {
namespace {

struct Engine {
  int power = 1;
  int cylinders = 4;
};
void describe(Visitor& v, Engine& s) {
  v.field("power", s.power, "in kW", at_least(1));
  v.field("cylinders", s.cylinders, "of them", aliases("cyl"));
}

struct Model {
  int seats = 4;
  std::optional<Engine> engine;
  Named<int> extras;
  std::vector<int> doors;
};
void describe(Visitor& v, Model& s) {
  v.field("seats", s.seats, "of them");
  v.field("engine", s.engine, "what drives it");
  v.field("extras", s.extras, "what it costs besides");
  v.field("doors", s.doors, "their widths");
  v.doubt_unless(s.seats != 13, "seats", "brings bad luck");
}

struct Car : Model {
  std::string maker;
  Named<Model> models;
};
void describe(Visitor& v, Car& s) {
  describe(v, static_cast<Model&>(s));
  v.field("maker", s.maker, "who makes it");
  v.field("models", s.models, "others", inherits());
}

Value number(int n) { return Value::scalar(std::to_string(n), {"car", n, 1}); }
Value map(std::vector<std::pair<std::string, Value>> members) {
  std::vector<Value::Member> all;
  for (auto& [key, value] : members) {
    all.push_back({key, {}, std::move(value)});
  }
  return Value::map(std::move(all));
}

Car read(const Value& from, Problems& problems) {
  Car car;
  Reader reader(problems);
  reader.read(from, car);
  return car;
}

const Value basis = map({{"seats", number(5)},
                         {"engine", map({{"power", number(70)}, {"cyl", number(3)}})},
                         {"extras", map({{"radio", number(200)}, {"roof", number(900)}})},
                         {"doors", Value::list({number(80), number(81)})}});

Car with_model(Value model, Problems& problems) {
  Value text = basis;
  text.members.push_back({"models", {}, map({{"gt", std::move(model)}})});
  return read(text, problems);
}

TEST_CASE("what is not said is inherited, down to single settings") {
  Problems problems;
  const Car car = with_model(
      map({{"engine", map({{"power", number(150)}})}, {"extras", map({{"roof", number(0)}})}}),
      problems);
  CHECK(problems.empty());
  const Model& gt = *car.models.find("gt");
  CHECK(gt.seats == 5);
  CHECK(gt.engine->power == 150);
  CHECK(gt.engine->cylinders == 3);
  CHECK(*gt.extras.find("radio") == 200);
  CHECK(*gt.extras.find("roof") == 0);
  CHECK(gt.doors == std::vector<int>{80, 81});
  CHECK(car.engine->power == 70);
}

TEST_CASE("a list is replaced as a whole, null switches off, and nothing inherits all") {
  Problems problems;
  const Car car = with_model(map({{"doors", Value::list({number(99)})},
                                  {"engine",
                                   [] {
                                     Value null;
                                     null.text = "null";
                                     return null;
                                   }()}}),
                             problems);
  CHECK(car.models.find("gt")->doors == std::vector<int>{99});
  CHECK_FALSE(car.models.find("gt")->engine);
  CHECK(with_model(Value(), problems).models.find("gt")->engine->power == 70);
  CHECK(problems.empty());
}

TEST_CASE("what is wrong is told where it was written, and once") {
  Problems problems;
  with_model(map({{"engin", number(1)}}), problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "unknown key 'engin' in models.gt");

  problems.clear();
  Value text = basis;
  text.members[0].value = Value::scalar("many");
  text.members.push_back({"models", {}, map({{"gt", Value()}, {"st", Value()}})});
  read(text, problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "seats is 'many'");

  problems.clear();
  text.members[0].value = number(13);
  read(text, problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].what == "seats brings bad luck");
}

}  // namespace
}  // namespace stampede
