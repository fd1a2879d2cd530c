#include "fake_balancer.hpp"

namespace stampede {
namespace {

using namespace literals;

/// Two backends, which the policy always compares. A hundred questions, because who costs the same
/// is chosen at random.
bool always(FakeBalancer& balancer, BackendSlot expected) {
  for (int i = 0; i < 100; ++i) {
    if (balancer.ask() != expected) {
      return false;
    }
  }
  return true;
}

bool either(FakeBalancer& balancer) { return !always(balancer, 0) && !always(balancer, 1); }

void answer(FakeBalancer& balancer, BackendSlot slot, Duration latency) {
  balancer.send_to(slot);
  balancer.end(slot, latency);
}

TEST_CASE("backends never heard of cost the same while idle") {
  FakeBalancer balancer("peak_ewma");
  balancer.add_many(2);
  CHECK(either(balancer));
}

TEST_CASE("the slower of two backends gets nothing until it is idle enough to be cheaper") {
  FakeBalancer balancer("peak_ewma");
  balancer.add_many(2);
  answer(balancer, 0, 10_ms);
  answer(balancer, 1, 35_ms);
  for (int sent = 0; sent < 3; ++sent) {  // costs 10, 20, 30 against 35
    CHECK(always(balancer, 0));
    balancer.send_to(0);
  }
  CHECK(always(balancer, 1));  // 40 against 35
}

TEST_CASE("a backend that has requests and never answered comes last") {
  FakeBalancer balancer("peak_ewma");
  balancer.add_many(2);
  answer(balancer, 0, 5_s);
  balancer.send_to(1);
  for (int i = 0; i < 50; ++i) {
    CHECK(balancer.send() == 0);
  }
}

TEST_CASE("an idle backend never heard of is supposed to have the default latency") {
  for (const auto& [default_rtt, expected] : {std::pair{"1ms", 1U}, std::pair{"100ms", 0U}}) {
    FakeBalancer balancer("peak_ewma", {{"default_rtt", default_rtt}});
    balancer.add_many(2);
    answer(balancer, 0, 20_ms);
    CHECK(always(balancer, expected));
  }
}

TEST_CASE("a worse latency counts at once, a better one only as time passes") {
  FakeBalancer balancer("peak_ewma", {{"decay_time", "10s"}});
  balancer.add_many(2);
  answer(balancer, 0, 10_ms);
  answer(balancer, 1, 20_ms);
  CHECK(always(balancer, 0));
  answer(balancer, 0, 100_ms);
  CHECK(always(balancer, 1));
  answer(balancer, 0, 1_ms);  // at the same instant: the peak stays
  CHECK(always(balancer, 1));

  // After three decay times little of the peak is left: 100 e^-3 + 1 (1 - e^-3) = 5.9 ms.
  balancer.now = balancer.now + 30_s;
  answer(balancer, 1, 20_ms);
  answer(balancer, 0, 1_ms);
  CHECK(always(balancer, 0));
  balancer.send_to(0);
  balancer.send_to(0);
  CHECK(always(balancer, 0));  // 17.8 ms against 20
  balancer.send_to(0);
  CHECK(always(balancer, 1));  // 23.8 ms
}

TEST_CASE("a backend not heard of for long is tried again") {
  FakeBalancer balancer("peak_ewma", {{"decay_time", "10s"}});
  balancer.add_many(2);
  answer(balancer, 1, 1_s);
  for (int second = 0; second < 40; ++second) {  // 1 s decays to 20 ms after 39 s
    answer(balancer, 0, 20_ms);
    CHECK(always(balancer, 0));
    balancer.now = balancer.now + 1_s;
  }
  answer(balancer, 0, 20_ms);
  CHECK(always(balancer, 1));
}

TEST_CASE("weights divide the cost") {
  FakeBalancer balancer("peak_ewma");
  balancer.add(4);
  balancer.add(1);
  answer(balancer, 0, 20_ms);
  answer(balancer, 1, 10_ms);
  CHECK(always(balancer, 0));
}

TEST_CASE("peak EWMA compares any two of many, each pair as likely") {
  // Only the dearest never wins; in a field of four with distinct costs the ranks win 3:2:1:0.
  FakeBalancer balancer("peak_ewma");
  balancer.add_many(4);
  answer(balancer, 0, 40_ms);
  answer(balancer, 1, 10_ms);
  answer(balancer, 2, 30_ms);
  answer(balancer, 3, 20_ms);
  std::vector<int> counts(4, 0);
  for (int i = 0; i < 60000; ++i) {
    ++counts[balancer.ask()];
  }
  CHECK(counts[0] == 0);
  CHECK(chi_square({counts[1], counts[3], counts[2]}, {3, 2, 1}) < 13.82);  // 0.1 %
}

}  // namespace
}  // namespace stampede
