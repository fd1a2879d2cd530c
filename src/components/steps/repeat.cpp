#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct RepeatSettings {
  int times = 1;
  OneOrMany<Choice<Step>> steps;
};
void describe(Visitor& v, RepeatSettings& s) {
  v.field("times", s.times, "how often, one after the other", required(), at_least(0));
  v.field("steps", s.steps, "what is done each time", required());
}

class Repeat final : public Step {
 public:
  Repeat(const RepeatSettings& settings, const Context& context)
      : times_(settings.times), program_(settings.steps.values, inside(context)) {}

  static Theory theory(const RepeatSettings& settings) {
    return Flow::sequence({flow_of(settings.steps.values)}, settings.times);
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::sequence, .times = times_, .program = &program_};
  }

 private:
  static Context inside(Context context) {
    context.path += ".repeat";
    return context;
  }

  int times_;
  Program program_;
};

const Register<Step, Repeat, RepeatSettings> registered{
    "repeat", "the same steps several times, one after the other, each time with luck of its own"};

}  // namespace
}  // namespace stampede
