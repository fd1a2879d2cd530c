#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fake_cache.hpp"
#include "oracles.hpp"
#include "sequences.hpp"

namespace stampede {

/// What else happens in a run besides accesses.
struct Disturbance {
  bool has_purges = false;   ///< one access in ten is a purge of its key instead
  bool has_weights = false;  ///< weights of 0 to 19, by key and by time
};

/// Runs the keys through both and fails at the first access on which they differ.
inline void check_agreement(FakeCache& cache, Oracle& oracle, const Keys& keys,
                            Disturbance disturbance = {}) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::uint64_t luck = combine(keys[i], i / 1000);
    if (disturbance.has_purges && mix(i) % 10 == 0) {
      cache.purge(keys[i]);
      oracle.purge(keys[i]);
      continue;
    }
    const std::uint32_t weight =
        disturbance.has_weights ? static_cast<std::uint32_t>(luck % 20) : 1;
    const bool is_hit = cache.access(keys[i], weight);
    if (is_hit != oracle.access(keys[i], weight)) {
      FAIL("access " << i << " (key " << keys[i] << ") was a " << (is_hit ? "hit" : "miss"));
    }
  }
  CHECK(cache.misses() > 0);
}

/// Makes the oracle that goes with the settings under test.
using MakeOracle = std::function<std::unique_ptr<Oracle>(std::uint64_t capacity, bool has_weights)>;

/// The policy and its oracle agree on every access of many sequences.
inline void check_policy(const std::string& kind, const SettingsText& settings,
                         const MakeOracle& make) {
  const Keys zipf = zipf_keys(10000, 400, 0.8, Draw(1, 1));
  const Keys mixed = mixed_keys(10000, 400, Draw(2, 2));
  for (const std::uint64_t capacity : {1, 2, 3, 10, 40, 137}) {
    for (const bool has_purges : {false, true}) {
      for (const bool has_weights : {false, true}) {
        const Disturbance disturbance{has_purges, has_weights};
        const std::uint64_t size = has_weights ? capacity * 10 : capacity;
        CAPTURE(kind, size, has_purges, has_weights);
        for (const Keys* keys : {&zipf, &mixed}) {
          FakeCache cache(kind, size, settings);
          const std::unique_ptr<Oracle> oracle = make(size, has_weights);
          check_agreement(cache, *oracle, *keys, disturbance);
        }
      }
    }
  }
}
inline void check_policy(const std::string& kind) {
  check_policy(kind, {}, [&kind](std::uint64_t capacity, bool has_weights) {
    return make_oracle(kind, capacity, eviction_draw(), has_weights);
  });
}

/// The same on real traces.
inline void check_policy_on_traces(const std::string& kind) {
  for (const char* file : trace_files) {
    for (const std::uint64_t capacity : {128, 1024}) {
      CAPTURE(kind, file, capacity);
      const Keys& keys = trace_keys(file);
      if (keys.empty()) {
        continue;
      }
      FakeCache cache(kind, capacity);
      const std::unique_ptr<Oracle> oracle = make_oracle(kind, capacity, eviction_draw(), false);
      check_agreement(cache, *oracle, keys);
    }
  }
}

/// Which of the keys asked for are inside at the end.
inline Keys inside(const FakeCache& cache, const Keys& keys) {
  Keys found;
  for (const std::uint64_t key : keys) {
    if (cache.has(key)) {
      found.push_back(key);
    }
  }
  return found;
}

}  // namespace stampede
