#include <catch2/catch.hpp>
#include <limits>

#include "stampede/measure/judge.hpp"
#include "stampede/stats/estimate.hpp"

using namespace stampede;
using Kind = Verdict::Kind;
using Catch::Contains;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

Metric metric(double estimate, double low = no_number, double high = no_number,
              std::int64_t n = 1) {
  Metric metric;
  metric.name = "latency_s.p99";
  metric.value = {estimate, low, high, n};
  return metric;
}

Kind verdict(const Metric& observed, Relation relation, double expected) {
  return judge(observed, relation, expected).kind;
}

}  // namespace

TEST_CASE("bounds judge the point estimate") {
  CHECK(verdict(metric(1), Relation::less, 2) == Kind::pass);
  CHECK(verdict(metric(2), Relation::less, 2) == Kind::fail);
  CHECK(verdict(metric(2), Relation::at_most, 2) == Kind::pass);
  CHECK(verdict(metric(3), Relation::at_most, 2) == Kind::fail);
  CHECK(verdict(metric(3), Relation::more, 2) == Kind::pass);
  CHECK(verdict(metric(2), Relation::more, 2) == Kind::fail);
  CHECK(verdict(metric(2), Relation::at_least, 2) == Kind::pass);
  CHECK(verdict(metric(1), Relation::at_least, 2) == Kind::fail);
  CHECK(verdict(metric(0.1 + 0.2), Relation::equal, 0.3) == Kind::pass);
  CHECK(verdict(metric(0.3001), Relation::equal, 0.3) == Kind::fail);
}

TEST_CASE("an interval that straddles the bound is a doubt, not a failure") {
  const Verdict doubted = judge(metric(1.9, 1.7, 2.1, 10), Relation::less, 2);
  CHECK(doubted.kind == Kind::pass);
  CHECK_THAT(doubted.doubt, Contains("both sides"));
  CHECK(judge(metric(1.5, 1.3, 1.7, 10), Relation::less, 2).doubt.empty());
  CHECK(judge(metric(1, 1, 1, 10), Relation::at_least, 1).doubt.empty());
  CHECK(judge(metric(1.9), Relation::less, 2).doubt.empty());
}

TEST_CASE("no data is no pass") {
  CHECK(judge(std::nullopt, Relation::less, 2).kind == Kind::no_data);
  CHECK(verdict(metric(no_number), Relation::less, 2) == Kind::no_data);
  CHECK(verdict(metric(no_number), Relation::agrees, 2) == Kind::no_data);
  CHECK_FALSE(judge(std::nullopt, Relation::less, 2).reason.empty());
}

TEST_CASE("too few samples are a doubt") {
  Metric few = metric(1);
  few.supported = false;
  CHECK(judge(few, Relation::less, 2).kind == Kind::pass);
  CHECK_THAT(judge(few, Relation::less, 2).doubt, Contains("too few samples"));
}

TEST_CASE("a collapse does not look fast") {
  Metric hanging = metric(1);
  hanging.supported = false;
  hanging.unfinished = true;
  CHECK(verdict(hanging, Relation::less, 2) == Kind::no_data);
  CHECK(verdict(hanging, Relation::at_most, 2) == Kind::no_data);
  // It can only get worse, so these are settled.
  CHECK(verdict(hanging, Relation::less, 0.5) == Kind::fail);
  CHECK(verdict(hanging, Relation::more, 0.5) == Kind::pass);
}

TEST_CASE("agreement is within the 99.9 % interval of Student's t") {
  constexpr std::int64_t n = 20;
  const double error = 0.1;
  const double half = t_critical(0.95, n - 1) * error;
  const double limit = t_critical(0.999, n - 1) * error;
  const Metric observed = metric(5, 5 - half, 5 + half, n);
  CHECK(verdict(observed, Relation::agrees, 5) == Kind::pass);
  CHECK(verdict(observed, Relation::agrees, 5 + 0.999 * limit) == Kind::pass);
  CHECK(verdict(observed, Relation::agrees, 5 - 0.999 * limit) == Kind::pass);
  CHECK(verdict(observed, Relation::agrees, 5 + 1.001 * limit) == Kind::fail);
  CHECK_THAT(judge(observed, Relation::agrees, 5.5).reason, Contains("5.0 standard errors away"));
}

TEST_CASE("agreement can ask for a narrow interval, because a wide one agrees with anything") {
  const Metric observed = metric(5, 4.9, 5.1, 20);
  CHECK(judge(observed, Relation::agrees, 5, 0.0201).kind == Kind::pass);
  const Verdict wide = judge(observed, Relation::agrees, 5, 0.01);
  CHECK(wide.kind == Kind::fail);
  CHECK(wide.reason ==
        "its 95 % interval is ±2 % wide, more than 1 %: the run is too short to tell");
}

TEST_CASE("agreement with an estimate allows for its uncertainty as well") {
  const double error = 0.3;
  const double half = t_critical(0.95, 19) * error;
  const Metric observed = metric(5, 5 - half, 5 + half, 20);
  // The errors 0.3 and 0.4 make 0.5 together.
  const double limit = t_critical(0.999, 19) * 0.5;
  const auto judged = [&](double value) {
    return judge(observed, Relation::agrees, value, std::nullopt, 0.4 * 1.96).kind;
  };
  CHECK(judged(5 + 0.999 * limit) == Kind::pass);
  CHECK(judged(5 + 1.001 * limit) == Kind::fail);
}

TEST_CASE("agreement takes two replications") {
  CHECK(verdict(metric(5), Relation::agrees, 5) == Kind::no_data);
}

TEST_CASE("replications that are all alike agree with that value only") {
  CHECK(verdict(metric(0.3, 0.3, 0.3, 3), Relation::agrees, 0.1 + 0.2) == Kind::pass);
  CHECK(verdict(metric(0.3, 0.3, 0.3, 3), Relation::agrees, 0.31) == Kind::fail);
}

TEST_CASE("a lopsided interval is judged by the side of the expected value") {
  // A share close to 1: much room below, little above.
  const double t = t_critical(0.95, 9);
  const Metric share = metric(0.99, 0.99 - 0.1 * t, 0.99 + 0.001 * t, 10);
  CHECK(verdict(share, Relation::agrees, 0.9) == Kind::pass);
  CHECK(verdict(share, Relation::agrees, 1.0) == Kind::fail);
}

TEST_CASE("two numbers of one run are compared by their point estimates") {
  const auto compare = [](const Metric& one, Relation relation, double factor,
                          const Metric& other) {
    return judge_against(std::optional(one), relation, factor, std::optional(other)).kind;
  };
  CHECK(compare(metric(1), Relation::less, 1, metric(2)) == Kind::pass);
  CHECK(compare(metric(3), Relation::less, 1, metric(2)) == Kind::fail);
  CHECK(compare(metric(3), Relation::less, 2, metric(2)) == Kind::pass);
  CHECK(compare(metric(3), Relation::more, 2, metric(2)) == Kind::fail);
  CHECK(compare(metric(4), Relation::at_least, 2, metric(2)) == Kind::pass);
  CHECK(judge_against(std::optional(metric(1)), Relation::less, 1, std::nullopt).kind ==
        Kind::no_data);
  CHECK(judge_against(std::nullopt, Relation::less, 1, std::optional(metric(1))).kind ==
        Kind::no_data);
}

TEST_CASE("numbers whose intervals overlap may differ by chance") {
  const auto doubt = [](const Metric& one, double factor, const Metric& other) {
    return judge_against(std::optional(one), Relation::less, factor, std::optional(other)).doubt;
  };
  CHECK(doubt(metric(1, 0.9, 1.1, 10), 1, metric(2, 1.8, 2.2, 10)).empty());
  CHECK_THAT(doubt(metric(1, 0.5, 1.5, 10), 1, metric(2, 1.4, 2.6, 10)), Contains("overlap"));
  CHECK(doubt(metric(1, 0.5, 1.5, 10), 2, metric(2, 1.4, 2.6, 10)).empty());
  CHECK(doubt(metric(1), 1, metric(2)).empty());
}

TEST_CASE("what is unfinished is not the smaller of two") {
  Metric unfinished = metric(1);
  unfinished.supported = false;
  unfinished.unfinished = true;
  const std::optional<Metric> two = metric(2);
  CHECK(judge_against(unfinished, Relation::less, 1, two).kind == Kind::no_data);
  CHECK(judge_against(two, Relation::more, 1, std::optional(unfinished)).kind == Kind::no_data);
  CHECK(judge_against(two, Relation::less, 1, std::optional(unfinished)).kind == Kind::fail);
}
