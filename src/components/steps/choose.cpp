#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct BranchSettings {
  Ratio probability;
  OneOrMany<Choice<Step>> steps;
};
void describe(Visitor& v, BranchSettings& s) {
  v.field("probability", s.probability, "how often this branch is taken", required());
  v.field("steps", s.steps, "what is done then; nothing if empty");
}

struct ChooseSettings {
  std::vector<BranchSettings> branches;
};
void describe(Visitor& v, ChooseSettings& s) {
  v.shorthand("branches");
  v.field("branches", s.branches, "one of them is taken; nothing is done in the remaining cases",
          required(), not_empty());
  double total = 0;
  for (const BranchSettings& branch : s.branches) {
    total += branch.probability.value;
  }
  v.check(total <= 1 + 1e-9, "branches", "has probabilities that add up to more than 100%",
          "lower some");
}

class Choose final : public Step {
 public:
  Choose(const ChooseSettings& settings, const Context& context)
      : stream_(context.stream("choice")) {
    double upper = 0;
    for (std::size_t i = 0; i < settings.branches.size(); ++i) {
      Context inside = context;
      inside.path += ".choose." + std::to_string(i);
      upper += settings.branches[i].probability.value;
      branches_.push_back({upper, Program(settings.branches[i].steps.values, inside)});
    }
  }

  static Theory theory(const ChooseSettings& settings) {
    Flow flow{.kind = Flow::Kind::choose};
    for (const BranchSettings& branch : settings.branches) {
      flow.parts.push_back(flow_of(branch.steps.values));
      flow.chances.push_back(branch.probability.value);
    }
    return flow;
  }

  Action act(const Request& request) override {
    Draw draw = stream_.at(request.luck);
    const double u = draw.uniform();
    for (const Branch& branch : branches_) {
      if (u < branch.upper) {
        return sequence(branch.program);
      }
    }
    return sequence(nothing_);
  }

 private:
  struct Branch {
    double upper;
    Program program;
  };
  static Action sequence(const Program& program) {
    return Action{.kind = Action::Kind::sequence, .program = &program};
  }

  Stream stream_;
  std::vector<Branch> branches_;
  Program nothing_;
};

const Register<Step, Choose, ChooseSettings> registered{"choose",
                                                        "one of several branches, by probability"};

}  // namespace
}  // namespace stampede
