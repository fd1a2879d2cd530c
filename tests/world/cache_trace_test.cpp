#include <catch2/catch.hpp>
#include <string>

#include "stampede/measure/summarize.hpp"
#include "stampede/scenario/scenario.hpp"
#include "stampede/world/world.hpp"
#include "support/files.hpp"

using namespace stampede;

TEST_CASE("a real trace through a cache misses as often as published") {
  const auto directory = test::data_directory("cloudphysics_keys.txt");
  if (!directory) {
    return;
  }
  // Known answer TR-LCS-LRU (libCacheSim, test_simulator.c); the FIFO count is of the same source.
  const std::string arrivals = "arrivals: {kind: replay_keys, file: '" + *directory +
                               "/cloudphysics_keys.txt', rate: 100/s, arrivals: constant}";
  const std::string text = "stampede: 1\nrun: {duration: 1200s, warmup: 0s}\ntraffic:\n  a: {" +
                           arrivals + ", target: lru_128}\n  b: {" + arrivals +
                           ", target: lru_1024}\n  c: {" + arrivals +
                           ", target: fifo_128}\n"
                           "components:\n"
                           "  lru_128: {kind: cache, max_entries: 128, origin: store}\n"
                           "  lru_1024: {kind: cache, max_entries: 1024, origin: store}\n"
                           "  fifo_128: {kind: cache, max_entries: 128, eviction: fifo, origin: "
                           "store}\n"
                           "  store: {kind: database, read: 0s}\n";
  INFO(text);
  const ReadScenario read = read_scenario(text, "trace.yaml");
  REQUIRE(read.scenario);
  World world(*read.scenario, 0);
  const WorldRecord record = world.run();
  CHECK(record.broken_law == "");
  const Recording* recording = record.recording.get();
  const Result result =
      summarize(std::span(&recording, 1), WarmupChoice{read.scenario->run.warmup.length});
  const auto misses = [&](std::size_t component) {
    return *result.components.at(component).find_count("fetches");
  };
  CHECK(*result.components.at(0).find_count("reads") == 113872);
  CHECK(misses(0) == 99411);
  CHECK(misses(1) == 94816);
  CHECK(misses(2) == 100831);
}
