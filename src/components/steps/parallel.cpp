#include <algorithm>

#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct ParallelSettings {
  std::vector<OneOrMany<Choice<Step>>> branches;
  std::optional<int> wait_for;
};
void describe(Visitor& v, ParallelSettings& s) {
  v.shorthand("branches");
  v.field("branches", s.branches, "what is done at once: a step each, or a list of steps",
          required(), not_empty());
  v.field(
      "wait_for", s.wait_for,
      "go on when so many branches went well, and leave the rest to themselves; all unless given",
      at_least(1));
  v.check(!s.wait_for || *s.wait_for <= static_cast<int>(s.branches.size()), "wait_for",
          "is more than there are branches");
}

class Parallel final : public Step {
 public:
  Parallel(const ParallelSettings& settings, const Context& context)
      : needed_(settings.wait_for ? static_cast<std::size_t>(*settings.wait_for)
                                  : settings.branches.size()) {
    for (std::size_t i = 0; i < settings.branches.size(); ++i) {
      Context inside = context;
      inside.path += ".parallel." + std::to_string(i);
      branches_.emplace_back(settings.branches[i].values, inside);
    }
  }

  static Theory theory(const ParallelSettings& settings) {
    Flow flow{.kind = Flow::Kind::parallel};
    for (const auto& branch : settings.branches) {
      flow.parts.push_back(flow_of(branch.values));
    }
    flow.needed =
        settings.wait_for ? static_cast<std::size_t>(*settings.wait_for) : settings.branches.size();
    return flow;
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::parallel, .branches = &branches_, .needed = needed_};
  }

 private:
  std::vector<Program> branches_;
  std::size_t needed_;
};

const Register<Step, Parallel, ParallelSettings> registered{
    "parallel", "several steps at once: go on after all, or after the first k that went well"};

}  // namespace
}  // namespace stampede
