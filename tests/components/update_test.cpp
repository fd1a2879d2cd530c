#include "components/service_world.hpp"

namespace stampede {
namespace test {
namespace {

/// A service that updates the row of the request's key, with 10 ms between reading and writing.
struct Updating : ComponentWorld {
  explicit Updating(const std::string& store_settings, const std::string& update) {
    add("db", "database", store_settings);
    add("app", "service", R"({"handler": [{"update": )" + update + "}]}");
  }
  std::int64_t counted(const std::string& what) { return observer("db").counted(what); }
};

const std::string optimistic = R"({"read": "5ms", "write": "10ms", "optimistic": true})";

TEST_CASE("of two who update a row at the same time, the later one begins again") {
  Updating world(optimistic, R"({"store": "db",
      "retry_back_off": {"base_interval": "2ms", "jitter": "none"}})");
  world.send();
  world.run(1_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@15", "ok@33"});  // fails at 16, again from 18 on
  CHECK(world.counted("failed_updates") == 1);
  CHECK(world.counted("writes") == 2);
  world.check_laws();
}

TEST_CASE("who has no try left fails") {
  Updating world(optimistic, R"({"store": "db", "num_retries": 0})");
  world.send();
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@15", "error@15"});
}

TEST_CASE("updates of other rows, and one after the other, do not meet") {
  Updating world(optimistic, R"("db")");
  Request other;
  other.key = 5;
  world.send();
  world.send(other);
  world.run(20_ms);
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@15", "ok@15", "ok@35"});
  CHECK(world.counted("failed_updates") == 0);
}

TEST_CASE("a store that is not optimistic loses updates without a word") {
  Updating world(R"({"read": "5ms", "write": "10ms"})", R"("db")");
  world.send();
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@15", "ok@15"});
  CHECK(world.counted("writes") == 2);
}

}  // namespace
}  // namespace test
}  // namespace stampede
