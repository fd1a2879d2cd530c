#include "stampede/model/call_guard.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

/// resilience4j's names and defaults.
struct BulkheadSettings {
  int max_concurrent_calls = 25;
  Duration max_wait_duration;
};
void describe(Visitor& v, BulkheadSettings& s) {
  v.shorthand("max_concurrent_calls");
  v.field("max_concurrent_calls", s.max_concurrent_calls, "calls under way at a time", at_least(1),
          at_most(1'000'000));
  v.field("max_wait_duration", s.max_wait_duration,
          "how long others wait for one of these to end; 0s turns them away at once",
          at_least(Duration()));
}

/// One target that hangs takes no more than its share of the caller's workers.
class Bulkhead final : public CallGuard {
 public:
  Bulkhead(const BulkheadSettings& settings, const Context&) : settings_(settings) {}

  std::optional<Room> room() const override {
    return Room{.places = settings_.max_concurrent_calls, .max_wait = settings_.max_wait_duration};
  }

 private:
  BulkheadSettings settings_;
};

const Register<CallGuard, Bulkhead, BulkheadSettings> registered{
    "bulkhead", "no more than so many calls at a time (resilience4j)"};

}  // namespace
}  // namespace stampede
