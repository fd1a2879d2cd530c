#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct SlowDownSettings {
  FaultSettings common;
  double factor = 2;
};
void describe(Visitor& v, SlowDownSettings& s) {
  describe_fault(v, s.common);
  v.field("factor", s.factor, "computing takes so many times as long", at_least(1.0));
}

class SlowDown final : public Fault {
 public:
  SlowDown(const SlowDownSettings& settings, const Context&)
      : Fault(settings.common), factor_(settings.factor) {}

  void begin(const std::vector<Instance*>& targets) override {
    for (Instance* target : targets) {
      holds_.push_back(target->speed().hold(1 / factor_));
    }
  }
  void end() override { holds_.clear(); }

 private:
  double factor_;
  std::vector<Knob::Hold> holds_;
};

const Register<Fault, SlowDown, SlowDownSettings> registered{
    "slow_down", "computing takes longer, also what is running when it begins"};

}  // namespace
}  // namespace stampede
