#include "stampede/kernel/job.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/clock.hpp"
#include "stampede/kernel/timeouts.hpp"

namespace stampede {
namespace {

using namespace literals;
using test::answer_after;
using test::Clock;
using test::Log;
using test::note_after;
using test::Number;
using test::start;

Process wait_for(Scope& scope, Clock& clock, Job<Number> job) {
  static_cast<void>(scope);
  const Number number = co_await job;
  clock.note("got " + std::to_string(number.value));
  co_return Done();
}

TEST_CASE("who waits for a job gets its answer at the instant that it is given") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_for(caller, clock, answer_after(callee, clock, 10_ns, 7)));
  clock.run(100);
  CHECK(clock.log == Log{"answer 7@10", "got 7@10"});
}

TEST_CASE("a job that was answered before the wait, or never was work, is no wait") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  Job<Number> quick = answer_after(callee, clock, 0_ns, 1);
  CHECK(quick.done());
  CHECK(quick.answer().value == 1);
  CHECK(quick.work() == nullptr);
  start(wait_for(caller, clock, std::move(quick)));
  start(wait_for(caller, clock, Job<Number>(Number(2))));
  CHECK(clock.log == Log{"answer 1@0", "got 1@0", "got 2@0"});
  CHECK(clock.simulation.resumption_count() == 0);
}

TEST_CASE("a job whose waiter dies goes on") {
  Clock clock;
  Scope callee(clock.simulation);
  {
    Scope caller(clock.simulation);
    start(wait_for(caller, clock, answer_after(callee, clock, 10_ns, 7)));
    clock.run(5);
  }
  clock.run(100);
  CHECK(clock.log == Log{"answer 7@10"});
}

TEST_CASE("a job that is dropped goes on") {
  Clock clock;
  Scope callee(clock.simulation);
  static_cast<void>(answer_after(callee, clock, 10_ns, 7));
  clock.run(100);
  CHECK(clock.log == Log{"answer 7@10"});
  CHECK(callee.empty());
}

TEST_CASE("a job may move until somebody waits for it") {
  Clock clock;
  Scope callee(clock.simulation);
  Job<Number> first = answer_after(callee, clock, 10_ns, 1);
  Job<Number> second = std::move(first);
  Job<Number> third = answer_after(callee, clock, 20_ns, 2);
  third = std::move(second);
  clock.run(15);
  CHECK(third.done());
  CHECK(third.answer().value == 1);
  clock.run(100);
  CHECK(third.answer().value == 1);  // the one that it held before went on unseen
  CHECK(clock.log == Log{"answer 1@10", "answer 2@20"});
}

/// Writes down what a job tells, to see the order of things.
struct Listener final : JobListener<Number> {
  Listener(Clock& clock, std::string name) : clock(clock), name(std::move(name)) {}
  void answered(const Number& number) override {
    clock.note(name + " " + std::to_string(number.value));
  }
  void lost() override { clock.note(name + " lost"); }

  Clock& clock;
  std::string name;
};

TEST_CASE("listeners hear the answer before whoever waits") {
  Clock clock;
  Scope callee(clock.simulation);
  Listener listener(clock, "listener");
  Scope caller(clock.simulation);
  Job<Number> job = answer_after(callee, clock, 10_ns, 7);
  job.tell(listener);
  start(wait_for(caller, clock, std::move(job)));
  clock.run(100);
  CHECK(clock.log == Log{"answer 7@10", "listener 7@10", "got 7@10"});
}

TEST_CASE("a listener hears of a job whose holder dropped it, and may die first") {
  Clock clock;
  Scope callee(clock.simulation);
  Listener lasting(clock, "lasting");
  {
    Listener brief(clock, "brief");
    Job<Number> job = answer_after(callee, clock, 10_ns, 7);
    job.tell(brief);
    job.tell(lasting);
  }
  clock.run(100);
  CHECK(clock.log == Log{"answer 7@10", "lasting 7@10"});
}

TEST_CASE("a job that is done tells nothing more") {
  Clock clock;
  Scope callee(clock.simulation);
  Listener listener(clock, "listener");
  Job<Number> job = answer_after(callee, clock, 0_ns, 7);
  job.tell(listener);
  clock.run(100);
  CHECK(clock.log == Log{"answer 7@0"});
}

/// An answer that may be lost on its way.
struct Letter {
  Letter() = default;
  Letter(int value, bool silent) : value(value), silent(silent) {}
  static Letter broken() { return Letter(-1, false); }

  int value = 0;
  bool silent = false;
};

Job<Letter> send(Scope& scope, Duration delay, bool silent) {
  co_await scope.simulation().delay(delay);
  co_return Letter(1, silent);
}

struct LetterListener final : JobListener<Letter> {
  void answered(const Letter&) override { ++heard; }
  void lost() override { ++missed; }
  int heard = 0;
  int missed = 0;
};

TEST_CASE("a silent answer reaches nobody") {
  Clock clock;
  LetterListener listener;
  Scope callee(clock.simulation);
  Job<Letter> spoken = send(callee, 5_ns, false);
  Job<Letter> silent = send(callee, 5_ns, true);
  Job<Letter> silent_at_once = send(callee, 0_ns, true);
  silent.tell(listener);
  clock.run(100);
  CHECK(spoken.done());
  CHECK_FALSE(silent.done());
  CHECK_FALSE(silent_at_once.done());
  CHECK(silent.work() == nullptr);
  CHECK(listener.heard == 0);
  CHECK(listener.missed == 1);
}

TEST_CASE("a job made of a silent answer is never done, is no work, and tells nobody") {
  Clock clock;
  LetterListener listener;
  Job<Letter> silent(Letter(1, true));
  CHECK_FALSE(silent.done());
  CHECK(silent.work() == nullptr);
  silent.tell(listener);
  Job<Letter> moved = std::move(silent);
  clock.run(100);
  CHECK_FALSE(moved.done());
  CHECK(listener.heard + listener.missed == 0);
}

Process wait_for_letter(Scope& scope, Clock& clock, Job<Letter> job) {
  static_cast<void>(scope);
  const Letter letter = co_await job;
  clock.note("got " + std::to_string(letter.value));
  co_return Done();
}

TEST_CASE("who waits for a job made of a silent answer waits for ever") {
  Clock clock;
  Scope caller(clock.simulation);
  start(wait_for_letter(caller, clock, Letter(1, true)));
  clock.run(100);
  CHECK(clock.log.empty());
  CHECK_FALSE(caller.empty());
}

// ---- Relays ---------------------------------------------------------------------------------

/// Notes the death of its frame.
struct Grave {
  Grave(Clock& clock, std::string name) : clock(clock), name(std::move(name)) {}
  Grave(const Grave&) = delete;
  ~Grave() { clock.note(name + " dies"); }

  Clock& clock;
  std::string name;
};

/// Passes the answer on, one more, if there is one.
Job<Number> relay(Scope& scope, Clock& clock, Job<Number> job, std::string name) {
  static_cast<void>(scope);
  Grave grave(clock, name);
  const Number number = co_await job.relayed();
  clock.note(name + " got " + std::to_string(number.value));
  co_return Number(number.value + 1);
}

/// The same of letters.
Job<Letter> forward(Scope& scope, Clock& clock, Job<Letter> job, Duration delay = Duration()) {
  Grave grave(clock, "relay");
  co_await scope.simulation().delay(delay);
  const Letter letter = co_await job.relayed();
  clock.note("relay got " + std::to_string(letter.value));
  co_return letter;
}

/// The scopes of a caller, a relay and a callee, which die in this order.
struct Chain : Clock {
  Scope callee{simulation};
  Scope relays{simulation};
  Scope caller{simulation};
};

TEST_CASE("a relay passes an answer on at its instant") {
  Chain chain;
  start(wait_for(chain.caller, chain,
                 relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "relay")));
  chain.run(100);
  CHECK(chain.log == Log{"answer 7@10", "relay got 7@10", "relay dies@10", "got 8@10"});
  CHECK(chain.relays.empty());
}

TEST_CASE("a relay of an answer on the spot is no wait") {
  Chain chain;
  start(wait_for(chain.caller, chain, relay(chain.relays, chain, Number(7), "relay")));
  CHECK(chain.log == Log{"relay got 7@0", "relay dies@0", "got 8@0"});
  CHECK(chain.simulation.resumption_count() == 0);
}

TEST_CASE("a relay passes a broken answer on") {
  Chain chain;
  start(wait_for(chain.caller, chain,
                 relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "relay")));
  chain.run(5);
  chain.callee.kill(KilledWork::answers_broken);
  chain.run(100);
  CHECK(chain.log == Log{"relay got -1@5", "relay dies@5", "got 0@5"});
}

TEST_CASE("a relay dies in silence with the work that it waits for") {
  Chain chain;
  start(wait_for(chain.caller, chain,
                 relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "relay")));
  chain.run(5);
  chain.callee.kill(KilledWork::stays_silent);
  CHECK(chain.relays.empty());
  chain.run(100);
  CHECK(chain.log == Log{"relay dies@5"});
  CHECK_FALSE(chain.caller.empty());  // who does not relay waits for ever
}

TEST_CASE("the silence of killed work goes through three relays, whose frames all die") {
  Chain chain;
  Listener first(chain, "first");
  Listener last(chain, "last");
  Job<Number> one = relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "one");
  one.tell(first);
  Job<Number> two = relay(chain.relays, chain, std::move(one), "two");
  Job<Number> three = relay(chain.relays, chain, std::move(two), "three");
  three.tell(last);
  chain.run(5);
  SECTION("silence") {
    chain.callee.kill(KilledWork::stays_silent);
    CHECK_FALSE(three.done());
    CHECK(three.work() == nullptr);
    CHECK(chain.relays.empty());
    chain.run(100);
    REQUIRE(chain.log.size() == 5);
    CHECK(std::count(chain.log.begin(), chain.log.end(), "first lost@5") == 1);
    CHECK(std::count(chain.log.begin(), chain.log.end(), "last lost@5") == 1);
    for (const char* name : {"one", "two", "three"}) {
      CHECK(std::count(chain.log.begin(), chain.log.end(), std::string(name) + " dies@5") == 1);
    }
  }
  SECTION("a broken answer") {
    chain.callee.kill(KilledWork::answers_broken);
    chain.run(100);
    REQUIRE(three.done());
    CHECK(three.answer().value == 2);
    CHECK(chain.log == Log{"one got -1@5", "first 0@5", "one dies@5", "two got 0@5", "two dies@5",
                           "three got 1@5", "last 2@5", "three dies@5"});
  }
  SECTION("the end of the world of the callee") {
    chain.callee.clear();
    CHECK_FALSE(three.done());
    CHECK(chain.relays.empty());
    chain.run(100);
    CHECK(chain.log.size() == 5);
  }
}

TEST_CASE("a relay dies when the answer of its work is a silent one") {
  Chain chain;
  LetterListener listener;
  Job<Letter> job = forward(chain.relays, chain, send(chain.callee, 5_ns, true));
  job.tell(listener);
  chain.run(100);
  CHECK(chain.log == Log{"relay dies@5"});
  CHECK(listener.missed == 1);
  CHECK_FALSE(job.done());
  CHECK(job.work() == nullptr);
}

TEST_CASE("a relay of a job that was lost before the wait dies on the spot") {
  Chain chain;
  LetterListener listener;
  SECTION("a silent answer that never was work") {
    Job<Letter> job = forward(chain.relays, chain, Letter(1, true));
    CHECK_FALSE(job.done());
    CHECK(job.work() == nullptr);
    CHECK(chain.relays.empty());
    chain.run(100);
    CHECK(chain.log == Log{"relay dies@0"});
  }
  SECTION("work that gave a silent answer at once") {
    Job<Letter> job = forward(chain.relays, chain, send(chain.callee, 0_ns, true));
    chain.run(100);
    CHECK_FALSE(job.done());
    CHECK(chain.log == Log{"relay dies@0"});
  }
  SECTION("work that was killed while the relay did something else") {
    Job<Letter> job = forward(chain.relays, chain, send(chain.callee, 90_ns, false), 10_ns);
    job.tell(listener);
    chain.run(5);
    chain.callee.kill(KilledWork::stays_silent);
    chain.run(9);
    CHECK(listener.missed == 0);
    CHECK_FALSE(chain.relays.empty());
    chain.run(100);
    CHECK(chain.log == Log{"relay dies@10"});
    CHECK(listener.missed == 1);
  }
}

TEST_CASE("a relay that dies first leaves the work alone") {
  Chain chain;
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  start(wait_for(chain.caller, chain,
                 relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "relay")));
  chain.run(5);
  chain.relays.kill(how);
  chain.run(100);
  if (how == KilledWork::answers_broken) {
    CHECK(chain.log == Log{"relay dies@5", "got -1@5", "answer 7@10"});
  } else {
    CHECK(chain.log == Log{"relay dies@5", "answer 7@10"});
  }
}

TEST_CASE("work and its relay may be killed at one instant, in either order") {
  Chain chain;
  Listener listener(chain, "listener");
  Job<Number> job =
      relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "relay");
  job.tell(listener);
  chain.run(5);
  if (GENERATE(true, false)) {
    chain.callee.kill(KilledWork::stays_silent);
    chain.relays.kill(KilledWork::answers_broken);
    chain.run(100);
    CHECK(chain.log == Log{"listener lost@5", "relay dies@5"});
  } else {
    chain.relays.kill(KilledWork::answers_broken);
    chain.callee.kill(KilledWork::stays_silent);
    chain.run(100);
    CHECK(chain.log == Log{"listener -1@5", "relay dies@5"});
  }
}

TEST_CASE("an answer that is there when its relay's turn comes is passed on, whoever died since") {
  // The callee answers at 10, which makes the relay ready; the kill of this instant comes too late.
  Chain chain;
  Job<Number> job =
      relay(chain.relays, chain, answer_after(chain.callee, chain, 10_ns, 7), "relay");
  chain.run(10);
  chain.callee.kill(KilledWork::stays_silent);
  chain.run(100);
  REQUIRE(job.done());
  CHECK(job.answer().value == 8);
}

// ---- Waits with a limit ---------------------------------------------------------------------

Process wait_within(Scope& scope, Clock& clock, Job<Number> job, Timeouts& limit) {
  static_cast<void>(scope);
  const bool answered = co_await job.within(limit);
  clock.note(answered ? "got " + std::to_string(job.answer().value) : "gave up");
  co_return Done();
}

TEST_CASE("a wait with a limit ends with the answer or at the limit, whichever comes first") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  Timeouts& limit = clock.simulation.timeouts(20_ns);
  start(wait_within(caller, clock, answer_after(callee, clock, 10_ns, 1), limit));
  start(wait_within(caller, clock, answer_after(callee, clock, 30_ns, 2), limit));
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@10", "got 1@10", "gave up@20", "answer 2@30"});
}

TEST_CASE("an answer that is there counts even if no time is left") {
  Clock clock;
  Scope caller(clock.simulation);
  start(wait_within(caller, clock, Job<Number>(Number(1)), clock.simulation.timeouts(0_ns)));
  CHECK(clock.log == Log{"got 1@0"});
}

TEST_CASE("at the instant of the limit, an answer that was scheduled before the limit wins") {
  // As everywhere, equal times go by the order of scheduling: the callee began its delay before
  // the caller began to wait.
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  Timeouts& limit = clock.simulation.timeouts(20_ns);
  start(wait_within(caller, clock, answer_after(callee, clock, 20_ns, 1), limit));
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@20", "got 1@20"});
}

Job<Number> answer_in_two_steps(Scope& scope, Clock& clock, Duration step, int value) {
  co_await scope.simulation().delay(step);
  co_await scope.simulation().delay(step);
  clock.note("answer " + std::to_string(value));
  co_return Number(value);
}

TEST_CASE(
    "at the instant of the limit, an answer that was scheduled after the limit comes too late") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  Timeouts& limit = clock.simulation.timeouts(20_ns);
  start(wait_within(caller, clock, answer_in_two_steps(callee, clock, 10_ns, 1), limit));
  clock.run(100);
  CHECK(clock.log == Log{"gave up@20", "answer 1@20"});
}

Process give_up_and_kill(Scope& scope, Clock& clock, Job<Number> job, Timeouts& limit,
                         Scope& victim) {
  static_cast<void>(scope);
  const bool answered = co_await job.within(limit);
  clock.note(answered ? "got it" : "gave up");
  victim.kill(KilledWork::answers_broken);
  co_return Done();
}

TEST_CASE("an answer between the end of a limit and the turn of who waits still counts") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope other(clock.simulation);
  Scope caller(clock.simulation);
  Timeouts& limit = clock.simulation.timeouts(20_ns);
  start(give_up_and_kill(caller, clock, answer_after(callee, clock, 90_ns, 1), limit, other));
  start(wait_within(caller, clock, answer_after(other, clock, 90_ns, 2), limit));
  clock.run(50);
  CHECK(clock.log == Log{"gave up@20", "got -1@20"});
}

Process wait_before(Scope& scope, Clock& clock, Job<Number> job, Time deadline) {
  const bool answered = co_await job.before(scope.simulation(), deadline);
  clock.note(answered ? "got " + std::to_string(job.answer().value) : "gave up");
  co_return Done();
}

TEST_CASE("a wait until a deadline ends with the answer or at the deadline") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_before(caller, clock, answer_after(callee, clock, 10_ns, 1), Clock::at(20)));
  start(wait_before(caller, clock, answer_after(callee, clock, 30_ns, 2), Clock::at(25)));
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@10", "got 1@10", "gave up@25", "answer 2@30"});
}

TEST_CASE(
    "a deadline in the past or at this instant is no wait, and one that never comes is none") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  clock.run(50);
  start(wait_before(caller, clock, answer_after(callee, clock, 10_ns, 1), Clock::at(20)));
  start(wait_before(caller, clock, answer_after(callee, clock, 10_ns, 2), Clock::at(50)));
  start(wait_before(caller, clock, answer_after(callee, clock, 10_ns, 3), Time::never()));
  start(wait_before(caller, clock, Job<Number>(Number(4)), Clock::at(20)));
  CHECK(clock.log == Log{"gave up@50", "gave up@50", "got 4@50"});
  CHECK(clock.simulation.event_count() == 3);  // the delays of the callee alone
  clock.run(60);
  CHECK(clock.log.back() == "got 3@60");
}

TEST_CASE("at the instant of the deadline, who was scheduled first wins") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  start(wait_before(caller, clock, answer_after(callee, clock, 20_ns, 1), Clock::at(20)));
  start(wait_before(caller, clock, answer_in_two_steps(callee, clock, 10_ns, 2), Clock::at(20)));
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@20", "got 1@20", "gave up@20", "answer 2@20"});
}

TEST_CASE("waits with a limit that die leave no trace") {
  Clock clock;
  Scope callee(clock.simulation);
  {
    Scope caller(clock.simulation);
    start(wait_within(caller, clock, answer_after(callee, clock, 10_ns, 1),
                      clock.simulation.timeouts(5_ns)));
    start(wait_before(caller, clock, answer_after(callee, clock, 10_ns, 2), Clock::at(5)));
    clock.run(2);
  }
  clock.run(100);
  CHECK(clock.log == Log{"answer 1@10", "answer 2@10"});
}

Process wait_twice(Scope& scope, Clock& clock, Job<Number> job, Timeouts& limit) {
  static_cast<void>(scope);
  bool answered = co_await job.within(limit);
  clock.note(answered ? "answered" : "patience ends");
  answered = co_await job.within(limit);
  clock.note(answered ? "answered" : "patience ends");
  const Number number = co_await job;
  clock.note("got " + std::to_string(number.value));
  co_return Done();
}

TEST_CASE("who gave up may wait for the same job again") {
  Clock clock;
  Scope callee(clock.simulation);
  Scope caller(clock.simulation);
  Timeouts& limit = clock.simulation.timeouts(10_ns);
  start(wait_twice(caller, clock, answer_after(callee, clock, 25_ns, 7), limit));
  clock.run(100);
  CHECK(clock.log == Log{"patience ends@10", "patience ends@20", "answer 7@25", "got 7@25"});
}

// ---- Many ---------------------------------------------------------------------------------------

Job<Number> answer_at_once(Scope& scope, int value) {
  static_cast<void>(scope);
  co_return Number(value);
}

Process add_up(Scope& callee, std::int64_t count, std::int64_t& sum) {
  for (std::int64_t i = 0; i < count; ++i) {
    Job<Number> work = answer_at_once(callee, 1);
    const Number first = co_await work;
    Job<Number> no_work = Job<Number>(Number(2));
    const Number second = co_await no_work;
    co_await callee.simulation().delay(0_ns);
    sum += first.value + second.value;
  }
  co_return Done();
}

TEST_CASE("a million answers on the spot take neither stack nor turns") {
  Clock clock;
  Scope callee(clock.simulation);
  std::int64_t sum = 0;
  start(add_up(callee, 1'000'000, sum));
  CHECK(sum == 3'000'000);
  CHECK(clock.simulation.resumption_count() == 0);
}

Job<Number> call_down(Scope& scope, int depth, Duration delay) {
  if (depth == 0) {
    co_await scope.simulation().delay(delay);
    co_return Number(0);
  }
  Job<Number> below = call_down(scope, depth - 1, delay);
  const Number number = co_await below;
  co_return Number(number.value + 1);
}

TEST_CASE("an answer passes through a thousand callers, on the spot or later") {
  Clock clock;
  Scope callee(clock.simulation);
  Job<Number> at_once = call_down(callee, 1000, 0_ns);
  CHECK(at_once.done());
  CHECK(at_once.answer().value == 1000);
  Job<Number> later = call_down(callee, 1000, 5_ns);
  CHECK_FALSE(later.done());
  clock.run(5);
  CHECK(later.done());
  CHECK(later.answer().value == 1000);
}

TEST_CASE("many jobs in flight at once all get their own answer") {
  Clock clock;
  Scope callee(clock.simulation);
  std::vector<Job<Number>> jobs;
  jobs.reserve(20'000);
  for (int i = 0; i < 20'000; ++i) {
    const Duration delay = Duration::nanoseconds(1 + i * 7919 % 1000);
    jobs.push_back(answer_after(callee, clock, delay, i));
  }
  clock.run(1000);
  int mistakes = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Job<Number>& job = jobs[static_cast<std::size_t>(i)];
    mistakes += !job.done() || job.answer().value != i;
  }
  CHECK(mistakes == 0);
}

// ---- Withdrawing ------------------------------------------------------------------------------

/// An answer of work that can be taken back.
struct Answer {
  Answer() = default;
  explicit Answer(int value) : value(value) {}
  static Answer broken() { return Answer(-1); }
  static Answer withdrawn() { return Answer(-2); }

  int value = 0;
};

/// Notes that it is destroyed.
struct Noted {
  Noted(Clock& clock, std::string what) : clock(clock), what(std::move(what)) {}
  Noted(const Noted&) = delete;
  ~Noted() { clock.note(what); }

  Clock& clock;
  std::string what;
};

Job<Answer> work(Scope& scope, Clock& clock) {
  Noted noted(clock, "work over");
  co_await scope.simulation().delay(10_ns);
  clock.note("worked");
  const Answer answer(1);
  co_return answer;
}

Job<Answer> relay(Scope& scope, Clock& clock, Scope& further) {
  static_cast<void>(scope);
  Job<Answer> inner = work(further, clock);
  const Answer answer = co_await inner.relayed();
  co_return answer;
}

Process take_back(Scope& scope, Clock& clock, Job<Answer> job) {
  co_await scope.simulation().delay(4_ns);
  job.withdraw();
  clock.note("withdrawn " + std::to_string(job.done() ? job.answer().value : 0));
  co_return Done();
}

TEST_CASE("a withdrawn job ends at that instant, and what it relays with it") {
  Clock clock;
  Scope far(clock.simulation);
  Scope near(clock.simulation);
  Scope caller(clock.simulation);
  far.let_withdraw();
  near.let_withdraw();
  start(take_back(caller, clock, relay(near, clock, far)));
  clock.run(100);
  CHECK(clock.log == Log{"withdrawn -2@4", "work over@4"});
  CHECK(near.empty());
  CHECK(far.empty());
}

TEST_CASE("in a scope that does not let it be withdrawn, a job goes on") {
  Clock clock;
  Scope far(clock.simulation);
  Scope near(clock.simulation);
  Scope caller(clock.simulation);
  SECTION("asked directly") {
    start(take_back(caller, clock, work(far, clock)));
    clock.run(100);
    CHECK(clock.log == Log{"withdrawn 0@4", "worked@10", "work over@10"});
  }
  SECTION("behind one that was") {
    near.let_withdraw();
    start(take_back(caller, clock, relay(near, clock, far)));
    clock.run(100);
    CHECK(clock.log == Log{"withdrawn -2@4", "worked@10", "work over@10"});
  }
}

TEST_CASE("who is dropped does not withdraw") {
  Clock clock;
  Scope far(clock.simulation);
  far.let_withdraw();
  { const Job<Answer> job = work(far, clock); }
  clock.run(100);
  CHECK(clock.log == Log{"worked@10", "work over@10"});
}

}  // namespace
}  // namespace stampede
