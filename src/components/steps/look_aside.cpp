#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct LookAsideSettings {
  CallTarget cache;
  CallTarget store;
};
void describe(Visitor& v, LookAsideSettings& s) {
  v.field("cache", s.cache, "where the item is looked for first", required());
  v.field("store", s.store, "where it is read if the cache has it not, or does not answer",
          required());
}

/// Cache-aside: the reader asks the cache, reads the store on a miss and puts into the cache what
/// it found there. A cache that fails is a miss.
class LookAside final : public Step {
 public:
  LookAside(const LookAsideSettings& settings, const Context& context)
      : cache_(context.simulation, context.directory, settings.cache.target, settings.cache.call,
               context.stream("cache back-off")),
        store_(context.simulation, context.directory, settings.store.target, settings.store.call,
               context.stream("store back-off")),
        branch_(context.branch()) {}

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return look(errand, *this, request);
  }

 private:
  static Task<Response> look(Errand errand, LookAside& step, Request request) {
    Caller& cache = step.cache_.of(errand.instance());
    Request get = request.as_branch(step.branch_);
    get.from = errand.place();
    get.operation = Operation::read;
    Response response;
    if (cache.is_plain()) {
      Reply reply = cache.start(get);
      response = co_await reply;
    } else {
      Task<Response> whole = cache.call(errand, get);
      response = co_await whole;
    }
    if (response.ok() && response.found) {
      co_return response;
    }

    Request read = request.as_branch(step.branch_ + 1);
    read.from = errand.place();
    read.operation = Operation::read;
    Task<Response> reading = step.store_.of(errand.instance()).call(errand, read);
    response = co_await reading;
    if (!response.ok()) {
      response.outcome = outcome_of_failed_call(response.outcome);
      co_return response;
    }

    Request fill = request.as_branch(step.branch_ + 2);
    fill.from = errand.place();
    fill.operation = Operation::write;
    fill.stamp = response.stamp;
    fill.size = response.size;
    fill.response_size = 0;
    Task<Response> filling = cache.call(errand, fill);
    co_await filling;  // whether it was let in is the cache's business
    co_return response;
  }

  Callers cache_;
  Callers store_;
  std::uint64_t branch_;
};

const Register<Step, LookAside, LookAsideSettings> registered{
    "look_aside", "an item from a cache, or else from the store and into the cache"};

}  // namespace
}  // namespace stampede
