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
  const std::string left = comparison->path.subject + "|" + comparison->path.metric + "|" +
                           std::to_string(static_cast<int>(comparison->relation)) + "|";
  if (const auto* other = std::get_if<ScaledPath>(&comparison->with)) {
    return left + std::to_string(other->factor) + "|" + other->path.subject + "|" +
           other->path.metric;
  }
  const auto& value = std::get<Measurement>(comparison->with);
  return left + std::to_string(value.value) + value.unit;
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

TEST_CASE("a metric may be compared with another one, and with a multiple of it") {
  CHECK(read("a.latency.p99 < b.latency.p99") == "a|latency.p99|0|1.000000|b|latency.p99");
  CHECK(read("a.latency.p99 >= 2 * b.latency.p99.9") == "a|latency.p99|3|2.000000|b|latency.p99.9");
  CHECK(read("a.x>50%*b-c.instances.b-c-0.share") == "a|x|2|0.500000|b-c|instances.b-c-0.share");
  for (const char* text : {"a.x < b", "a.x < .y", "a.x < 2 *", "a.x < 2 * 3", "a.x < 2s * b.x",
                           "a.x < -1 * b.x", "a.x < 0 * b.x", "a.x < b.x * 2", "a.x < 3.y"}) {
    INFO(text);
    CHECK(read(text) == "nothing");
  }
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
