#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct ComputeSettings {
  Distribution<Duration> work;
};
void describe(Visitor& v, ComputeSettings& s) {
  v.shorthand("work");
  v.field("work", s.work, "time that it takes alone on a core at nominal speed", required());
}

class Compute final : public Step {
 public:
  Compute(const ComputeSettings& settings, const Context& context)
      : work_(settings.work), stream_(context.stream("work")) {}

  static Theory theory(const ComputeSettings& settings) { return Flow::compute(settings.work); }

  Action act(const Request& request) override {
    Draw draw = stream_.at(request.luck);
    return Action{.kind = Action::Kind::compute, .duration = work_.sample(draw)};
  }

 private:
  Distribution<Duration> work_;
  Stream stream_;
};

const Register<Step, Compute, ComputeSettings> registered{
    "compute", "work on a core: contention and slow-downs stretch it"};

}  // namespace
}  // namespace stampede
