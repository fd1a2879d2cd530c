#include <algorithm>
#include <vector>

#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct SagaPartSettings {
  OneOrMany<Choice<Step>> action;
  OneOrMany<Choice<Step>> undo;
};
void describe(Visitor& v, SagaPartSettings& s) {
  v.field("do", s.action, "steps that belong together: they fail as one", required());
  v.field("undo", s.undo,
          "what makes up for them when a later part fails; without it, their effect stays");
}

struct SagaSettings {
  std::vector<SagaPartSettings> parts;
  bool undo_failed = false;
};
void describe(Visitor& v, SagaSettings& s) {
  v.shorthand("parts");
  v.field("parts", s.parts, "what is done one after the other, until one of them fails", required(),
          not_empty());
  v.field("undo_failed", s.undo_failed,
          "the part that failed is undone as well, since after a timeout nobody knows how far it "
          "came");
  const bool has_undo = std::any_of(s.parts.begin(), s.parts.end(), [](const SagaPartSettings& p) {
    return !p.undo.values.empty();
  });
  v.doubt_unless(has_undo, "parts", "have no undo: it is a list of steps like any other",
                 "such as undo: [{call: refunds}]");
}

const Measure sagas{"service", Measure::count, "sagas", "sagas that were begun"};
const Measure compensated{"service", Measure::count, "compensated",
                          "sagas that failed, and all that went well before was undone"};
const Measure half_done{"service", Measure::count, "half_done",
                        "sagas that failed, or died with their instance, and left something done"};
const Measure half_done_ratio{"service", "half_done_ratio", "share of the sagas that did",
                              half_done, sagas};

/// A transaction over several services without locks: each part commits by itself, and when one
/// fails, what was done before is undone in reverse order (Garcia-Molina, Salem: Sagas, SIGMOD
/// 1987). What undoes a part may fail as well; then the rest is undone nevertheless.
class Saga final : public Step {
 public:
  Saga(const SagaSettings& settings, const Context& context)
      : undo_failed_(settings.undo_failed),
        sagas_(context.observer.tally(sagas)),
        compensated_(context.observer.tally(compensated)),
        half_done_(context.observer.tally(half_done)) {
    for (std::size_t i = 0; i < settings.parts.size(); ++i) {
      Context inside = context;
      inside.path += ".saga." + std::to_string(i);
      Context undoing = inside;
      inside.path += ".do";
      undoing.path += ".undo";
      parts_.push_back({Program(settings.parts[i].action.values, inside),
                        Program(settings.parts[i].undo.values, undoing)});
    }
  }

  /// When all goes well.
  static Theory theory(const SagaSettings& settings) {
    Flow flow;
    for (const SagaPartSettings& part : settings.parts) {
      flow.parts.push_back(flow_of(part.action.values));
    }
    return flow;
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return carry_out(errand, *this, request);
  }

 private:
  struct Part {
    Program action;
    Program undo;
  };

  /// Counts a saga, also one that dies with its instance.
  class Account {
   public:
    explicit Account(Saga& saga) : saga_(saga) { saga_.sagas_.add(); }
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;
    ~Account() {
      if (!is_completed_) {
        (leaves_something_ ? saga_.half_done_ : saga_.compensated_).add();
      }
    }
    void complete() { is_completed_ = true; }
    void leaves_nothing() { leaves_something_ = false; }

   private:
    Saga& saga_;
    bool is_completed_ = false;
    bool leaves_something_ = true;
  };

  static Task<Response> carry_out(Errand errand, Saga& saga, Request request) {
    Account account(saga);
    Response response;
    std::size_t begun = 0;
    while (response.ok() && begun < saga.parts_.size()) {
      Task<Response> doing = errand.run(saga.parts_[begun].action, request);
      ++begun;
      const Response found = co_await doing;
      response.learn(found);
      response.outcome = found.outcome;
    }
    if (response.ok()) {
      account.complete();
      co_return response;
    }

    // Whoever undoes something sees it through, whether or not the user still waits.
    request.patience = Time::never();
    request.deadline = Time::never();
    bool is_all_undone = true;
    for (std::size_t left = saga.undo_failed_ ? begun : begun - 1; left > 0; --left) {
      const Program& undo = saga.parts_[left - 1].undo;
      Task<Response> undoing = errand.run(undo, request);
      const Response undone = co_await undoing;
      is_all_undone = is_all_undone && undone.ok() && !undo.is_empty();
    }
    if (is_all_undone) {
      account.leaves_nothing();
    }
    co_return response;
  }

  bool undo_failed_;
  Tally& sagas_;
  Tally& compensated_;
  Tally& half_done_;
  std::vector<Part> parts_;
};

const Register<Step, Saga, SagaSettings> registered{
    "saga", "parts one after the other; when one fails, those before it are undone"};

}  // namespace
}  // namespace stampede
