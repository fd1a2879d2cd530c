#include "stampede/model/knob.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace stampede {
namespace {

constexpr Combine rules[] = {Combine::product, Combine::sum, Combine::minimum, Combine::any_of};

TEST_CASE("slow-downs multiply") {
  Knob speed(Combine::product, 1);
  Knob::Hold half = speed.hold(0.5);
  Knob::Hold quarter = speed.hold(0.25);
  CHECK(speed.value() == 0.125);
  half.release();
  CHECK(speed.value() == 0.25);
  Knob::Hold pause = speed.hold(0);
  CHECK(speed.value() == 0);
  quarter.release();
  CHECK(speed.value() == 0);
  pause.release();
  CHECK(speed.value() == 1);
}

TEST_CASE("added latencies add up") {
  Knob latency(Combine::sum, 5);
  Knob::Hold one = latency.hold(10);
  Knob::Hold other = latency.hold(20);
  CHECK(latency.value() == 35);
  one.release();
  CHECK(latency.value() == 25);
}

TEST_CASE("the lowest cap counts") {
  Knob cap(Combine::minimum, 100);
  Knob::Hold lax = cap.hold(200);
  CHECK(cap.value() == 100);
  Knob::Hold strict = cap.hold(30);
  Knob::Hold stricter = cap.hold(10);
  CHECK(cap.value() == 10);
  stricter.release();
  CHECK(cap.value() == 30);
  strict.release();
  CHECK(cap.value() == 100);
}

TEST_CASE("independent probabilities combine to that of any of them") {
  Knob error_rate(Combine::any_of, 0);
  Knob::Hold one = error_rate.hold(0.5);
  Knob::Hold other = error_rate.hold(0.2);
  CHECK(error_rate.value() == Approx(0.6));
  Knob::Hold certain = error_rate.hold(1);
  CHECK(error_rate.value() == 1);
  one.release();
  other.release();
  CHECK(error_rate.value() == 1);
  certain.release();
  CHECK(error_rate.value() == 0);
}

double combined(Combine rule, double base, const std::vector<double>& amounts) {
  double value = base;
  for (const double amount : amounts) {
    value = rule == Combine::product   ? value * amount
            : rule == Combine::sum     ? value + amount
            : rule == Combine::minimum ? std::min(value, amount)
                                       : 1 - (1 - value) * (1 - amount);
  }
  return value;
}

TEST_CASE("holds that end in any order restore the knob to the bit") {
  for (const Combine rule : rules) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      std::mt19937_64 random(seed);
      const auto fraction = [&] { return static_cast<double>(random() % 1'000'003) / 1'000'003; };
      const double base = fraction();
      Knob knob(rule, base);
      std::vector<std::pair<double, Knob::Hold>> holds;
      int mistakes = 0;
      const auto check = [&] {
        std::vector<double> amounts;
        for (const auto& [amount, hold] : holds) {
          amounts.push_back(amount);
        }
        mistakes += knob.value() != combined(rule, base, amounts);
      };
      for (int step = 0; step < 50; ++step) {
        if (random() % 2 == 0) {
          const double amount = fraction();
          holds.emplace_back(amount, knob.hold(amount));
        } else if (!holds.empty()) {
          holds.erase(holds.begin() + static_cast<std::ptrdiff_t>(random() % holds.size()));
        }
        check();
      }
      std::shuffle(holds.begin(), holds.end(), random);
      while (!holds.empty()) {
        holds.pop_back();
      }
      CAPTURE(seed, static_cast<int>(rule));
      CHECK(mistakes == 0);
      CHECK(knob.value() == base);
    }
  }
}

TEST_CASE("whoever turns a knob is undone once, however its hold moves") {
  Knob knob(Combine::sum, 1);
  Knob::Hold first = knob.hold(10);
  Knob::Hold second = std::move(first);
  CHECK(knob.value() == 11);
  first.release();  // holds nothing any more
  CHECK(knob.value() == 11);
  Knob::Hold third = knob.hold(100);
  third = std::move(second);  // ends what it held before
  CHECK(knob.value() == 11);
  third.release();
  third.release();
  CHECK(knob.value() == 1);
  Knob::Hold empty;
  empty.release();
  CHECK(knob.value() == 1);
}

TEST_CASE("a knob tells of new values only") {
  std::vector<double> told;
  Knob knob(Combine::minimum, 5, [&](double value) { told.push_back(value); });
  {
    Knob::Hold lax = knob.hold(7);
    Knob::Hold strict = knob.hold(3);
    Knob::Hold as_strict = knob.hold(3);
    strict.release();
  }
  CHECK(told == std::vector<double>{3, 5});
}

}  // namespace
}  // namespace stampede
