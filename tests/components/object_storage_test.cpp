#include "components/service_world.hpp"

namespace stampede {
namespace test {
namespace {

using Ms = std::vector<double>;

/// A store of 100 objects of 1 MB, each 40 days old: the first byte comes after 10 ms from hot, 20
/// ms from cool and 30 ms from archive, where it takes two hours to get an object back; 1 MB flows
/// in 8 ms. More settings come on top, `null` takes one away.
std::string tiers(const std::string& more = "{}") {
  Json json = Json::parse(R"({
      "hot": {"first_byte": "10ms", "throughput": "1Gbps"},
      "cool": {"first_byte": "20ms", "throughput": "1Gbps"},
      "archive": {"first_byte": "30ms", "throughput": "1Gbps", "retrieval_delay": "2h",
                  "restored_for": "1h"},
      "lifecycle": {"to_cool": "30d", "to_archive": "90d"},
      "objects": {"count": 100, "size": "1MB", "age": "40d"}})");
  json.merge_patch(Json::parse(more));
  return json.dump();
}
constexpr const char* of_100_days = R"({"objects": {"age": "100d"}})";

constexpr std::int64_t megabyte = 1'000'000;
constexpr double hour_in_ms = 3'600'000;
Duration hours(int n) { return Duration::nanoseconds(n * 3'600'000'000'000LL); }
Duration days(int n) { return hours(24 * n); }

struct StorageWorld : ComponentWorld {
  explicit StorageWorld(const std::string& settings) { add("store", "object_storage", settings); }

  Sent& ask(Operation operation, std::uint64_t key, std::uint32_t size) {
    Request request;
    request.operation = operation;
    request.key = key;
    request.size = size;
    request.response_size = 500;
    return send(request, "store");
  }
  Sent& read(std::uint64_t key = 0) { return ask(Operation::read, key, 0); }
  Sent& write(std::uint64_t key = 0, std::uint32_t size = megabyte) {
    return ask(Operation::write, key, size);
  }
  RecordingObserver& seen() { return observer("store"); }
  std::int64_t counted(const std::string& what) { return seen().counted(what); }
  /// Megabytes in hot, cool and archive.
  std::vector<std::int64_t> megabytes() {
    std::vector<std::int64_t> all;
    for (const char* tier : {"hot_bytes", "cool_bytes", "archive_bytes"}) {
      all.push_back(seen().level(tier) / megabyte);
    }
    return all;
  }
};

using Levels = std::vector<std::int64_t>;

TEST_CASE("an object is read from the tier that its age puts it into") {
  for (const auto& [age, tier, heard] :
       {std::tuple("29d", "hot", "ok@18"), std::tuple("30d", "cool", "ok@28"),
        std::tuple("89d", "cool", "ok@28")}) {
    StorageWorld world(tiers(Json{{"objects", {{"age", age}}}}.dump()));
    Sent& read = world.read();
    world.run(1_s);
    CHECK(read.heard == heard);
    CHECK(read.reply.answer().size == megabyte);
    CHECK(world.counted(std::string(tier) + "_reads") == 1);
    CHECK(world.counted("reads") == 1);
    CHECK(world.seen().times(std::string(tier) + "_time").size() == 1);
    world.check_laws();
  }
}

TEST_CASE("without a lifecycle everything stays hot") {
  StorageWorld world(tiers(R"({"lifecycle": null, "objects": {"age": "900d"}})"));
  world.read();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@18"});
  CHECK(world.megabytes() == Levels{100, 0, 0});
}

TEST_CASE("who reads from the archive waits until the object is got back, others with him") {
  StorageWorld world(tiers(of_100_days));
  world.read(7);
  world.run(hours(1));
  world.read(7);
  world.run(hours(2) + 1800_s);
  world.read(7);  // as if it were hot
  world.run(hours(3) + 1_s);
  world.read(7);  // one hour after it was there it is gone again
  world.run(hours(9));
  const double back = 2 * hour_in_ms + 18;
  CHECK(world.seen().times("archive_time") == Ms{back, hour_in_ms + 18, back});
  CHECK(world.seen().times("hot_time") == Ms{18});
  CHECK(world.counted("retrievals") == 2);
  CHECK(world.counted("archive_reads") == 3);
  CHECK(world.counted("hot_reads") == 1);
}

TEST_CASE("an archive without delay is read like any tier") {
  StorageWorld world(
      tiers(R"({"objects": {"age": "100d"}, "archive": {"retrieval_delay": null}})"));
  world.read();
  world.run(1_s);
  CHECK(world.heard() == Texts{"ok@38"});
  CHECK(world.counted("archive_reads") == 1);
  CHECK(world.counted("retrievals") == 0);
}

TEST_CASE("objects grow old while the store runs, and move when the rule is applied") {
  StorageWorld world(tiers(R"({"objects": {"age": "29d"}})"));
  CHECK(world.megabytes() == Levels{100, 0, 0});
  world.run(hours(23));
  world.read(1);
  world.run(days(1) - 1_s);
  CHECK(world.megabytes() == Levels{100, 0, 0});
  world.run(days(1));
  CHECK(world.megabytes() == Levels{0, 100, 0});
  world.run(days(60));
  CHECK(world.megabytes() == Levels{0, 100, 0});
  world.run(days(61));
  CHECK(world.megabytes() == Levels{0, 0, 100});
}

TEST_CASE("under last_access a read keeps an object hot, and brings it back") {
  StorageWorld world(tiers(R"({"lifecycle": {"since": "last_access"}})"));
  CHECK(world.megabytes() == Levels{0, 100, 0});
  world.read(3);
  world.run(1_s);
  CHECK(world.megabytes() == Levels{1, 99, 0});
  world.read(3);
  world.run(2_s);
  CHECK(world.heard() == Texts{"ok@28", "ok@1018"});
  world.run(days(30));
  CHECK(world.megabytes() == Levels{1, 99, 0});
  world.run(days(31));
  CHECK(world.megabytes() == Levels{0, 100, 0});
}

TEST_CASE("under last_access an archived object is got back once, and is hot from then on") {
  StorageWorld world(
      tiers(R"({"lifecycle": {"since": "last_access"}, "objects": {"age": "100d"}})"));
  world.read(3);
  world.run(hours(1));
  world.read(3);  // it is not there yet
  world.run(hours(6));
  world.read(3);
  world.run(hours(7));
  CHECK(world.counted("retrievals") == 1);
  CHECK(world.counted("archive_reads") == 2);
  CHECK(world.seen().times("hot_time") == Ms{18});
}

TEST_CASE("what is written is hot, and is what the next read shows") {
  StorageWorld world(tiers(of_100_days));
  Sent& write = world.write(5, 2 * megabyte);
  world.run(1_s);
  Sent& read = world.read(5);
  world.run(2_s);
  CHECK(world.heard() == Texts{"ok@26", "ok@1026"});
  CHECK(read.reply.answer().stamp.write() == write.reply.answer().stamp.write());
  CHECK(read.reply.answer().size == 2 * megabyte);
  CHECK(world.counted("writes") == 1);
  CHECK(world.megabytes() == Levels{2, 0, 99});
  world.run(days(31));
  CHECK(world.megabytes() == Levels{0, 2, 99});
}

TEST_CASE("what is not there is not found, and what was removed neither") {
  StorageWorld world(tiers());
  Sent& beyond = world.read(100);
  world.ask(Operation::remove, 1, 0);
  world.write(100);
  world.run(1_s);
  Sent& removed = world.read(1);
  Sent& written = world.read(100);
  world.run(2_s);
  CHECK_FALSE(beyond.reply.answer().found);
  CHECK_FALSE(removed.reply.answer().found);
  CHECK(written.reply.answer().found);
  CHECK(world.heard() == Texts{"ok@10", "ok@10", "ok@18", "ok@1010", "ok@1018"});
  CHECK(world.counted("not_found") == 2);
  CHECK(world.megabytes() == Levels{1, 99, 0});
}

TEST_CASE("an object without a size of its own is as big as the request says") {
  StorageWorld world(tiers(R"({"objects": {"size": null}})"));
  Sent& read = world.read();
  world.run(1_s);
  CHECK(read.reply.answer().size == 500);
  CHECK(world.megabytes() == Levels{0, 0, 0});
}

TEST_CASE("requests beyond the rate of a prefix are rejected") {
  StorageWorld world(tiers(R"({"rate_limit": {"reads": "10/s", "writes": "2/s"}})"));
  for (int i = 0; i < 15; ++i) {
    world.read(static_cast<std::uint64_t>(i));
  }
  for (int i = 0; i < 3; ++i) {
    world.write();
  }
  world.run(500_ms);
  CHECK(world.seen().count(Outcome::rejected_rate_limited) == 6);
  for (int i = 0; i < 15; ++i) {  // half a second later there is room for five more
    world.read();
  }
  world.run(2_s);
  CHECK(world.seen().count(Outcome::rejected_rate_limited) == 16);
  world.check_laws();
}

TEST_CASE("a rate limit lets through what it says, to the last request") {
  StorageWorld world(tiers(R"({"rate_limit": {"reads": "1/s"}})"));
  for (int i = 0; i < 200; ++i) {  // ten a second, of which one is due
    world.read();
    world.run(100_ms * (i + 1));
  }
  CHECK(world.seen().count(Outcome::ok) == 20);
}

TEST_CASE("more prefixes take more requests") {
  StorageWorld world(tiers(R"({"rate_limit": {"reads": "10/s", "prefixes": 4}})"));
  for (int i = 0; i < 100; ++i) {
    world.read(static_cast<std::uint64_t>(i));
  }
  world.run(1_s);
  CHECK(world.counted("reads") == 40);
}

TEST_CASE("who waited for the archive reads what is there then") {
  StorageWorld world(tiers(of_100_days));
  Sent& rewritten = world.read(1);
  Sent& removed = world.read(2);
  world.run(hours(1));
  Sent& write = world.write(1, 2 * megabyte);
  world.ask(Operation::remove, 2, 0);
  world.run(hours(3));
  CHECK(rewritten.reply.answer().size == 2 * megabyte);
  CHECK(rewritten.reply.answer().stamp.write() == write.reply.answer().stamp.write());
  CHECK_FALSE(removed.reply.answer().found);
}

TEST_CASE("objects that are all alike are counted without a look at each") {
  StorageWorld world(tiers(R"({"lifecycle": null, "cool": null, "archive": null})"));
  CHECK(world.megabytes() == Levels{100, 0, 0});
  world.write(5, 3 * megabyte);
  world.ask(Operation::remove, 6, 0);
  world.run(1_s);
  CHECK(world.megabytes() == Levels{101, 0, 0});
}

TEST_CASE("requests that fail on their own change nothing") {
  StorageWorld world(tiers(R"({"error_rate": "100%"})"));
  world.write();
  world.read();
  world.run(1_s);
  CHECK(world.heard() == Texts{"error@18", "error@20"});
  CHECK(world.counted("writes") == 0);
  CHECK(world.counted("reads") == 0);
}

TEST_CASE("a crash ends requests, and what was being got back comes nevertheless") {
  StorageWorld world(tiers(of_100_days));
  world.read();
  world.run(hours(1));
  {
    const Knob::Hold down = world.instance("store").hold_down(KilledWork::answers_broken);
    world.run(days(2));
  }
  world.run(days(2) + 1_s);
  world.read();
  world.run(days(3));
  CHECK(world.sent[0].heard.substr(0, 5) == "reset");
  CHECK(world.counted("retrievals") == 2);  // it had lapsed
  CHECK(world.counted("archive_reads") == 1);
  CHECK(world.seen().is_idle());
  world.check_laws();
}

}  // namespace
}  // namespace test
}  // namespace stampede
