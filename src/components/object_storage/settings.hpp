#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "stampede/model/component.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

/// Where an object lies, from the one that answers fastest to the one that keeps it cheapest. The
/// words are those of Azure Blob Storage.
enum class Tier : std::uint8_t { hot, cool, archive };
inline constexpr std::size_t tier_count = 3;

struct TierSettings {
  Distribution<Duration> first_byte;
  std::optional<Bandwidth> throughput;
  Distribution<Duration> retrieval_delay;
  Duration restored_for = Duration::nanoseconds(86'400'000'000'000);
};
inline void describe(Visitor& v, TierSettings& s) {
  v.shorthand("first_byte");
  v.field("first_byte", s.first_byte, "from a request until the data begins to flow", required());
  v.field("throughput", s.throughput,
          "at which the data of one request flows; at once unless given", more_than(Bandwidth{0}));
  v.field("retrieval_delay", s.retrieval_delay,
          "how long it takes before that to get an object back: the first who reads it waits for "
          "so long, others until it is there");
  v.field("restored_for", s.restored_for,
          "how long what was got back can then be read as if it were hot", at_least(Duration()));
}

/// From when on an object's age counts.
enum class AgeSince { creation, last_access };
inline const EnumNames<AgeSince>& names(AgeSince) {
  static const EnumNames<AgeSince> table{
      {{AgeSince::creation, "creation"}, {AgeSince::last_access, "last_access"}}};
  return table;
}

struct LifecycleSettings {
  AgeSince since = AgeSince::creation;
  std::optional<Duration> to_cool;
  std::optional<Duration> to_archive;
  Duration interval = Duration::nanoseconds(86'400'000'000'000);
};
inline void describe(Visitor& v, LifecycleSettings& s) {
  v.field("since", s.since,
          "from when on an object's age counts. creation: its last write; last_access: its last "
          "read or write, and who reads an object brings it back to hot");
  v.field("to_cool", s.to_cool, "age at which an object moves to cool; never unless given",
          at_least(Duration()));
  v.field("to_archive", s.to_archive, "age at which it moves to archive; never unless given",
          at_least(Duration()));
  v.field("interval", s.interval,
          "how often the rule is applied; first at the beginning of the run",
          more_than(Duration()));
  v.check(s.to_cool || s.to_archive, "to_cool", "and to_archive are both missing",
          "such as to_cool: 30d");
  v.check(!s.to_cool || !s.to_archive || *s.to_cool < *s.to_archive, "to_archive",
          "comes before to_cool");
}

struct StoredObjectsSettings {
  std::uint64_t count = 0;
  Distribution<Bytes> size;
  Distribution<Duration> age;
};
inline void describe(Visitor& v, StoredObjectsSettings& s) {
  v.shorthand("count");
  v.field("count", s.count, "those of the keys from 0 on", required(),
          at_most(std::uint64_t{100'000'000}));
  v.field("size", s.size, "of each; without it, what the requests say that they want");
  v.field("age", s.age, "of each when the run begins");
}

/// Amazon S3 takes 5500 reads and 3500 writes a second for each prefix that it has partitioned.
struct RequestRateSettings {
  std::optional<Rate> reads;
  std::optional<Rate> writes;
  int prefixes = 1;
};
inline void describe(Visitor& v, RequestRateSettings& s) {
  v.field("reads", s.reads, "of each prefix; no limit unless given", more_than(Rate{0}));
  v.field("writes", s.writes, "of each prefix; no limit unless given", more_than(Rate{0}));
  v.field("prefixes", s.prefixes, "parts that the keys are spread over by their hash", at_least(1),
          at_most(1'000'000));
}

struct ObjectStorageSettings {
  ZoneName zone;
  TierSettings hot;
  std::optional<TierSettings> cool;
  std::optional<TierSettings> archive;
  std::optional<LifecycleSettings> lifecycle;
  StoredObjectsSettings objects;
  std::optional<Distribution<Duration>> write;
  std::optional<RequestRateSettings> rate_limit;
  Ratio error_rate;
  Distribution<Duration> boot_time;

  /// Only of a tier that there is.
  const TierSettings& of(Tier tier) const {
    return tier == Tier::hot ? hot : tier == Tier::cool ? *cool : *archive;
  }
  PlacementSettings placement() const { return placement_in(zone); }
};
inline void describe(Visitor& v, ObjectStorageSettings& s) {
  v.field("zone", s.zone, "where it is reached; in the first zone unless given");
  v.field("hot", s.hot, "the tier that objects are written into", required());
  v.field("cool", s.cool, "a tier for objects that are seldom read");
  v.field("archive", s.archive, "a tier for objects that are hardly ever read");
  v.field("lifecycle", s.lifecycle, "the rule by which objects move as they grow old");
  v.field("objects", s.objects, "those that are there when the run begins");
  v.field("write", s.write,
          "from a request until a write has begun to flow; as first_byte of hot unless given");
  v.field("rate_limit", s.rate_limit, "requests beyond it are rejected as rate_limited");
  v.field("error_rate", s.error_rate, "share of requests that fail nevertheless");
  v.field("boot_time", s.boot_time, "from its start until it is ready");
  v.check(!s.lifecycle || !s.lifecycle->to_cool || s.cool, "lifecycle",
          "moves objects to cool, which is not there");
  v.check(!s.lifecycle || !s.lifecycle->to_archive || s.archive, "lifecycle",
          "moves objects to archive, which is not there");
  v.doubt_unless(!s.cool || (s.lifecycle && s.lifecycle->to_cool), "cool",
                 "stays empty: no lifecycle moves objects there");
  v.doubt_unless(!s.archive || (s.lifecycle && s.lifecycle->to_archive), "archive",
                 "stays empty: no lifecycle moves objects there");
  constexpr double most_looks = 1e6;
  v.doubt_unless(
      !s.lifecycle || s.objects.size.is_zero() ||
          static_cast<double>(s.objects.count) <= most_looks * s.lifecycle->interval.seconds(),
      "lifecycle", "looks at more than a million objects for each second of the run, which is slow",
      "a longer interval, or fewer objects");
  if (s.objects.count == 0) {
    v.declare(BeginsEmpty{});
  }
  v.declare(s.placement());
}

}  // namespace stampede
