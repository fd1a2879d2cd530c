// A load balancing policy that is not in Stampede: this file is all that it takes.

#include <algorithm>

#include "stampede/model/load_balancing.hpp"
#include "stampede/schema/schema.hpp"

namespace {

using namespace stampede;

struct AlwaysFirstSettings {
  int spare_count = 0;
};

void describe(Visitor& v, AlwaysFirstSettings& s) {
  v.field("spare_count", s.spare_count, "how many backends at the front are left alone",
          at_least(0));
}

class AlwaysFirst final : public LoadBalancingPolicy {
 public:
  AlwaysFirst(const AlwaysFirstSettings& settings, const Context&)
      : spare_count_(static_cast<std::size_t>(settings.spare_count)) {}

  BackendSlot choose(const BackendView& view, const Request&, Time) override {
    return view.eligible()[std::min(spare_count_, view.eligible().size() - 1)];
  }

 private:
  std::size_t spare_count_;
};

const Register<LoadBalancingPolicy, AlwaysFirst, AlwaysFirstSettings> registered{
    "always_first", "the first backend that is up, whatever its load"};

}  // namespace
