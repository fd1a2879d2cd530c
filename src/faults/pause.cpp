#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct PauseSettings {
  FaultSettings common;
};
void describe(Visitor& v, PauseSettings& s) { describe_fault(v, s.common); }

/// Not a crash: work stays where it is and goes on afterwards.
class Pause final : public Fault {
 public:
  Pause(const PauseSettings& settings, const Context&) : Fault(settings.common) {}

  void begin(const std::vector<Instance*>& targets) override {
    for (Instance* target : targets) {
      holds_.push_back(target->speed().hold(0));
    }
  }
  void end() override { holds_.clear(); }

 private:
  std::vector<Knob::Hold> holds_;
};

const Register<Fault, Pause, PauseSettings> registered{
    "pause", "computing stands still (a long garbage collection, a frozen machine), then goes on"};

}  // namespace
}  // namespace stampede
