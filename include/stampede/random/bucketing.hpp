#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/schema/schema.hpp"

namespace stampede {

/// Whose way of dividing users among the variants of a flag.
enum class BucketingMethod {
  stampede,       ///< 64-bit hashes, independent for each decision
  flagd,          ///< OpenFeature flagd's `fractional`
  unleash,        ///< Unleash's gradual rollout and variants
  launchdarkly,   ///< LaunchDarkly's rollouts
  growthbook,     ///< GrowthBook, hash version 2
  growthbook_v1,  ///< GrowthBook, hash version 1, which its makers call biased
};
const EnumNames<BucketingMethod>& names(BucketingMethod);

/// Sticky assignment: which variant a unit (a user, say) has, as a function of who it is and of
/// nothing else.
///
/// With our own method a rollout that grows moves nobody out, and nobody to another variant:
/// whether a unit takes part and which variant it has are decided by two hashes with salts of their
/// own. Two flags with different salts are independent. Each variant has its share of units to
/// within 2^-64 and the luck of the draw.
///
/// The methods of others do what these systems do, their traps included, so that what happened to
/// one's users can be looked at:
/// - flagd: murmur3 of flag + unit; a rollout is a remaining weight, so that growing it moves users
///   between variants; the salt has no part in it. Weights are relative to 10,000 parts.
/// - unleash: murmur3 of salt:unit; whole percents; variants by a second seed and thousandths.
/// - launchdarkly: SHA-1 of flag.salt.unit; growing a rollout moves users between variants.
/// - growthbook: FNV-1a, twice; each variant has a range of its own, of which `rollout` is covered.
class Bucketing {
 public:
  /// `weights` are relative, at least one of them positive.
  Bucketing(BucketingMethod method, std::string flag, std::string salt, std::vector<double> weights,
            double rollout);

  /// The position of its variant; none if it does not take part.
  std::optional<std::size_t> of(std::uint64_t unit) const;
  std::optional<std::size_t> of(std::string_view unit) const;

  /// From now on this share of units takes part.
  void set_rollout(double rollout) { rollout_ = rollout; }
  double rollout() const { return rollout_; }

 private:
  std::optional<std::size_t> by_hash(std::uint64_t unit) const;
  std::optional<std::size_t> within(double point) const;
  std::optional<std::size_t> flagd(std::string_view unit) const;
  std::optional<std::size_t> unleash(std::string_view unit) const;
  std::optional<std::size_t> launchdarkly(std::string_view unit) const;
  std::optional<std::size_t> growthbook(double point) const;

  BucketingMethod method_;
  std::string flag_;
  std::string salt_;
  std::vector<double> up_to_;  ///< the shares of all variants so far; the last is 1
  double rollout_;
  std::uint64_t who_salt_;      ///< of "does it take part"
  std::uint64_t variant_salt_;  ///< of "which variant"
};

/// Where a unit stands between 0 and 1 by LaunchDarkly's rules; `seed` in place of flag.salt, if it
/// is given, as their experiments do.
double launchdarkly_point(std::string_view flag, std::string_view salt, std::string_view unit,
                          std::optional<int> seed = {});
/// The same by GrowthBook's, version 1 or 2.
double growthbook_point(std::string_view seed, std::string_view unit, int version);
/// Unleash's normalized value, from 1 to `range`.
std::uint32_t unleash_value(std::string_view unit, std::string_view group, std::uint32_t range,
                            std::uint32_t seed = 0);

}  // namespace stampede
