#pragma once

#include <cstdint>
#include <optional>

#include "stampede/base/hash.hpp"
#include "stampede/model/request.hpp"
#include "stampede/model/stickiness.hpp"

namespace stampede {

/// Says for each request which version of a component it goes to: an exact share of requests, or of
/// users, whatever the number of instances. Whoever chooses among the instances (a balancer, or
/// callers without one) asks it first.
///
/// A request, or its user, falls on a point of [0, 1) by a 64-bit hash with a salt; below the
/// weight it goes to the new version. So a weight that grows moves nobody back, and splits with
/// salts of their own are independent.
class TrafficSplit {
 public:
  explicit TrafficSplit(std::size_t versions) : versions_(versions) {}

  /// All versions of the component, whether traffic is split at this moment or not.
  std::size_t version_count() const { return versions_; }

  /// From now on `weight` of the traffic goes to version `to`, the rest to `from`.
  void set(std::uint16_t from, std::uint16_t to, double weight, Stickiness stickiness,
           std::uint64_t salt);
  /// From now on instances are chosen whatever their version.
  void end() { is_on_ = false; }
  /// Besides, the new version gets a copy of this share of the requests, whose answers nobody sees.
  void mirror(std::optional<std::uint16_t> to, double share, std::uint64_t salt);

  bool is_on() const { return is_on_; }
  bool is_mirroring() const { return mirror_.has_value(); }
  double weight() const { return weight_; }

  /// While it is on: the version that the request goes to.
  std::uint16_t version_for(const Request& request) const {
    const std::uint64_t who =
        stickiness_ == Stickiness::user ? combine(request.population, request.user) : request.luck;
    return combine(salt_, who) < threshold_ || takes_all_ ? to_ : from_;
  }
  /// The version that gets a copy of the request; none if it is not one of the share.
  std::optional<std::uint16_t> mirror_for(const Request& request) const {
    return mirror_ && combine(mirror_salt_, request.luck) < mirror_threshold_ ? mirror_
                                                                              : std::nullopt;
  }

 private:
  std::size_t versions_;
  bool is_on_ = false;
  bool takes_all_ = false;
  Stickiness stickiness_ = Stickiness::request;
  std::uint16_t from_ = 0;
  std::uint16_t to_ = 0;
  std::uint64_t threshold_ = 0;
  std::uint64_t salt_ = 0;
  double weight_ = 0;
  std::optional<std::uint16_t> mirror_;
  std::uint64_t mirror_threshold_ = 0;
  std::uint64_t mirror_salt_ = 0;
};

}  // namespace stampede
