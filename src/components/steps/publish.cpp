#include <algorithm>
#include <optional>

#include "stampede/model/messages.hpp"
#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct PublishSettings {
  ComponentName target;
  CallSettings call;
  std::string type;
  std::optional<Distribution<Bytes>> size;
  bool wait = true;
};
void describe(Visitor& v, PublishSettings& s) {
  v.shorthand("target");
  v.field("target", s.target, "the queue or log that takes the message", required());
  describe_call(v, s.call);
  v.field("type", s.type,
          "request type of the message; that of the request being handled unless given");
  v.field("size", s.size, "payload of the message; that of the request being handled unless given");
  v.field("wait", s.wait,
          "true: the handler waits until it is told that the message is in, and fails if it is not "
          "taken; false: it goes on, and never learns of a failure");
  v.declare(PublishesTo{s.target.name, s.target.place});
  if (!s.type.empty()) {
    v.declare(SendsType{s.type});
  }
}

/// Leaves a message for whoever will receive it. It carries the request that is being handled, as a
/// request of its own: the same `id` for all attempts to publish it, and no other message's.
class Publish final : public Step {
 public:
  Publish(const PublishSettings& settings, const Context& context)
      : callers_(context, settings.target, settings.call),
        type_(settings.type.empty() ? std::nullopt
                                    : std::optional(context.request_types.add(settings.type))),
        size_(settings.size),
        sizes_(context.stream("sizes")),
        waits_(settings.wait),
        branch_(context.branch()) {}

  static Theory theory(const PublishSettings& settings) {
    CallTheory whom{
        .target = settings.target.name, .type = settings.type, .operation = Operation::write};
    return settings.wait ? Flow::call(std::move(whom)) : Flow::publish(std::move(whom));
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    Request message = request.as_branch(branch_);
    message.id = message.luck;
    message.from = errand.place();
    message.type = type_.value_or(request.type);
    message.operation = Operation::write;
    if (size_) {
      Draw draw = sizes_.at(message.luck);
      message.size = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(size_->sample(draw).count, UINT32_MAX));
    }
    return waits_ ? publish(errand, *this, message) : leave(errand, *this, message);
  }

 private:
  static Task<Response> publish(Errand errand, Publish& step, Request message) {
    Task<Response> sending = step.callers_.of(errand.instance()).call(errand, message);
    Response response = co_await sending;
    if (!response.ok()) {
      response.outcome = outcome_of_failed_call(response.outcome);
    }
    co_return response;
  }

  static Task<Response> leave(Errand errand, Publish& step, Request message) {
    static_cast<void>(send(errand, step, message));
    co_return Response();
  }
  static Process send(Errand errand, Publish& step, Request message) {
    Task<Response> sending = step.callers_.of(errand.instance()).call(errand, message);
    co_await sending;
    co_return Done();
  }

  Callers callers_;
  std::optional<RequestTypeId> type_;
  std::optional<Distribution<Bytes>> size_;
  Stream sizes_;
  bool waits_;
  std::uint64_t branch_;
};

const Register<Step, Publish, PublishSettings> registered{
    "publish", "a message into a queue or log, for whoever consumes it"};

}  // namespace
}  // namespace stampede
