#include "stampede/model/traffic_split.hpp"

#include <cmath>

namespace stampede {
namespace {

/// The share as a bound for 64-bit hashes; 1 itself does not fit.
std::uint64_t threshold_of(double share) {
  return share >= 1 ? UINT64_MAX : static_cast<std::uint64_t>(std::ldexp(share, 64));
}

}  // namespace

void TrafficSplit::set(std::uint16_t from, std::uint16_t to, double weight, Stickiness stickiness,
                       std::uint64_t salt) {
  is_on_ = true;
  from_ = from;
  to_ = to;
  weight_ = weight;
  threshold_ = threshold_of(weight);
  takes_all_ = weight >= 1;
  stickiness_ = stickiness;
  salt_ = salt;
}

void TrafficSplit::mirror(std::optional<std::uint16_t> to, double share, std::uint64_t salt) {
  mirror_ = to;
  mirror_threshold_ = threshold_of(share);
  mirror_salt_ = salt;
}

}  // namespace stampede
