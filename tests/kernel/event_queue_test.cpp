#include "stampede/kernel/event_queue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <set>
#include <utility>

namespace stampede {
namespace {

/// The queue, and beside it one that is too simple to be wrong. Pushes are never earlier than what
/// was popped last, as in a simulation.
class Pair {
 public:
  void push(std::int64_t delay) {
    if (now_ > std::int64_t{1} << 61) {
      delay %= 1'000'000;  // 73 years have passed: stay within the range of time
    }
    const Event event{now_ + delay, order_++};
    queue_.push(event);
    oracle_.insert({event.time, event.order});
  }

  void pop() {
    const auto expected = *oracle_.begin();
    const Event event = *queue_.front();
    if (std::pair(event.time, event.order) != expected) {
      ++mistakes_;
    }
    oracle_.erase(oracle_.begin());
    queue_.pop();
    now_ = expected.first;
    check_peek();
  }

  std::size_t size() const { return oracle_.size(); }
  void drain() {
    while (size() > 0) {
      pop();
    }
  }
  /// Wrong answers so far; one CHECK for each event would take longer than everything else.
  int mistakes() { return mistakes_ + ((queue_.front() == nullptr) != oracle_.empty()); }

 private:
  void check_peek() {
    if (const Event* third = queue_.peek(2)) {
      if (oracle_.size() < 3 ||
          std::pair(third->time, third->order) != *std::next(oracle_.begin(), 2)) {
        ++mistakes_;
      }
    }
  }

  EventQueue queue_;
  std::set<std::pair<std::int64_t, std::uint64_t>> oracle_;
  std::int64_t now_ = 0;
  std::uint64_t order_ = 0;
  int mistakes_ = 0;
};

/// A delay of one of several kinds of simulated world.
std::int64_t draw_delay(int kind, std::mt19937_64& random) {
  switch (kind) {
    case 0:  // all alike, as with constant service times
      return 1000;
    case 1:  // many at the same instants
      return static_cast<std::int64_t>(random() % 4);
    case 2:  // anything up to a second
      return static_cast<std::int64_t>(random() % 1'000'000'000);
    case 3:  // every order of magnitude up to 36 years
      return static_cast<std::int64_t>(random() % (std::uint64_t{1} << (random() % 61)));
    case 4:  // short, and now and then far away
      return random() % 100 == 0 ? std::int64_t{1} << 60
                                 : static_cast<std::int64_t>(random() % 1000);
    default:  // requests of milliseconds beside timeouts of a second
      return random() % 3 == 0 ? 1'000'000'000 : static_cast<std::int64_t>(random() % 5'000'000);
  }
}
constexpr int kinds = 6;

TEST_CASE("events come out in the order of time, and of scheduling at equal times") {
  for (int kind = 0; kind < kinds; ++kind) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      std::mt19937_64 random(seed);
      Pair pair;
      // Phases of growth and decline, so that the queue passes through all its sizes and forms.
      for (int phase = 0; phase < 12; ++phase) {
        const std::uint64_t pushes_of_ten = 1 + random() % 9;
        for (int step = 0; step < 300; ++step) {
          if (random() % 10 < pushes_of_ten) {
            pair.push(draw_delay(kind, random));
          } else if (pair.size() > 0) {
            pair.pop();
          }
        }
      }
      pair.drain();
      CAPTURE(kind, seed);
      REQUIRE(pair.mistakes() == 0);
    }
  }
}

TEST_CASE("worlds of mixed delays come out in order too") {
  for (std::uint64_t seed = 100; seed < 130; ++seed) {
    std::mt19937_64 random(seed);
    Pair pair;
    for (int step = 0; step < 4000; ++step) {
      const int kind = static_cast<int>(random() % kinds);
      if (random() % 100 == 0) {
        for (int i = 0; i < 150; ++i) {  // a burst
          pair.push(draw_delay(kind, random));
        }
      } else if (random() % 20 < 9 || pair.size() == 0) {
        pair.push(draw_delay(kind, random));
      } else {
        pair.pop();
      }
    }
    pair.drain();
    CAPTURE(seed);
    REQUIRE(pair.mistakes() == 0);
  }
}

TEST_CASE("a hundred thousand pending events stay in order while others come and go") {
  for (int kind = 0; kind < kinds; ++kind) {
    std::mt19937_64 random(3);
    Pair pair;
    for (int i = 0; i < 100'000; ++i) {
      pair.push(draw_delay(kind, random));
    }
    for (int i = 0; i < 50'000; ++i) {
      pair.pop();
      pair.push(draw_delay(kind, random));
    }
    CAPTURE(kind);
    REQUIRE(pair.mistakes() == 0);
    for (int i = 0; i < 50'000; ++i) {
      pair.pop();
    }
    REQUIRE(pair.mistakes() == 0);
  }
}

TEST_CASE("a crowd at one instant comes out in the order of scheduling, with what is added to it") {
  Pair pair;
  for (int i = 0; i < 20'000; ++i) {
    pair.push(5);
  }
  pair.push(6);
  pair.push(4);
  for (int i = 0; i < 10'000; ++i) {
    pair.pop();
    if (i % 2 == 0) {
      pair.push(0);
    }
  }
  pair.drain();
  CHECK(pair.mistakes() == 0);
}

TEST_CASE("ever shorter delays, each before all that is pending, come out in order") {
  Pair pair;
  for (int i = 0; i < 5000; ++i) {
    pair.push(10'000 - i);
  }
  for (int i = 0; i < 1000; ++i) {
    pair.pop();
    pair.push(1);
    pair.push(0);
  }
  pair.drain();
  CHECK(pair.mistakes() == 0);
}

TEST_CASE("a queue that ran empty starts anew") {
  std::mt19937_64 random(4);
  Pair pair;
  for (int round = 0; round < 200; ++round) {
    const std::size_t count = random() % 500;
    for (std::size_t i = 0; i < count; ++i) {
      pair.push(draw_delay(static_cast<int>(random() % kinds), random) / 1000);
    }
    pair.drain();
  }
  CHECK(pair.mistakes() == 0);
}

}  // namespace
}  // namespace stampede
