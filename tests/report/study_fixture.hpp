#pragma once

#include <limits>

#include "stampede/study/study.hpp"

namespace stampede::test {

inline constexpr double none = std::numeric_limits<double>::quiet_NaN();

inline Metric metric(std::string name, double estimate, double half_width) {
  return {std::move(name), Estimate{estimate, estimate - half_width, estimate + half_width, 10}};
}

inline Subject traffic(const std::string& name, const std::string& kind, std::int64_t requests) {
  Subject subject;
  subject.name = name;
  subject.kind = kind;
  subject.counts = {{"requests", requests},        {"outcomes.ok", requests - 12},
                    {"outcomes.timeout", 0},       {"outcomes.rejected.queue_full", 12},
                    {"attempts.retries.total", 3}, {"attempts.retries.ok", 2}};
  subject.metrics = {metric("throughput_per_s", 2000, 3),   metric("goodput_per_s", 1998, 3),
                     metric("availability", 0.99812, 2e-4), metric("latency_s.mean", 0.0124, 1e-4),
                     metric("latency_s.p50", 0.0101, 1e-4), metric("latency_s.p99", 0.0512, 2e-3),
                     metric("latency_s.p99.9", 0.214, 0.05)};
  subject.metrics.back().supported = false;
  subject.metrics.push_back(metric("attempts_per_request", 1.1, 0.01));
  subject.metrics.push_back({"latency_s.max", Estimate{0.5, none, none, 10}});
  return subject;
}

/// A study as one of a small shop could have come out.
inline StudyResult shop_study() {
  StudyResult study;
  study.name = "shop";
  study.description = "A shop with an application tier and nothing else.";
  study.resolved = {{"name", "shop"}};
  study.scenario_hash = 0x1234;
  study.seed = 1;
  study.replications_asked = 10;
  study.result.duration_s = 600;
  study.result.warmup_s = 42;
  study.result.warmup_found = true;
  study.result.warmup_search = WarmupSearch{100, 7, false};
  study.result.replications = 10;
  study.result.fingerprint = 0xabcdef;
  study.result.traffic = {traffic("shoppers", "traffic", 1'200'345)};
  study.result.traffic[0].parts = {traffic("product_page", "request_type", 1'000'000),
                                   traffic("checkout", "request_type", 200'345),
                                   traffic("eu", "region", 1'200'345)};
  Subject app;
  app.name = "app";
  app.kind = "service";
  app.counts = {{"requests", 1'200'345}};
  app.metrics = {metric("utilization", 0.947, 0.001), metric("queue_length", 3.21, 0.1),
                 metric("in_flight", 21.4, 0.2),      metric("wait_s.mean", 0.0016, 1e-5),
                 metric("replicas", 12, 0),           metric("instance_share.max", 0.2, 0.001)};
  Subject balancer;
  balancer.name = "balancer";
  balancer.kind = "load_balancer";
  balancer.metrics = {metric("in_flight", 22, 0.2)};
  study.result.components = {app, balancer};
  study.faults = {{240, "crash", "app-3 app-4", true}, {330, "crash", "app-3 app-4", false}};
  study.expectations = {
      {"shoppers.availability >= 99.5%", "%", metric("availability", 0.99812, 2e-4),
       Verdict{Verdict::Kind::pass, "", ""}},
      {"shoppers.latency.p99 < 50ms", "s", metric("latency_s.p99", 0.0512, 2e-3),
       Verdict{Verdict::Kind::fail, "", "its interval reaches across the bound"}},
      {"shoppers.checkout.latency.p99.9 < 1s", "s", std::nullopt,
       Verdict{Verdict::Kind::no_data, "", ""}}};
  study.warnings = {"shoppers.latency.p99 < 50ms: its interval reaches across the bound"};
  study.performance.wall_s = 1.5;
  study.performance.events = 30'000'000;
  study.performance.requests = 12'000'000;
  study.performance.peak_memory_bytes = 12'000'000;
  return study;
}

}  // namespace stampede::test
