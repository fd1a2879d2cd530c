#include <optional>

#include "stampede/model/step.hpp"

namespace stampede {
namespace {

enum class OnFailure { fail, proceed };
const EnumNames<OnFailure>& names(OnFailure) {
  static const EnumNames<OnFailure> table{
      {{OnFailure::fail, "fail"}, {OnFailure::proceed, "continue"}}};
  return table;
}

struct CallStepSettings {
  ComponentName target;
  CallSettings call;
  std::string type;
  Distribution<Bytes> request_size;
  Distribution<Bytes> response_size;
  OnFailure on_failure = OnFailure::fail;
  std::optional<StepSettings> fallback;
};
void describe(Visitor& v, CallStepSettings& s) {
  v.shorthand("target");
  v.field("target", s.target, "the component that is called", required());
  describe_call(v, s.call);
  v.field("type", s.type,
          "request type of the call; that of the request being handled unless given");
  v.field("request_size", s.request_size, "payload of the call");
  v.field("response_size", s.response_size, "payload of a good answer");
  v.field("on_failure", s.on_failure, "whether the handler fails with the call or goes on without");
  v.field(
      "fallback", s.fallback,
      "what is done instead when the call fails, all its tries included; if that goes well, the "
      "answer is degraded. [] is an answer that takes no work");
  v.check(!s.fallback || s.on_failure == OnFailure::fail, "fallback",
          "is not needed where the handler goes on without the call", "leave out on_failure");
  if (!s.type.empty()) {
    v.declare(SendsType{s.type});
  }
}

class Call final : public Step {
 public:
  Call(const CallStepSettings& settings, const Context& context)
      : plan_{.callers = Callers(context, settings.target, settings.call),
              .branch = context.branch(),
              .type = settings.type.empty()
                          ? std::nullopt
                          : std::optional(context.request_types.add(settings.type)),
              .request_size = settings.request_size,
              .response_size = settings.response_size,
              .sizes = context.stream("sizes"),
              .failure_is_ours = settings.on_failure == OnFailure::fail} {
    if (settings.fallback) {
      Context instead = context;
      instead.path += ".fallback";
      plan_.fallback = &fallback_.emplace(*settings.fallback, instead);
    }
  }

  static Theory theory(const CallStepSettings& settings) {
    return Flow::call({.target = settings.target.name,
                       .type = settings.type,
                       .operation = Operation::read,
                       .may_fail = settings.on_failure == OnFailure::proceed});
  }

  Action act(const Request&) override { return {.kind = Action::Kind::call, .call = &plan_}; }

 private:
  CallPlan plan_;
  std::optional<Program> fallback_;
};

const Register<Step, Call, CallStepSettings> registered{
    "call", "a request to another component, with a timeout and retries if wanted"};

}  // namespace
}  // namespace stampede
