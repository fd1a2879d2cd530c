#pragma once

#include <optional>

#include "components/cache/earlier_reads.hpp"
#include "stampede/model/admission.hpp"
#include "stampede/model/calling.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/eviction.hpp"
#include "stampede/model/load_balancing.hpp"
#include "stampede/model/theory.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {

/// What a cache with an origin does with a write.
enum class WritePolicy {
  around,   ///< the origin is written, then the copy is dropped
  through,  ///< the origin is written, then the copy
  back,     ///< the copy is written and the write confirmed; the origin is written later
};
inline const EnumNames<WritePolicy>& names(WritePolicy) {
  static const EnumNames<WritePolicy> table{{{WritePolicy::around, "around"},
                                             {WritePolicy::through, "through"},
                                             {WritePolicy::back, "back"}}};
  return table;
}

/// What a node keeps, for how long, and what it does when it has nothing fresh: the same for every
/// kind of cache.
struct KeepSettings {
  std::optional<Bytes> capacity;
  std::optional<std::uint64_t> max_entries;
  std::optional<Ratio> hit_ratio;
  Choice<EvictionPolicy> eviction = Choice<EvictionPolicy>::of("lru");
  std::optional<Choice<AdmissionFilter>> admission;
  std::optional<Duration> ttl;
  Ratio ttl_jitter;
  bool renew_on_hit = false;
  Duration grace;
  Duration stale_if_error;
  std::optional<Duration> negative_ttl;
  double early_refresh = 0;
  bool request_collapsing = false;
  std::optional<Duration> collapse_timeout;
  bool persistent = false;
  std::vector<EarlierReads> earlier_reads;
};
/// Adds its fields to those of whatever settings hold them.
inline void describe_keeping(Visitor& v, KeepSettings& s) {
  v.field("capacity", s.capacity, "how much each node holds, by the sizes of the items",
          more_than(Bytes{0}));
  v.field("max_entries", s.max_entries, "how many items each node holds", at_least(1));
  v.field(
      "hit_ratio", s.hit_ratio,
      "for a quick sketch, in place of a capacity: this share of the reads are hits, and nothing "
      "is kept",
      at_most(Ratio{1}));
  v.field("eviction", s.eviction, "which item goes when room is needed");
  v.field("admission", s.admission,
          "which of the items that were missed and fetched are kept at all; all unless given");
  v.field("ttl", s.ttl, "how long an item is fresh; for ever unless given", more_than(Duration()));
  v.field("ttl_jitter", s.ttl_jitter,
          "each ttl is shorter by a random share of up to this, so that items which came together "
          "do not expire together",
          at_most(Ratio{1}));
  v.field("renew_on_hit", s.renew_on_hit, "a hit makes an item fresh for another ttl");
  v.field("grace", s.grace,
          "how long after its ttl an item is still served while one request fetches it anew "
          "(stale-while-revalidate, RFC 5861)",
          at_least(Duration()));
  v.field("stale_if_error", s.stale_if_error,
          "how long after its ttl an item is served when it cannot be fetched (RFC 5861)",
          at_least(Duration()));
  v.field("negative_ttl", s.negative_ttl,
          "how long a failure to fetch is remembered and given as the answer",
          more_than(Duration()));
  v.field("early_refresh", s.early_refresh,
          "chance of a fetch before the ttl is over, growing towards its end: the beta of Vattani, "
          "Chierichetti, Lowenstein (VLDB 2015), who advise 1; 0 is off",
          at_least(0.0));
  v.field("request_collapsing", s.request_collapsing,
          "requests for an item that is being fetched wait for that fetch");
  v.field("collapse_timeout", s.collapse_timeout,
          "how long they wait before they fetch for themselves; as long as it takes unless given",
          more_than(Duration()));
  v.field("persistent", s.persistent, "a crash does not empty it");
  v.field("earlier_reads", s.earlier_reads,
          "reads that it answered before the first instant of traffic, so that it begins warm "
          "rather than empty; what it holds then was fetched within the last ttl, at any moment of "
          "it, and is not judged for staleness");
}
/// What follows from all fields together, so it comes after them. A cache without an origin is
/// filled by those who use it, and cannot fetch.
inline void check_keeping(Visitor& v, const KeepSettings& s, bool has_origin,
                          bool tells_types_apart) {
  v.declare(HoldsCopies{});
  v.check(s.capacity.has_value() + s.max_entries.has_value() + s.hit_ratio.has_value() == 1,
          "capacity", "or max_entries or hit_ratio must be given, and only one of them",
          "such as capacity: 64MB");
  v.doubt_unless(
      !s.hit_ratio, "hit_ratio",
      "is a constant: no keys are kept, and neither keys, sizes, time nor crashes have a "
      "say in what is a hit",
      "give the cache a capacity and the traffic its keys");
  v.check(!s.hit_ratio || s.earlier_reads.empty(), "earlier_reads",
          "leave nothing behind where hit_ratio is a constant", "leave one of the two out");
  for (const EarlierReads& reads : s.earlier_reads) {
    v.check(reads.request.empty() != tells_types_apart, "earlier_reads",
            tells_types_apart ? "must say their request: the same key is another item for each type"
                              : "say a request, and the types share their items here",
            tells_types_apart ? "such as request: product_page" : "leave request out");
  }
  const auto needs_ttl = [&](bool is_on, std::string_view field) {
    v.doubt_unless(!is_on || s.ttl, field, "has no effect without a ttl");
  };
  needs_ttl(s.ttl_jitter.value > 0, "ttl_jitter");
  needs_ttl(s.renew_on_hit, "renew_on_hit");
  needs_ttl(!s.grace.is_zero(), "grace");
  needs_ttl(!s.stale_if_error.is_zero(), "stale_if_error");
  needs_ttl(s.early_refresh > 0, "early_refresh");
  const auto needs_origin = [&](bool is_on, std::string_view field) {
    v.doubt_unless(!is_on || has_origin, field, "has no effect without an origin to fetch from");
  };
  needs_origin(!s.grace.is_zero(), "grace");
  needs_origin(!s.stale_if_error.is_zero(), "stale_if_error");
  needs_origin(s.negative_ttl.has_value(), "negative_ttl");
  needs_origin(s.early_refresh > 0, "early_refresh");
  needs_origin(s.request_collapsing, "request_collapsing");
  v.doubt_unless(!s.collapse_timeout || s.request_collapsing, "collapse_timeout",
                 "has no effect without request_collapsing");
}

/// What theory knows of what a node keeps. Rules for stale, failed and collapsed answers have no
/// say in it: they matter when something goes wrong.
inline CopiesTheory theory_of(const KeepSettings& s) {
  CopiesTheory copies;
  if (s.hit_ratio) {
    copies.hit_ratio = s.hit_ratio->value;
  }
  if (s.capacity) {
    copies.capacity_bytes = static_cast<double>(s.capacity->count);
  }
  if (s.max_entries) {
    copies.capacity_entries = static_cast<double>(*s.max_entries);
  }
  if (s.ttl) {
    copies.ttl = s.ttl->seconds() * (1 - s.ttl_jitter.value / 2);
  }
  copies.renew_on_hit = s.renew_on_hit;
  copies.forgetting = s.eviction.theory();
  if (!s.hit_ratio && !copies.forgetting) {
    copies.unknown = "eviction by " + s.eviction.kind();
  } else if (s.admission) {
    copies.unknown = "an admission filter";
  }
  return copies;
}

}  // namespace stampede
