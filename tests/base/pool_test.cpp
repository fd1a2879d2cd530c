#include "stampede/base/pool.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <set>
#include <vector>

namespace stampede {
namespace {

/// Neither copied nor moved: whoever points at one may go on doing so.
struct Thing {
  Thing() { ++made; }
  explicit Thing(int& owner) : owner(&owner) { ++made; }
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;
  ~Thing() { ++destroyed; }

  int* owner = nullptr;
  int used = 0;
  Thing* next_idle = nullptr;

  static inline int made = 0;
  static inline int destroyed = 0;
};

std::size_t count(Pool<Thing>& pool) {
  std::size_t count = 0;
  for (const Thing& thing : pool) {
    static_cast<void>(thing);
    ++count;
  }
  return count;
}

TEST_CASE("a pool makes nothing before it is asked to") {
  Thing::made = 0;
  Pool<Thing> pool;
  CHECK(Thing::made == 0);
  CHECK(count(pool) == 0);
}

TEST_CASE("what is in use is never given out again") {
  Pool<Thing> pool;
  std::set<Thing*> taken;
  for (int i = 0; i < 100; ++i) {
    taken.insert(&pool.take());
  }
  CHECK(taken.size() == 100);
}

TEST_CASE("what was given back is taken again, as it was left, and nothing new is made") {
  Pool<Thing> pool;
  Thing& first = pool.take();
  first.used = 7;
  pool.give_back(first);
  Thing::made = 0;
  Thing& again = pool.take();
  CHECK(&again == &first);
  CHECK(again.used == 7);
  CHECK(Thing::made == 0);
  CHECK(&pool.take() != &first);
  CHECK(Thing::made == 1);
}

TEST_CASE("what was given back last, and is likeliest to be in the cache, is taken first") {
  Pool<Thing> pool;
  Thing& first = pool.take();
  Thing& second = pool.take();
  pool.give_back(first);
  pool.give_back(second);
  CHECK(&pool.take() == &second);
  CHECK(&pool.take() == &first);
}

TEST_CASE("a pool makes new objects of the arguments, and leaves old ones as they are") {
  Pool<Thing> pool;
  int mine = 0;
  int other = 0;
  Thing& thing = pool.take(mine);
  CHECK(thing.owner == &mine);
  pool.give_back(thing);
  CHECK(pool.take(other).owner == &mine);
  CHECK(pool.take(other).owner == &other);
}

TEST_CASE("objects of a pool stay where they are while it grows") {
  Pool<Thing> pool;
  std::vector<Thing*> things;
  for (int i = 0; i < 10'000; ++i) {
    things.push_back(&pool.take());
    things.back()->used = i;
  }
  bool all_stayed = true;
  for (int i = 0; i < 10'000; ++i) {
    all_stayed = all_stayed && things[static_cast<std::size_t>(i)]->used == i;
  }
  CHECK(all_stayed);
}

TEST_CASE(
    "a loop over a pool sees every object once, in use or not, in the order of their making") {
  Pool<Thing> pool;
  Thing& first = pool.take();
  Thing& second = pool.take();
  Thing& third = pool.take();
  pool.give_back(second);
  pool.give_back(first);
  std::vector<Thing*> seen;
  for (Thing& thing : pool) {
    seen.push_back(&thing);
  }
  CHECK(seen == std::vector<Thing*>{&first, &second, &third});
}

TEST_CASE("objects may be given back in the middle of a loop over their pool") {
  // As a balancer that crashes ends all its passages.
  Pool<Thing> pool;
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(pool.take());
  }
  for (Thing& thing : pool) {
    pool.give_back(thing);
  }
  Thing::made = 0;
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(pool.take());
  }
  CHECK(Thing::made == 0);
}

TEST_CASE("a pool destroys all of its objects, in use or not") {
  {
    Pool<Thing> pool;
    Thing& idle = pool.take();
    static_cast<void>(pool.take());
    pool.give_back(idle);
    Thing::destroyed = 0;
  }
  CHECK(Thing::destroyed == 2);
}

}  // namespace
}  // namespace stampede
