#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct StressCpuSettings {
  FaultSettings common;
  int cores = 1;
};
void describe(Visitor& v, StressCpuSettings& s) {
  describe_fault(v, s.common);
  v.field("cores", s.cores,
          "so many cores of each instance are busy with something else; with none left computing "
          "stands still",
          required(), at_least(1));
  v.declare(TakesCores{});
}

/// A noisy neighbour, or a job that somebody started on the machine. The utilization of the
/// instance's cores is what it uses of them itself.
class StressCpu final : public Fault {
 public:
  StressCpu(const StressCpuSettings& settings, const Context&)
      : Fault(settings.common), cores_(settings.cores) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto disturbance = std::make_unique<Holding>();
    for (Instance* target : strike.targets) {
      disturbance->add(target->cores_taken().hold(cores_));
    }
    return disturbance;
  }

 private:
  int cores_;
};

const Register<Fault, StressCpu, StressCpuSettings> registered{
    "stress_cpu", "somebody else keeps cores of the instances busy: a noisy neighbour"};

}  // namespace
}  // namespace stampede
