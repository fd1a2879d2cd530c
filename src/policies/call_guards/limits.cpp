#include "stampede/model/call_guard.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// Envoy's circuit_breakers.thresholds, names and defaults.
struct LimitsSettings {
  std::int64_t max_connections = 1024;
  std::int64_t max_pending_requests = 1024;
  std::int64_t max_requests = 1024;
  std::int64_t max_retries = 3;
};
void describe(Visitor& v, LimitsSettings& s) {
  v.field("max_connections", s.max_connections,
          "requests under way at a time; others wait, as over HTTP/1.1", at_least(1),
          at_most(1'000'000));
  v.field(
      "max_pending_requests", s.max_pending_requests,
      "requests that may wait for a connection, as long as their caller waits for them; more are "
      "rejected",
      at_least(0), at_most(1'000'000));
  v.field("max_requests", s.max_requests,
          "requests under way at a time; more are rejected, as over HTTP/2", at_least(1),
          at_most(1'000'000));
  v.field("max_retries", s.max_retries,
          "calls that are tried again at a time; others fail with what they have", at_least(0),
          at_most(1'000'000));
}

/// What Envoy calls circuit breakers: limits on what one caller has under way to one target.
class Limits final : public CallGuard {
 public:
  Limits(const LimitsSettings& settings, const Context&) : settings_(settings) {}

  std::optional<Outcome> admit(const Request&, const CallLoad& load, Time) override {
    return load.in_flight >= settings_.max_requests ? std::optional(Outcome::rejected_limit)
                                                    : std::nullopt;
  }
  bool may_retry(const CallLoad& load) override { return load.retrying < settings_.max_retries; }
  std::optional<Room> room() const override {
    return Room{.places = settings_.max_connections,
                .max_waiting = settings_.max_pending_requests,
                .max_wait = std::nullopt};
  }

 private:
  LimitsSettings settings_;
};

const Register<CallGuard, Limits, LimitsSettings> registered{
    "limits", "limits on connections, waiting requests, requests and retries (Envoy's thresholds)"};

}  // namespace
}  // namespace stampede
