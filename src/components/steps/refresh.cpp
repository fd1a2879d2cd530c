#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct RefreshSettings {
  CallTarget view;
  CallTarget source;
};
void describe(Visitor& v, RefreshSettings& s) {
  v.field("view", s.view, "the store or cache that shows the item in another form", required());
  v.field("source", s.source, "the store that the item is read from", required());
  v.declare(WritesInto{s.view.target.name});
  v.declare(MakesView{
      .view = s.view.target.name, .source = s.source.target.name, .place = s.view.target.place});
}

/// Reads the item of the request's key where it is kept, and writes it into a view (a projection, a
/// read model). Whoever reads the view is shown what was read here, and finds it stale when the
/// source has moved on. Of two at it at the same time the later write stays, though it may carry
/// the older item.
class Refresh final : public Step {
 public:
  Refresh(const RefreshSettings& settings, const Context& context)
      : view_(context, settings.view, "view back-off"),
        source_(context, settings.source, "source back-off"),
        branch_(context.branch()) {}

  static Theory theory(const RefreshSettings& settings) {
    return Flow::sequence(
        {Flow::call({.target = settings.source.target.name, .operation = Operation::read}),
         Flow::call({.target = settings.view.target.name, .operation = Operation::write})});
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return refresh(errand, *this, request);
  }

 private:
  static Task<Response> refresh(Errand errand, Refresh& step, Request request) {
    Request get = request.as_branch(step.branch_);
    get.from = errand.place();
    get.operation = Operation::read;
    Task<Response> reading = step.source_.of(errand.instance()).call(errand, get);
    const Response item = co_await reading;
    Response response;
    if (!item.ok()) {
      response.outcome = outcome_of_failed_call(item.outcome);
      co_return response;
    }
    Request put = request.as_branch(step.branch_ + 1);
    put.from = errand.place();
    put.operation = item.found ? Operation::write : Operation::remove;
    put.stamp = item.stamp;
    put.size = item.size;
    put.response_size = 0;
    Task<Response> writing = step.view_.of(errand.instance()).call(errand, put);
    const Response written = co_await writing;
    if (!written.ok()) {
      response.outcome = outcome_of_failed_call(written.outcome);
    }
    co_return response;  // the answer shows no data
  }

  Callers view_;
  Callers source_;
  std::uint64_t branch_;
};

const Register<Step, Refresh, RefreshSettings> registered{
    "refresh", "the item of the request's key from a store into a view of it"};

}  // namespace
}  // namespace stampede
