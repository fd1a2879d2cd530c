#include "components/service_world.hpp"

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;

std::string saga_of(const std::string& parts, const std::string& more = "") {
  return R"({"handler": [{"saga": {"parts": )" + parts + more + "}}]}";
}
const std::string three_parts = R"([
    {"do": {"call": "db"}, "undo": {"call": "undo_db"}},
    {"do": [{"call": "cache"}, {"wait": "1ms"}], "undo": [{"call": "undo_cache"}]},
    {"do": {"call": "last"}, "undo": {"call": "undo_last"}}])";

struct World : ComponentWorld {
  explicit World(const std::string& settings) {
    for (Target* target : {&db, &cache, &last, &undo_db, &undo_cache, &undo_last}) {
      target->treatments = {{10_ms}};
    }
    add("app", "service", settings);
  }

  Target& db = add_target("db");
  Target& cache = add_target("cache");
  Target& last = add_target("last");
  Target& undo_db = add_target("undo_db");
  Target& undo_cache = add_target("undo_cache");
  Target& undo_last = add_target("undo_last");
};

TEST_CASE("a saga does its parts in order and undoes nothing when all go well") {
  World world(saga_of(three_parts));
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@31"});
  CHECK(world.last.began == Ms{21});
  CHECK(world.undo_db.began.empty());
  CHECK(world.observer().counted("sagas") == 1);
  CHECK(world.observer().counted("compensated") == 0);
  CHECK(world.observer().counted("half_done") == 0);
}

TEST_CASE("a saga that fails undoes what was done, the last part first, and answers then") {
  World world(saga_of(three_parts));
  world.last.treatments = {{10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@51"});
  CHECK(world.undo_cache.began == Ms{31});
  CHECK(world.undo_db.began == Ms{41});
  CHECK(world.undo_last.began.empty());
  CHECK(world.observer().counted("compensated") == 1);
  CHECK(world.observer().counted("half_done") == 0);
}

TEST_CASE("undo_failed undoes the part that failed as well") {
  World world(saga_of(three_parts, R"(, "undo_failed": true)"));
  world.cache.treatments = {{10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@40"});
  CHECK(world.undo_cache.began == Ms{20});
  CHECK(world.undo_db.began == Ms{30});
  CHECK(world.last.began.empty());
}

TEST_CASE("a saga whose first part fails leaves nothing behind") {
  World world(saga_of(three_parts));
  world.db.treatments = {{10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@10"});
  CHECK(world.observer().counted("compensated") == 1);
}

TEST_CASE("what cannot be undone is left, and the rest is undone nevertheless") {
  World world(saga_of(three_parts));
  world.last.treatments = {{10_ms, Outcome::error}};
  world.undo_cache.treatments = {{10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.undo_db.began == Ms{41});
  CHECK(world.observer().counted("compensated") == 0);
  CHECK(world.observer().counted("half_done") == 1);
}

TEST_CASE("a part without undo stays done") {
  World world(saga_of(R"([{"do": {"call": "db"}},
                          {"do": {"call": "cache"}, "undo": {"call": "undo_cache"}}])"));
  world.cache.treatments = {{10_ms, Outcome::error}};
  world.send();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@20"});
  CHECK(world.observer().counted("half_done") == 1);
}

TEST_CASE("a saga that dies with its instance is half done") {
  World world(saga_of(three_parts));
  world.send();
  world.run(15_ms);
  const Knob::Hold down = world.instance().hold_down(KilledWork::answers_broken);
  world.run(1_s);
  CHECK(world.heard() == Texts{"reset@15"});
  CHECK(world.undo_db.began.empty());
  CHECK(world.observer().counted("half_done") == 1);
}

TEST_CASE("waits within a saga count for the visit") {
  World world(R"({"cpu": 1, "handler": [{"saga": [
      {"do": {"compute": "10ms"}, "undo": {"call": "undo_db"}}]}]})");
  world.send();
  world.send();
  world.run(1_s);
  CHECK(world.observer().ends == Texts{"ok@10", "ok@20 cpu 10"});
}

TEST_CASE("a saga undoes its parts even when the user has left") {
  World world(saga_of(R"([{"do": {"call": "db"}, "undo": {"call": "undo_db"}},
                          {"do": {"call": "cache"}}])"));
  world.cache.treatments = {{100_ms, Outcome::error}};
  Request request;
  request.patience = at(50_ms);
  world.send(request);
  world.run(1_s);
  CHECK(world.undo_db.requests.size() == 1);
  CHECK(world.undo_db.requests[0].patience == Time::never());
}

}  // namespace
}  // namespace test
}  // namespace stampede
