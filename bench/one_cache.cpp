// The yardstick of bench/scenarios/one-cache.yaml: a bare loop that draws keys and asks the same
// table with the same eviction policy, and knows neither time nor requests.
//
//     one_cache REQUESTS

#include <cstdio>
#include <cstdlib>

#include "components/cache/cache_table.hpp"
#include "stampede/random/keys.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/reader.hpp"
#include "stampede/stats/summary.hpp"

using namespace stampede;

int main(int, char** arguments) {
  const long requests = arguments[1] != nullptr ? std::atol(arguments[1]) : 5'000'000;

  Problems problems;
  Choice<KeyLaw> law;
  Reader(problems).read(Value::map({{"kind", {}, Value::scalar("zipf")},
                                    {"count", {}, Value::scalar("1000000")},
                                    {"exponent", {}, Value::scalar("0.9")}}),
                        law);
  const auto keys = law.make({});

  const Stream stream(1, 0, "one cache", "keys");
  const auto lru = Choice<EvictionPolicy>::of("lru");
  CacheTable table(100'000, lru.make({.capacity = 100'000, .random = stream.sequence()}));
  Summary latency;
  long hits = 0;
  for (long i = 0; i < requests; ++i) {
    Draw draw = stream.at(static_cast<std::uint64_t>(i));
    const std::uint64_t key = keys->sample(draw);
    if (table.ask(key) != CacheTable::nobody) {
      ++hits;
    } else {
      table.insert(key, 1, [](std::uint64_t, const CachedItem&) {});
    }
    latency.record(0);
  }
  std::printf("hit ratio %.4f of %lld\n", static_cast<double>(hits) / static_cast<double>(requests),
              static_cast<long long>(latency.count()));
}
