#include "stampede/model/sharding.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

using Members = std::vector<Value::Member>;

Value numbers(const std::vector<std::uint64_t>& items) {
  std::vector<Value> values;
  for (const std::uint64_t item : items) {
    values.push_back(Value::scalar(std::to_string(item)));
  }
  return Value::list(std::move(values));
}
Value::Member setting(const std::string& name, std::uint64_t value) {
  return {name, {}, Value::scalar(std::to_string(value))};
}
Value::Member assignments(const std::vector<std::vector<std::uint64_t>>& rows) {
  std::vector<Value> values;
  for (const std::vector<std::uint64_t>& row : rows) {
    values.push_back(
        Value::map({setting("first", row[0]), setting("last", row[1]), setting("shard", row[2])}));
  }
  return {"assignments", {}, Value::list(std::move(values))};
}

Choice<Sharding> read_sharding(const std::string& kind, Members members, Problems& problems) {
  members.insert(members.begin(), {"kind", {}, Value::scalar(kind)});
  Choice<Sharding> choice;
  Reader reader(problems);
  reader.read(Value::map(std::move(members)), choice);
  return choice;
}

std::unique_ptr<Sharding> make_sharding(const std::string& kind, const Members& members,
                                        std::uint32_t shards, std::uint64_t seed = 1) {
  Problems problems;
  const Choice<Sharding> choice = read_sharding(kind, members, problems);
  REQUIRE(problems.empty());
  return choice.make({.shards = shards, .seed = seed});
}

struct Kind {
  std::string name;
  Members settings;
};
/// Of each kind one that deals with the keys from 0 to 9999.
std::vector<Kind> all_kinds() {
  return {{"hash", {}},
          {"consistent_hash", {}},
          {"range", {setting("keys", 10000)}},
          {"range", {{"from", {}, numbers({100, 5000})}}},
          {"directory", {assignments({{0, 99, 0}, {50, 5000, 1}})}}};
}

std::vector<int> counts(const Sharding& sharding, std::uint32_t shards, std::uint64_t keys) {
  std::vector<int> counts(shards, 0);
  for (std::uint64_t key = 0; key < keys; ++key) {
    ++counts[sharding.shard_of(key)];
  }
  return counts;
}

double share_moved(const Sharding& before, const Sharding& after, std::uint64_t keys) {
  int moved = 0;
  for (std::uint64_t key = 0; key < keys; ++key) {
    moved += before.shard_of(key) != after.shard_of(key) ? 1 : 0;
  }
  return moved / static_cast<double>(keys);
}

// ---- All of them ------------------------------------------------------------------------------

TEST_CASE("every sharding names a shard that there is, whatever the key") {
  for (const Kind& kind : all_kinds()) {
    for (const std::uint32_t shards : {1U, 2U, 3U, 10U, 257U}) {
      const auto sharding = make_sharding(kind.name, kind.settings, shards);
      std::uint32_t greatest = 0;
      for (std::uint64_t key = 0; key < 12000; ++key) {
        greatest = std::max(greatest, sharding->shard_of(key));
      }
      greatest = std::max(greatest, sharding->shard_of(std::numeric_limits<std::uint64_t>::max()));
      INFO(kind.name << " of " << shards);
      CHECK(greatest < shards);
    }
  }
}

TEST_CASE("all clients of a store agree on the shard of a key") {
  for (const Kind& kind : all_kinds()) {
    const auto one = make_sharding(kind.name, kind.settings, 10);
    const auto other = make_sharding(kind.name, kind.settings, 10);
    INFO(kind.name);
    CHECK(share_moved(*one, *other, 12000) == 0);
  }
}

TEST_CASE("what is hashed falls differently in another store, ranges do not") {
  const auto moved = [](const Kind& kind) {
    return share_moved(*make_sharding(kind.name, kind.settings, 10, 1),
                       *make_sharding(kind.name, kind.settings, 10, 2), 10000);
  };
  CHECK(moved({"hash", {}}) == Approx(0.9).margin(0.02));
  CHECK(moved({"consistent_hash", {}}) == Approx(0.9).margin(0.03));
  CHECK(moved({"range", {setting("keys", 10000)}}) == 0);
}

// ---- hash -------------------------------------------------------------------------------------

TEST_CASE("hash spreads the keys as evenly as chance does") {
  constexpr std::uint32_t shards = 20;
  constexpr std::uint64_t keys = 200000;
  const auto sharding = make_sharding("hash", {}, shards);
  double chi_square = 0;
  for (const int count : counts(*sharding, shards, keys)) {
    const double expected = static_cast<double>(keys) / shards;
    chi_square += (count - expected) * (count - expected) / expected;
  }
  CHECK(chi_square < 43.8);  // 19 degrees of freedom: 99.9 %
  CHECK(chi_square > 5.4);   // and 0.1 %: not more evenly than that either
}

TEST_CASE("with one shard more, hash moves nearly every key") {
  const double moved =
      share_moved(*make_sharding("hash", {}, 10), *make_sharding("hash", {}, 11), 100000);
  CHECK(moved == Approx(10.0 / 11).margin(0.003));
}

// ---- consistent_hash --------------------------------------------------------------------------

TEST_CASE("with one shard more, consistent_hash moves keys to the new shard and nowhere else") {
  const auto before = make_sharding("consistent_hash", {}, 10);
  const auto after = make_sharding("consistent_hash", {}, 11);
  int elsewhere = 0;
  for (std::uint64_t key = 0; key < 100000; ++key) {
    const std::uint32_t home = after->shard_of(key);
    elsewhere += home != before->shard_of(key) && home != 10 ? 1 : 0;
  }
  CHECK(elsewhere == 0);
}

TEST_CASE("the more virtual nodes, the more even the shares") {
  const auto spread = [](std::uint64_t virtual_nodes) {
    const auto sharding =
        make_sharding("consistent_hash", {setting("virtual_nodes", virtual_nodes)}, 10);
    const std::vector<int> shares = counts(*sharding, 10, 100000);
    const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
    return *most - *least;
  };
  CHECK(spread(1) > spread(30));
  CHECK(spread(30) > spread(3000));
}

/// What rings of 10 shards with 100 virtual nodes do, on average over many of them.
struct Rings {
  static constexpr int count = 400;
  static constexpr std::uint32_t shards = 10;
  static constexpr std::uint64_t keys = 20000;
  static constexpr std::uint64_t few_keys = 4000;  ///< suffice for what moves

  Rings() {
    double squares = 0;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
      const auto ring = make_sharding("consistent_hash", virtual_nodes, shards, seed);
      const std::vector<int> found = counts(*ring, shards, keys);
      double most = 0;
      for (const int number : found) {
        const double share = number / static_cast<double>(keys);
        mean_share += share / (count * shards);
        squares += (share - 0.1) * (share - 0.1) / (count * shards);
        most = std::max(most, share);
      }
      max_over_mean += most * shards / count;
      const auto fewer = make_sharding("consistent_hash", virtual_nodes, shards - 1, seed);
      const auto more = make_sharding("consistent_hash", virtual_nodes, shards + 1, seed);
      moved_on_remove += share_moved(*ring, *fewer, few_keys) / count;
      moved_on_add += share_moved(*ring, *more, few_keys) / count;
      modulo_moved_on_add += share_moved(*make_sharding("hash", {}, shards, seed),
                                         *make_sharding("hash", {}, shards + 1, seed), few_keys) /
                             count;
    }
    // A share that is counted on so many keys varies binomially around the true one, which adds
    // (p - E p²) / keys to its variance; the excess of the largest share shrinks in proportion.
    const double seen = squares;
    const double sampling = (0.1 - 0.01 - seen) / static_cast<double>(keys);
    cv_share = std::sqrt(seen - sampling) / 0.1;
    max_over_mean = 1 + (max_over_mean - 1) * std::sqrt((seen - sampling) / seen);
  }

  const Members virtual_nodes{setting("virtual_nodes", 100)};
  double mean_share = 0;
  double cv_share = 0;
  double max_over_mean = 0;
  double moved_on_remove = 0;
  double moved_on_add = 0;
  double modulo_moved_on_add = 0;
};

TEST_CASE("rings of ten shards are as uneven as theory says, and move as few keys") {
  // With N shards of V random points a share follows Beta(V, (N-1) V): its coefficient of variation
  // is sqrt((N-1) / (N V + 1)); the greatest of ten was integrated numerically.
  const Rings rings;
  CHECK(rings.mean_share == Approx(0.1));
  CHECK(rings.cv_share == Approx(std::sqrt(9.0 / 1001)).epsilon(0.02));
  CHECK(rings.max_over_mean == Approx(1.15942637921).epsilon(0.02));
  CHECK(rings.moved_on_remove == Approx(1.0 / 10).epsilon(0.02));
  CHECK(rings.moved_on_add == Approx(1.0 / 11).epsilon(0.02));
  CHECK(rings.modulo_moved_on_add == Approx(10.0 / 11).epsilon(0.02));
}

// ---- range ------------------------------------------------------------------------------------

TEST_CASE("range gives each shard an equal stretch of neighbours") {
  const auto sharding = make_sharding("range", {setting("keys", 1000)}, 4);
  CHECK(counts(*sharding, 4, 1000) == std::vector<int>(4, 250));
  for (std::uint64_t key = 1; key < 1000; ++key) {
    CHECK(sharding->shard_of(key - 1) <= sharding->shard_of(key));
  }
}

TEST_CASE("range divides what cannot be divided evenly, off by one key at most") {
  for (std::uint32_t shards = 1; shards < 100; ++shards) {
    for (const std::uint64_t keys : {99U, 100U, 121U}) {
      const std::vector<int> shares =
          counts(*make_sharding("range", {setting("keys", keys)}, shards), shards, keys);
      const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
      INFO(keys << " keys in " << shards << " shards");
      CHECK(*most - *least <= 1);
    }
  }
}

TEST_CASE("range takes keys beyond the last one as neighbours of it") {
  const auto sharding = make_sharding("range", {setting("keys", 1000)}, 4);
  CHECK(sharding->shard_of(1000) == 3);
  CHECK(sharding->shard_of(std::numeric_limits<std::uint64_t>::max()) == 3);
}

TEST_CASE("range begins its shards where it is told to") {
  const auto sharding = make_sharding("range", {{"from", {}, numbers({10, 1000})}}, 3);
  CHECK(sharding->shard_of(0) == 0);
  CHECK(sharding->shard_of(9) == 0);
  CHECK(sharding->shard_of(10) == 1);
  CHECK(sharding->shard_of(999) == 1);
  CHECK(sharding->shard_of(1000) == 2);
}

TEST_CASE("range wants either the number of keys or where the shards begin") {
  const auto errors = [](const Members& members) {
    Problems problems;
    read_sharding("range", members, problems);
    return problems.size();
  };
  CHECK(errors({}) == 1);
  CHECK(errors({setting("keys", 10), {"from", {}, numbers({5})}}) == 1);
  CHECK(errors({{"from", {}, numbers({5, 3})}}) == 1);
}

// ---- directory --------------------------------------------------------------------------------

TEST_CASE("a directory puts what is assigned where it says, the first assignment first") {
  const auto sharding = make_sharding("directory", {assignments({{7, 7, 3}, {0, 99, 2}})}, 4);
  CHECK(sharding->shard_of(7) == 3);
  CHECK(sharding->shard_of(0) == 2);
  CHECK(sharding->shard_of(8) == 2);
  CHECK(sharding->shard_of(99) == 2);
}

TEST_CASE("a directory deals with all other keys as hash does") {
  const auto sharding = make_sharding("directory", {assignments({{0, 99, 2}})}, 4);
  const auto hash = make_sharding("hash", {}, 4);
  for (std::uint64_t key = 100; key < 1000; ++key) {
    CHECK(sharding->shard_of(key) == hash->shard_of(key));
  }
}

}  // namespace
}  // namespace stampede
