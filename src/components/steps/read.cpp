#include "components/steps/other_keys.hpp"

namespace stampede {
namespace {

struct ReadSettings {
  CallTarget store;
  Choice<KeyLaw> keys;
};
void describe(Visitor& v, ReadSettings& s) {
  describe(v, s.store);
  describe_keys(v, s.keys);
}

class Read final : public Step {
 public:
  Read(const ReadSettings& settings, const Context& context)
      : store_(context, settings.store), keys_(settings.keys, context), branch_(context.branch()) {}

  static Theory theory(const ReadSettings& settings) {
    return Flow::call({.target = settings.store.target.name,
                       .operation = Operation::read,
                       .keys = settings.keys});
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return read(errand, *this, request);
  }

 private:
  static Task<Response> read(Errand errand, Read& step, Request request) {
    Request get = request.as_branch(step.branch_);
    get.from = errand.place();
    get.operation = Operation::read;
    step.keys_.choose_for(get);
    Task<Response> reading = step.store_.of(errand.instance()).call(errand, get);
    Response response = co_await reading;
    if (!response.ok()) {
      response.outcome = outcome_of_failed_call(response.outcome);
    }
    if (step.keys_.are_given()) {
      response.stamp = DataStamp();  // the answer shows no data of the key that was asked for
    }
    co_return response;
  }

  Callers store_;
  OtherKeys keys_;
  std::uint64_t branch_;
};

const Register<Step, Read, ReadSettings> registered{
    "read", "the item of the request's key from a store, or another one"};

}  // namespace
}  // namespace stampede
