#include <algorithm>

#include "stampede/model/call_guard.hpp"
#include "stampede/schema/schema.hpp"
#include "time_window.hpp"

namespace stampede {
namespace {

struct ClientThrottlingSettings {
  double k = 2;
  Duration window = Duration::nanoseconds(120'000'000'000);
};
void describe(Visitor& v, ClientThrottlingSettings& s) {
  v.field("k", s.k, "requests that may be sent per accepted one before any is held back",
          at_least(1.0), at_most(1000.0));
  v.field("window", s.window, "how far back it looks", more_than(Duration::nanoseconds(119)));
}

struct Counts {
  std::int64_t requests = 0;
  std::int64_t accepts = 0;
  void add(const Counts& other, int sign) {
    requests += sign * other.requests;
    accepts += sign * other.accepts;
  }
};

/// A callee has accepted what it worked on, whether that went well or not.
bool is_accepted(Outcome outcome) { return outcome == Outcome::ok || outcome == Outcome::error; }

/// Holds back a request with probability max(0, (requests − K·accepts) / (requests + 1)), both
/// counted over the window, what was held back being a request too (Beyer et al.: Site Reliability
/// Engineering, 2016, chapter "Handling Overload"). The window moves by 1/120 of its length.
class ClientThrottling final : public CallGuard {
 public:
  ClientThrottling(const ClientThrottlingSettings& settings, const Context& context)
      : k_(settings.k),
        random_(context.random),
        latest_(Duration::nanoseconds(settings.window.ns() / buckets), buckets) {}

  std::optional<Outcome> admit(const Request& attempt, const CallLoad&, Time now) override {
    const Counts& counts = latest_.total(now);
    const auto requests = static_cast<double>(counts.requests);
    const double held_back =
        std::max(0.0, (requests - k_ * static_cast<double>(counts.accepts)) / (requests + 1));
    latest_.add({.requests = 1}, now);
    if (held_back <= 0) {
      return std::nullopt;
    }
    Draw draw = random_.at(attempt.luck);
    return draw.chance(held_back) ? std::optional(Outcome::rejected_shed) : std::nullopt;
  }
  void ended(Outcome outcome, Duration, Time now) override {
    if (is_accepted(outcome)) {
      latest_.add({.accepts = 1}, now);
    }
  }
  void forget(Time) override { latest_.clear(); }

 private:
  static constexpr std::int64_t buckets = 120;

  double k_;
  Stream random_;
  TimeWindow<Counts> latest_;
};

const Register<CallGuard, ClientThrottling, ClientThrottlingSettings> registered{
    "client_throttling", "holds back more, the more the target rejects (Google's SRE book)"};

}  // namespace
}  // namespace stampede
