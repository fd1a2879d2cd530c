#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stampede/model/metrics.hpp"
#include "stampede/model/request.hpp"
#include "stampede/model/stickiness.hpp"
#include "stampede/random/bucketing.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// Turns a flag off, at an instant or when something is seen, for a while or for good.
struct KillSwitchSettings {
  std::optional<Duration> at;      ///< from t = 0; with `when`, not before
  std::optional<Condition> when;   ///< the first time that it is met
  std::optional<Duration> length;  ///< "for": then it is on again
};
void describe(Visitor& v, KillSwitchSettings& s);

/// From then on the flag is rolled out to so many.
struct RolloutStepSettings {
  Duration at;
  Ratio rollout;
};
void describe(Visitor& v, RolloutStepSettings& s);

struct FlagSettings {
  Named<double> variants;  ///< weights
  Ratio rollout{1};
  std::vector<RolloutStepSettings> schedule;
  std::string default_variant;  ///< the first unless given
  Stickiness stickiness = Stickiness::user;
  BucketingMethod bucketing = BucketingMethod::stampede;
  std::string salt;                   ///< the flag's name unless given
  std::vector<std::string> segments;  ///< of users; all unless given
  std::optional<KillSwitchSettings> kill_switch;

  std::size_t default_index() const;
};
void describe(Visitor& v, FlagSettings& s);

/// A feature flag of a running world. Everybody who evaluates it for the same request at the same
/// time gets the same variant: who that is follows from the request alone.
class Flag {
 public:
  using Reaches = std::function<bool(const Request&)>;

  /// `reaches` says who is in its segments.
  Flag(const std::string& name, const FlagSettings& settings, Reaches reaches);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& variants() const { return variants_; }
  std::optional<std::size_t> find(const std::string& variant) const;

  /// The position of the variant that the request's user was given; none if the flag is off or the
  /// user has no part in it.
  std::optional<std::size_t> assigned(const Request& request) const;
  /// What the request gets: the default variant for all others.
  std::size_t variant_of(const Request& request) const {
    return assigned(request).value_or(default_);
  }
  /// Who is assigned: a number for the user, or the request.
  std::uint64_t unit_of(const Request& request) const {
    return stickiness_ == Stickiness::user ? request.user : request.id;
  }

  bool is_on() const { return is_on_; }
  void turn_on() { is_on_ = true; }
  void turn_off() { is_on_ = false; }
  void set_rollout(double rollout) { bucketing_.set_rollout(rollout); }

 private:
  std::string name_;
  std::vector<std::string> variants_;
  std::size_t default_;
  Stickiness stickiness_;
  Bucketing bucketing_;
  Reaches reaches_;
  bool is_on_ = true;
};

/// Settings that declare this read a flag, and name these variants of it.
struct ReadsFlag {
  std::string flag;
  std::vector<std::string> variants;
};

}  // namespace stampede
