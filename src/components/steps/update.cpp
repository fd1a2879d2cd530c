#include "stampede/model/step.hpp"

namespace stampede {
namespace {

struct UpdateSettings {
  CallTarget store;
  int num_retries = 10;
  BackOffSettings retry_back_off;
};
void describe(Visitor& v, UpdateSettings& s) {
  v.shorthand("store");
  v.field("store", s.store, "where the item is read and written", required());
  v.declare(WritesInto{s.store.target.name});
  v.field("num_retries", s.num_retries,
          "how often it begins again, from the read on, when the write fails", at_least(0),
          at_most(1'000'000));
  v.field("retry_back_off", s.retry_back_off, "waits before it begins again");
}

/// Reads the item of the request's key, and writes what it has made of it. Where the store is
/// `optimistic`, the write fails if somebody else has written the item meanwhile, and the whole is
/// done again: Kung, Robinson: On Optimistic Methods for Concurrency Control, ACM TODS 1981, for
/// one row.
class Update final : public Step {
 public:
  Update(const UpdateSettings& settings, const Context& context)
      : store_(context, settings.store, "store back-off"),
        settings_(settings),
        back_off_(context.stream("back-off")),
        branch_(context.branch()) {}

  /// When nothing comes in between.
  static Theory theory(const UpdateSettings& settings) {
    const std::string& store = settings.store.target.name;
    return Flow::sequence({Flow::call({.target = store, .operation = Operation::read}),
                           Flow::call({.target = store, .operation = Operation::write})});
  }

  Action act(const Request&) override {
    return Action{.kind = Action::Kind::process, .step = this};
  }

  Task<Response> run(Errand errand, Request request) override {
    return update(errand, *this, request);
  }

 private:
  static Task<Response> update(Errand errand, Update& step, Request request) {
    Simulation& simulation = errand.scope().simulation();
    Draw draw = step.back_off_.at(request.luck);
    Duration wait;
    for (int round = 0;; ++round) {
      Request get = request.as_round(round).as_branch(step.branch_);
      get.from = errand.place();
      get.operation = Operation::read;
      Task<Response> reading = step.store_.of(errand.instance()).call(errand, get);
      const Response item = co_await reading;
      Response response = item;
      if (item.ok()) {
        Request put = request.as_round(round).as_branch(step.branch_ + 1);
        put.from = errand.place();
        put.operation = Operation::write;
        put.stamp = item.stamp;
        put.response_size = 0;
        Task<Response> writing = step.store_.of(errand.instance()).call(errand, put);
        response = co_await writing;
      }
      if (response.outcome != Outcome::error || round >= step.settings_.num_retries) {
        if (!response.ok()) {
          response.outcome = outcome_of_failed_call(response.outcome);
        }
        response.stamp = DataStamp();  // the answer shows no data
        co_return response;
      }
      wait = back_off(step.settings_.retry_back_off, round + 1, wait, draw);
      co_await simulation.delay(wait);
    }
  }

  Callers store_;
  UpdateSettings settings_;
  Stream back_off_;
  std::uint64_t branch_;
};

const Register<Step, Update, UpdateSettings> registered{
    "update", "an item is read and written back, again if another one was quicker"};

}  // namespace
}  // namespace stampede
