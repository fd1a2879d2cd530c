#include "stampede/random/bucketing.hpp"

#include <cmath>
#include <cstddef>
#include <utility>

#include "stampede/base/hash.hpp"
#include "stampede/base/require.hpp"
#include "stampede/random/standard_hashes.hpp"

namespace stampede {
namespace {

/// Whether a hash, as a number between 0 and 1, is below a share: a product in fixed point, of
/// which the upper half counts.
bool is_below(std::uint64_t hash, double share) {
  if (share >= 1) {
    return true;
  }
  return hash < static_cast<std::uint64_t>(std::ldexp(share, 64));
}

constexpr std::uint32_t unleash_variant_seed = 86028157;

std::string joined(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string text(a);
  text += b;
  text += c;
  return text;
}

}  // namespace

const EnumNames<BucketingMethod>& names(BucketingMethod) {
  static const EnumNames<BucketingMethod> table{
      {{BucketingMethod::stampede, "stampede"},
       {BucketingMethod::flagd, "flagd"},
       {BucketingMethod::unleash, "unleash"},
       {BucketingMethod::launchdarkly, "launchdarkly"},
       {BucketingMethod::growthbook, "growthbook"},
       {BucketingMethod::growthbook_v1, "growthbook_v1"}}};
  return table;
}

Bucketing::Bucketing(BucketingMethod method, std::string flag, std::string salt,
                     std::vector<double> weights, double rollout)
    : method_(method),
      flag_(std::move(flag)),
      salt_(std::move(salt)),
      rollout_(rollout),
      who_salt_(hash_bytes(salt_ + ".rollout")),
      variant_salt_(hash_bytes(salt_ + ".variant")) {
  double total = 0;
  for (const double weight : weights) {
    require(weight >= 0, "a weight is not negative");
    total += weight;
  }
  require(total > 0, "some variant has a weight");
  double sum = 0;
  for (const double weight : weights) {
    sum += weight;
    up_to_.push_back(sum / total);
  }
}

std::optional<std::size_t> Bucketing::of(std::uint64_t unit) const {
  return method_ == BucketingMethod::stampede ? by_hash(mix(unit)) : of(std::to_string(unit));
}

std::optional<std::size_t> Bucketing::of(std::string_view unit) const {
  switch (method_) {
    case BucketingMethod::stampede:
      return by_hash(hash_bytes(unit));
    case BucketingMethod::flagd:
      return flagd(unit);
    case BucketingMethod::unleash:
      return unleash(unit);
    case BucketingMethod::launchdarkly:
      return launchdarkly(unit);
    case BucketingMethod::growthbook:
      return growthbook(growthbook_point(salt_, unit, 2));
    case BucketingMethod::growthbook_v1:
      return growthbook(growthbook_point(salt_, unit, 1));
  }
  return std::nullopt;
}

std::optional<std::size_t> Bucketing::by_hash(std::uint64_t unit) const {
  if (!is_below(combine(who_salt_, unit), rollout_)) {
    return std::nullopt;
  }
  const std::uint64_t hash = combine(variant_salt_, unit);
  std::size_t variant = 0;
  while (!is_below(hash, up_to_[variant])) {
    ++variant;
  }
  return variant;
}

/// The variant whose part of [0, rollout) holds the point.
std::optional<std::size_t> Bucketing::within(double point) const {
  for (std::size_t variant = 0; variant < up_to_.size(); ++variant) {
    if (point < up_to_[variant] * rollout_) {
      return variant;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Bucketing::flagd(std::string_view unit) const {
  constexpr std::uint64_t parts = 10'000;
  const std::uint64_t bucket = (murmur3_32(joined(flag_, unit)) * parts) >> 32;
  for (std::size_t variant = 0; variant < up_to_.size(); ++variant) {
    if (bucket < static_cast<std::uint64_t>(std::llround(up_to_[variant] * rollout_ * parts))) {
      return variant;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Bucketing::unleash(std::string_view unit) const {
  if (unleash_value(unit, salt_, 100) > std::floor(rollout_ * 100 + 1e-9)) {
    return std::nullopt;
  }
  constexpr std::uint32_t parts = 1000;
  const std::uint32_t value = unleash_value(unit, salt_, parts, unleash_variant_seed);
  std::size_t variant = 0;
  while (variant + 1 < up_to_.size() && value > std::llround(up_to_[variant] * parts)) {
    ++variant;
  }
  return variant;
}

std::optional<std::size_t> Bucketing::launchdarkly(std::string_view unit) const {
  return within(launchdarkly_point(flag_, salt_, unit));
}

std::optional<std::size_t> Bucketing::growthbook(double point) const {
  double from = 0;
  for (std::size_t variant = 0; variant < up_to_.size(); ++variant) {
    if (point >= from && point < from + (up_to_[variant] - from) * rollout_) {
      return variant;
    }
    from = up_to_[variant];
  }
  return std::nullopt;
}

double launchdarkly_point(std::string_view flag, std::string_view salt, std::string_view unit,
                          std::optional<int> seed) {
  const std::string prefix = seed ? std::to_string(*seed) : joined(flag, ".", salt);
  constexpr double greatest = 0x1p60;  // 0xfffffffffffffff, as a double
  return static_cast<double>(sha1_60(joined(prefix, ".", unit))) / greatest;
}

double growthbook_point(std::string_view seed, std::string_view unit, int version) {
  if (version == 1) {
    return fnv1a_32(joined(unit, seed)) % 1000 / 1000.0;
  }
  return fnv1a_32(std::to_string(fnv1a_32(joined(seed, unit)))) % 10'000 / 10'000.0;
}

std::uint32_t unleash_value(std::string_view unit, std::string_view group, std::uint32_t range,
                            std::uint32_t seed) {
  return murmur3_32(joined(group, ":", unit), seed) % range + 1;
}

}  // namespace stampede
