#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stampede/base/json.hpp"
#include "stampede/model/limiter.hpp"
#include "stampede/schema/reader.hpp"
#include "support/own_measures.hpp"
#include "support/value_of.hpp"

namespace stampede::test {

/// Takes what limiters tell, and nothing else.
class LimitObserver final : public KeepsOwnMeasures {
 public:
  void arrived(Time) override {}
  void queue_changed(Time, std::int64_t) override {}
  void busy_workers_changed(Time, std::uint32_t, std::int64_t) override {}
  void busy_cores_changed(Time, std::int64_t) override {}
  void ended(Time, const Visit&) override {}
  void capacity_changed(Time, std::int64_t, std::int64_t, std::int64_t) override {}
};

/// Users of even numbers are one tenant, the others another.
class EvenAndOdd final : public Tenants {
 public:
  std::uint64_t tenant_of(const Request& request) const override { return request.user % 2; }
};

/// The limiters at one place of the list in instances that are made when first asked for.
class Limiters {
 public:
  /// As written: {"token_bucket": {"max_tokens": 5}}.
  explicit Limiters(const std::string& json) {
    Problems problems;
    Reader reader(problems);
    reader.read(value_of(Json::parse(json)), choice_);
    for (const Problem& problem : problems) {
      INFO(problem.what << "; " << problem.expected);
      REQUIRE(problem.severity == Severity::warning);
    }
  }

  RequestLimiter& of(std::size_t instance) {
    while (limiters_.size() <= instance) {
      limiters_.push_back(
          choice_.make(RequestLimiter::Context{.random = Draw(1, limiters_.size()),
                                               .now = Time(),
                                               .tenants = &tenants_,
                                               .shared = shared_,
                                               .observer = observer,
                                               .measures = AdmissionMeasures::of("service")}));
    }
    return *limiters_[instance];
  }
  bool admits(Duration when, const Request& request = {}, std::size_t instance = 0) {
    return of(instance).admit(request, Time::from_start(when)) == Outcome::ok;
  }
  /// How many of so many requests at this instant are let in.
  int admitted_of(int count, Duration when, const Request& request = {}, std::size_t instance = 0) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) {
      admitted += admits(when, request, instance) ? 1 : 0;
    }
    return admitted;
  }
  void end(Duration when, Outcome outcome = Outcome::ok, Duration latency = {},
           const Request& request = {}, std::size_t instance = 0) {
    of(instance).ended(request, outcome, latency, Time::from_start(when));
  }
  std::int64_t limit() const { return observer.level("concurrency_limit"); }

  LimitObserver observer;

 private:
  Choice<RequestLimiter> choice_;
  EvenAndOdd tenants_;
  std::shared_ptr<void> shared_;
  std::vector<std::unique_ptr<RequestLimiter>> limiters_;
};

inline Request of_user(std::uint64_t user) {
  Request request;
  request.user = user;
  return request;
}

}  // namespace stampede::test
