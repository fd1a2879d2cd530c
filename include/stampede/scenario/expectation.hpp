#pragma once

#include <optional>
#include <string>

#include "stampede/base/relation.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// One line of `expect:`, such as `shoppers.latency.p99 < 250ms` or, for a known answer of theory,
/// `queue.wait.mean ~ 4s within 1%`. The right side of the other relations may be another number of
/// the same run, `bursty.wait.mean > 2 * steady.wait.mean`.
///
/// `~` is the judging rule of Monte Carlo validation: the estimate lies within the 99.9 % interval
/// of Student's t around the expected value, over at least two replications; `within` asks in
/// addition that the 95 % half-width is no wider than that share of the expected value (a wide
/// interval would agree with anything). Where the expected value was itself simulated, `+-` gives
/// its own 95 % half-width: `users.latency.mean ~ 2.646s +- 0.004s`.
///
/// At the end may stand a window of the run, in place of all that follows the warm-up:
/// `shoppers.availability >= 99% from 90s to 120s`, or without `to` up to the end of the run.
struct Expectation {
  using Relation = stampede::Relation;

  std::string text;
  Place place;
  std::string subject;  ///< "shoppers": a population of traffic or a component
  std::string metric;   ///< "latency.p99", "product_page.availability": as in result.json, without
                        ///< the unit's suffix
  Relation relation = Relation::less;
  double value = 0;                 ///< in seconds, shares, per second, or plain
  std::string unit;                 ///< as written, for showing the observed value alike
  std::optional<ScaledPath> other;  ///< in place of value and unit
  std::optional<double> within;     ///< of `agrees`: largest relative half-width
  std::optional<Duration> from;     ///< its window begins; after the warm-up unless given
  std::optional<Duration> to;       ///< its window ends; with the run unless given
  double give_or_take = 0;          ///< of `agrees`: 95 % half-width of the expected value itself
};

/// A scalar of text in the settings.
template <>
struct Codec<Expectation> {
  static void read(const Value& from, Expectation& to, Reader& reader);
  static Json echo(const Expectation& expectation);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
};

}  // namespace stampede
