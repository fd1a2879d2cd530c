#include "stampede/base/relation.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace stampede {
namespace {

std::string read(const std::string& text) {
  const auto comparison = parse_comparison(text);
  if (!comparison) {
    return "nothing";
  }
  return comparison->subject + "|" + comparison->metric + "|" +
         std::to_string(static_cast<int>(comparison->relation)) + "|" +
         std::to_string(comparison->with.value) + comparison->with.unit;
}

TEST_CASE("a comparison has a subject, a metric, a relation and a value with its unit") {
  CHECK(read("app.latency.p99 < 250ms") == "app|latency.p99|0|0.250000s");
  CHECK(read(" app.utilization>=90% ") == "app|utilization|3|0.900000%");
  CHECK(read("app.throughput <= 1k/s") == "app|throughput|1|1000.000000/s");
  CHECK(read("app.in_flight > 1e3") == "app|in_flight|2|1000.000000");
  CHECK(read("app.wait.mean == 4") == "app|wait.mean|4|4.000000");
  CHECK(read("app.wait.mean = 4s") == "app|wait.mean|4|4.000000s");
  CHECK(read("app.wait.mean ~ 4s") == "app|wait.mean|5|4.000000s");
}

TEST_CASE("what lacks a part is no comparison") {
  for (const char* text : {"", "app", "app > 3", ".p99 > 3", "app. > 3", "app.p99 >", "app.p99 3",
                           "app.p99 > 3x", "app.p99 => 3", "> 3", "app.p99 > > 3"}) {
    INFO(text);
    CHECK(read(text) == "nothing");
  }
}

TEST_CASE("bounds hold at their own value, but for the rounding of seconds") {
  const double almost = 0.25 * (1 + 1e-12);
  CHECK(holds(almost, Relation::at_most, 0.25));
  CHECK(holds(0.25, Relation::at_least, almost));
  CHECK(holds(almost, Relation::equal, 0.25));
  CHECK_FALSE(holds(0.25, Relation::less, 0.25));
  CHECK_FALSE(holds(0.25, Relation::more, 0.25));
  CHECK_FALSE(holds(0.2501, Relation::at_most, 0.25));
  CHECK_FALSE(holds(0.2499, Relation::at_least, 0.25));
}

}  // namespace
}  // namespace stampede
