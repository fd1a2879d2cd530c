#include <optional>

#include "components/steps/other_keys.hpp"

namespace stampede {
namespace {

/// What becomes of the cached copy of an item that was written.
enum class Cached { invalidate, update };
const EnumNames<Cached>& names(Cached) {
  static const EnumNames<Cached> table{
      {{Cached::invalidate, "invalidate"}, {Cached::update, "update"}}};
  return table;
}

struct WriteSettings {
  CallTarget store;
  std::optional<CallTarget> cache;
  Cached cached = Cached::invalidate;
  Choice<KeyLaw> keys;
};
void describe(Visitor& v, WriteSettings& s) {
  v.shorthand("store");
  v.field("store", s.store, "where the item is written", required());
  v.declare(WritesInto{s.store.target.name});
  v.field("cache", s.cache, "a cache beside the store that is told of the write afterwards");
  v.field("cached", s.cached,
          "invalidate: the cached copy is removed; update: it is replaced by what was written");
  describe_keys(v, s.keys);
}

/// Writes the item of the request's key, or another one; its size is the payload of the request.
class Write final : public Step {
 public:
  Write(const WriteSettings& settings, const Context& context)
      : store_(context, settings.store, "store back-off"),
        cached_(settings.cached),
        keys_(settings.keys, context),
        branch_(context.branch()) {
    if (settings.cache) {
      cache_.emplace(context, *settings.cache, "cache back-off");
    }
  }

  static Theory theory(const WriteSettings& settings) {
    Flow flow = Flow::call({.target = settings.store.target.name,
                            .operation = Operation::write,
                            .keys = settings.keys});
    if (settings.cache) {
      const bool updates = settings.cached == Cached::update;
      flow = Flow::sequence(
          {std::move(flow),
           Flow::call({.target = settings.cache->target.name,
                       .operation = updates ? Operation::write : Operation::invalidate,
                       .keys = settings.keys,
                       .may_fail = true})});
    }
    return flow;
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return write(errand, *this, request);
  }

 private:
  static Task<Response> write(Errand errand, Write& step, Request request) {
    Request put = request.as_branch(step.branch_);
    put.from = errand.place();
    put.operation = Operation::write;
    step.keys_.choose_for(put);
    Task<Response> writing = step.store_.of(errand.instance()).call(errand, put);
    Response response = co_await writing;
    if (!response.ok()) {
      response.outcome = outcome_of_failed_call(response.outcome);
      co_return response;
    }
    if (step.cache_) {
      Request tell = request.as_branch(step.branch_ + 1);
      tell.from = errand.place();
      tell.key = put.key;
      tell.operation = step.cached_ == Cached::update ? Operation::write : Operation::invalidate;
      tell.stamp = response.stamp;
      tell.response_size = 0;
      Task<Response> telling = step.cache_->of(errand.instance()).call(errand, tell);
      co_await telling;  // a cache that does not hear of it goes on with the old item
    }
    response.stamp = DataStamp();  // the answer shows no data
    co_return response;
  }

  Callers store_;
  std::optional<Callers> cache_;
  Cached cached_;
  OtherKeys keys_;
  std::uint64_t branch_;
};

const Register<Step, Write, WriteSettings> registered{
    "write", "the item of the request's key, or another, into a store, and news of it to a cache"};

}  // namespace
}  // namespace stampede
