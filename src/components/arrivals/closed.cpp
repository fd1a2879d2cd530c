#include <optional>

#include "stampede/kernel/turn.hpp"
#include "stampede/model/arrivals.hpp"
#include "stampede/random/distribution.hpp"

namespace stampede {
namespace {

struct ClosedSettings {
  std::optional<std::uint64_t> users;
  Distribution<Duration> think_time;
};

void describe(Visitor& v, ClosedSettings& s) {
  v.shorthand("users");
  v.field("users", s.users, "how many users there are; as many as users.count unless given",
          at_least(1), at_most(10'000'000));
  v.field("think_time", s.think_time, "from an answer to the next request of the same user");
  if (!s.users) {
    v.declare(NeedsUserCount());
  }
}

/// A fixed number of users, each of whom thinks, sends a request, waits for the answer and thinks
/// again: what is slow is asked less often.
class Closed final : public ArrivalProcess {
 public:
  Closed(const ClosedSettings& settings, const Context& context)
      : population_(context.population),
        users_(settings.users ? *settings.users : population_.user_count()),
        think_time_(settings.think_time),
        thinking_(population_.stream("think time")) {
    require(users_ > 0, "a checked scenario says how many users there are");
  }

  static Theory theory(const ClosedSettings& settings) {
    Theory theory{.is_closed = true, .think = Flow::moments(settings.think_time)};
    if (settings.users) {
      theory.users = static_cast<double>(*settings.users);
    }
    return theory;
  }

  Scope& scope() { return population_.scope(); }

  void start() override {
    for (std::uint64_t number = 0; number < users_; ++number) {
      static_cast<void>(user(number));
    }
  }

 private:
  Process user(std::uint64_t number) {
    Simulation& simulation = population_.simulation();
    Draw draw = thinking_.at(number);
    for (;;) {
      const Time began = simulation.now();
      const Duration thought = think_time_.sample(draw);
      co_await simulation.delay(thought);
      Ask ask;
      ask.sent = simulation.now();
      ask.user = number;
      Reply reply = population_.send(ask);
      co_await reply;
      if (simulation.now() == began) {
        co_await Turn(simulation);
      }
    }
  }

  Population& population_;
  std::uint64_t users_;
  Distribution<Duration> think_time_;
  Stream thinking_;
};

const Register<ArrivalProcess, Closed, ClosedSettings> registered{
    "closed", "a fixed number of users who wait for each answer and think before the next request"};

}  // namespace
}  // namespace stampede
