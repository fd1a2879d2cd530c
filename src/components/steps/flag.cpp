#include "stampede/model/flag.hpp"

#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct FlagStepSettings {
  std::string name;
  Named<OneOrMany<Choice<Step>>> variants;
};
void describe(Visitor& v, FlagStepSettings& s) {
  v.shorthand("name");
  v.field("name", s.name, "the flag that decides", required());
  v.field("variants", s.variants,
          "what is done for those who have a variant; nothing for variants that are not named",
          required(), not_empty());
  ReadsFlag reads{s.name, {}};
  for (const auto& variant : s.variants) {
    reads.variants.push_back(variant.name);
  }
  v.declare(reads);
}

class FlagStep final : public Step {
 public:
  FlagStep(const FlagStepSettings& settings, const Context& context)
      : flag_(context.directory.flag(settings.name)), programs_(flag_.variants().size()) {
    for (const auto& variant : settings.variants) {
      Context inside = context;
      inside.path += ".flag." + variant.name;
      programs_[flag_.find(variant.name).value()] = Program(variant.value.values, inside);
    }
  }

  static Theory theory(const FlagStepSettings& settings) {
    return Flow::unknown("the flag '" + settings.name + "' decides what is done");
  }

  Action act(const Request& request) override {
    return Action{.kind = Action::Kind::sequence, .program = &programs_[flag_.variant_of(request)]};
  }

 private:
  const Flag& flag_;
  std::vector<Program> programs_;
};

const Register<Step, FlagStep, FlagStepSettings> registered{
    "flag", "what a feature flag says for the user of the request"};

}  // namespace
}  // namespace stampede
