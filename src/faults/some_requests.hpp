#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "stampede/base/require.hpp"
#include "stampede/model/component.hpp"
#include "stampede/model/fault.hpp"

namespace stampede {

/// Which requests a fault touches: those that meet every condition given.
struct OnlySettings {
  std::vector<std::string> traffic;
  std::vector<std::string> requests;
  std::optional<Ratio> users;
};
inline void describe(Visitor& v, OnlySettings& s) {
  v.field("traffic", s.traffic, "only what is done for the users of this traffic");
  v.field("requests", s.requests, "only requests of these types");
  v.field("users", s.users,
          "only what is done for this share of the users, always the same ones, so that some meet "
          "it each time and others never",
          more_than(Ratio{0}), at_most(Ratio{1}));
  for (const std::string& type : s.requests) {
    v.declare(TouchesType{.type = type, .traffic = {}});
  }
  for (const std::string& traffic : s.traffic) {
    v.declare(TouchesTraffic{.traffic = traffic});
  }
}

/// Says of a request whether a fault touches it.
class SomeRequests {
 public:
  SomeRequests(const OnlySettings& only, Ratio toxicity, const Fault::Context& context)
      : toxicity_(toxicity.value),
        users_(only.users ? only.users->value : 1),
        toxicity_draws_(context.stream("toxicity")),
        user_draws_(context.stream("users")) {
    for (const std::string& type : only.requests) {
      const std::optional<RequestTypeId> known = context.request_types.find(type);
      require(known.has_value(), "a checked scenario has a fault of an unknown type of request");
      types_.push_back(*known);
    }
    for (const std::string& traffic : only.traffic) {
      traffic_.push_back(context.traffic_called(traffic).index);
    }
  }

  bool touch(const Request& request) const {
    return is_one_of(types_, request.type) && is_one_of(traffic_, request.population) &&
           happens(user_draws_, request.user, users_) &&
           happens(toxicity_draws_, request.luck, toxicity_);
  }

 private:
  template <class T>
  static bool is_one_of(const std::vector<T>& wanted, T what) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), what) != wanted.end();
  }
  static bool happens(const Stream& stream, std::uint64_t luck, double share) {
    if (share >= 1) {
      return true;
    }
    Draw draw = stream.at(luck);
    return draw.chance(share);
  }

  double toxicity_;
  double users_;
  std::vector<RequestTypeId> types_;
  std::vector<std::uint16_t> traffic_;
  Stream toxicity_draws_;
  Stream user_draws_;
};

}  // namespace stampede
