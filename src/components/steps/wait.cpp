#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct WaitSettings {
  Distribution<Duration> length;
};
void describe(Visitor& v, WaitSettings& s) {
  v.shorthand("for");
  v.field("for", s.length, "how long, whatever the load", required());
}

class Wait final : public Step {
 public:
  Wait(const WaitSettings& settings, const Context& context)
      : length_(settings.length), stream_(context.stream("wait")) {}

  static Theory theory(const WaitSettings& settings) { return Flow::wait(settings.length); }

  Action act(const Request& request) override {
    Draw draw = stream_.at(request.luck);
    return Action{.kind = Action::Kind::wait, .duration = length_.sample(draw)};
  }

 private:
  Distribution<Duration> length_;
  Stream stream_;
};

const Register<Step, Wait, WaitSettings> registered{
    "wait", "time that passes without a core: a disk, a lock, an outside service"};

}  // namespace
}  // namespace stampede
