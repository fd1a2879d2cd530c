#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "components/arrivals/known_type.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/variates.hpp"

namespace stampede {
namespace {

/// What a user does after a request that failed.
enum class OnFailure { leave, proceed };
const EnumNames<OnFailure>& names(OnFailure) {
  static const EnumNames<OnFailure> table{
      {{OnFailure::leave, "leave"}, {OnFailure::proceed, "continue"}}};
  return table;
}

struct SessionsSettings {
  Choice<RateProfile> rate;
  std::vector<std::string> requests;
  std::optional<Distribution<double>> count;
  Distribution<Duration> think_time;
  OnFailure on_failure = OnFailure::leave;
};

void describe(Visitor& v, SessionsSettings& s) {
  v.field("rate", s.rate, "sessions that begin per second, on average; they begin independently",
          required());
  v.field("requests", s.requests, "the types of the requests of a session, one after the other");
  v.field("count", s.count,
          "how many requests a session has, if they are of any type (rounded; at least one)");
  v.field("think_time", s.think_time, "from an answer to the next request of the session");
  v.field("on_failure", s.on_failure, "whether a user leaves after a failed request or goes on");
  v.check(s.requests.empty() == s.count.has_value(), "",
          "needs either the types of the requests or their count",
          "write for example requests: [search, product_page, checkout]");
  for (const std::string& type : s.requests) {
    v.declare(AsksForType{type});
  }
  v.declare(NamesUsers{});
}

/// Users come as a Poisson process, send some requests, each after the answer to the one before,
/// and leave. Sessions are open, but inside a session nothing is sent before the answer is there.
class Sessions final : public ArrivalProcess {
 public:
  Sessions(const SessionsSettings& settings, const Context& context)
      : population_(context.population),
        rate_(settings.rate.make({})),
        count_(settings.count),
        think_time_(settings.think_time),
        leaves_(settings.on_failure == OnFailure::leave),
        users_(population_.stream("session users")),
        behaviour_(population_.stream("sessions")) {
    for (const std::string& name : settings.requests) {
      types_.push_back(known_type(population_, name));
    }
  }

  /// The requests of a session follow each other, which no formula of ours takes into account: as
  /// long as there are many sessions, they are nearly a Poisson process.
  static Theory theory(const SessionsSettings& settings) {
    Theory theory{.rate = settings.rate, .types = settings.requests};
    theory.requests = settings.requests.empty() ? std::max(1.0, settings.count->mean())
                                                : static_cast<double>(settings.requests.size());
    return theory;
  }

  Scope& scope() { return population_.scope(); }
  void start() override { static_cast<void>(arrive()); }

 private:
  Process arrive() {
    Draw draw = population_.stream("arrivals").sequence();
    Time next;
    for (std::uint64_t ordinal = 0;; ++ordinal) {
      const double events = standard_exponential(draw);
      next = rate_->after(next, events);
      if (next == Time::never()) {
        co_return Done();
      }
      co_await population_.simulation().until(next);
      static_cast<void>(session(ordinal));
    }
  }

  Process session(std::uint64_t ordinal) {
    Simulation& simulation = population_.simulation();
    const std::uint64_t user = user_of(ordinal);
    Draw draw = behaviour_.at(ordinal);
    const std::size_t length = length_of_session(draw);
    for (std::size_t i = 0;; ++i) {
      Ask ask;
      ask.sent = simulation.now();
      ask.user = user;
      if (!types_.empty()) {
        ask.type = types_[i];
      }
      Reply reply = population_.send(ask);
      const Response response = co_await reply;
      if (i + 1 == length || (leaves_ && !response.ok())) {
        co_return Done();
      }
      const Duration thought = think_time_.sample(draw);
      co_await simulation.delay(thought);
    }
  }

  std::uint64_t user_of(std::uint64_t ordinal) const {
    if (population_.user_count() == 0) {
      return ordinal;
    }
    Draw draw = users_.at(ordinal);
    return draw.below(population_.user_count());
  }

  std::size_t length_of_session(Draw& draw) const {
    if (!count_) {
      return types_.size();
    }
    constexpr double most = 1e9;
    return static_cast<std::size_t>(std::clamp(count_->sample(draw), 1.0, most) + 0.5);
  }

  Population& population_;
  std::unique_ptr<RateProfile> rate_;
  std::vector<RequestTypeId> types_;
  std::optional<Distribution<double>> count_;
  Distribution<Duration> think_time_;
  bool leaves_;
  Stream users_;
  Stream behaviour_;
};

const Register<ArrivalProcess, Sessions, SessionsSettings> registered{
    "sessions", "users come, do a sequence of requests and leave"};

}  // namespace
}  // namespace stampede
