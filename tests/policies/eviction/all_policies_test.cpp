#include <rapidcheck/catch.h>

#include <cstdio>
#include <iterator>
#include <set>

#include "agreement.hpp"

namespace stampede {
namespace {

TEST_CASE("every eviction policy has an oracle") {
  for (const std::string& kind : Registry<EvictionPolicy>::instance().kind_names()) {
    CAPTURE(kind);
    CHECK(make_oracle(kind, 1, eviction_draw(), false) != nullptr);
  }
  CHECK(Registry<EvictionPolicy>::instance().kind_names() ==
        std::vector<std::string>{"arc", "fifo", "lfu", "lru", "none", "perfect_lfu", "random",
                                 "s3_fifo", "sampled_lru", "segmented_lru", "sieve", "w_tinylfu"});
}

TEST_CASE("every eviction policy agrees with its oracle on whatever happens to a small cache") {
  for (const std::string& kind : Registry<EvictionPolicy>::instance().kind_names()) {
    rc::prop(kind, [&kind] {
      const auto capacity = *rc::gen::inRange<std::uint64_t>(1, 12);
      const auto has_weights = *rc::gen::arbitrary<bool>();
      FakeCache cache(kind, capacity);
      const auto oracle = make_oracle(kind, capacity, eviction_draw(), has_weights);
      const auto steps =
          *rc::gen::container<std::vector<std::pair<std::uint64_t, std::uint32_t>>>(rc::gen::pair(
              rc::gen::inRange<std::uint64_t>(0, 20), rc::gen::inRange<std::uint32_t>(0, 50)));
      for (const auto& [key, luck] : steps) {
        if (luck < 5) {
          cache.purge(key);
          oracle->purge(key);
        } else {
          const std::uint32_t weight = has_weights ? luck % 7 : 1;
          RC_ASSERT(cache.access(key, weight) == oracle->access(key, weight));
        }
      }
    });
  }
}

TEST_CASE(
    "an eviction policy survives entries that nobody asked for, and requests that bring none") {
  for (const std::string& kind : Registry<EvictionPolicy>::instance().kind_names()) {
    CAPTURE(kind);
    FakeCache cache(kind, 20);
    Draw draw(3, 3);
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t key = draw.below(100);
      const std::uint64_t what = draw.below(4);
      if (what == 0) {
        cache.ask(key);
      } else if (what == 1) {
        cache.purge(key);
      } else if (!cache.has(key)) {
        cache.put(key, static_cast<std::uint32_t>(key % 5));
      }
    }
    CHECK(cache.size() > 0);
  }
}

TEST_CASE("a cache that everything fits into misses each key once, whatever the policy") {
  const Keys keys = mixed_keys(5000, 100, Draw(4, 4));
  const std::set<std::uint64_t> distinct(keys.begin(), keys.end());
  for (const std::string& kind : Registry<EvictionPolicy>::instance().kind_names()) {
    CAPTURE(kind);
    FakeCache cache(kind, distinct.size());
    for (const std::uint64_t key : keys) {
      cache.access(key);
    }
    CHECK(cache.misses() == distinct.size());
  }
}

/// The misses of every policy on a trace, the best first and the least of each column marked.
std::string table_of_misses(const Keys& keys) {
  const std::vector<std::uint64_t> capacities{128, 256, 512, 1024};
  std::vector<std::pair<std::string, std::vector<std::uint64_t>>> rows;
  for (const std::string& kind : Registry<EvictionPolicy>::instance().kind_names()) {
    rows.push_back({kind, {}});
    for (const std::uint64_t capacity : capacities) {
      FakeCache cache(kind, capacity);
      for (const std::uint64_t key : keys) {
        cache.access(key);
      }
      rows.back().second.push_back(cache.misses());
    }
  }
  std::vector<std::uint64_t> least(capacities.size(), UINT64_MAX);
  for (const auto& [kind, misses] : rows) {
    for (std::size_t i = 0; i < least.size(); ++i) {
      least[i] = std::min(least[i], misses[i]);
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); });
  std::string table = "| policy | 128 | 256 | 512 | 1024 |\n|---|---:|---:|---:|---:|\n";
  for (const auto& [kind, misses] : rows) {
    table += "| `" + kind + "` |";
    for (std::size_t i = 0; i < misses.size(); ++i) {
      const std::string mark = misses[i] == least[i] ? "**" : "";
      table += " " + mark + std::to_string(misses[i]) + mark + " |";
    }
    table += "\n";
  }
  return table;
}

TEST_CASE("the tables of docs/eviction.md are what the policies do", "[once]") {
  std::ifstream in(std::string(STAMPEDE_SOURCE_DIR) + "/docs/eviction.md");
  const std::string docs((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (const char* file : trace_files) {
    if (!trace_keys(file).empty()) {
      CHECK_THAT(docs, Catch::Contains(table_of_misses(trace_keys(file))));
    }
  }
}

// Prints those tables: test_policies "[table]".
TEST_CASE("misses of every eviction policy on real traces", "[.][table]") {
  for (const char* file : trace_files) {
    const Keys& keys = trace_keys(file);
    if (!keys.empty()) {
      std::printf("\n`%s`, %zu requests:\n\n%s", file, keys.size(), table_of_misses(keys).c_str());
    }
  }
}

}  // namespace
}  // namespace stampede
