#include "stampede/study/precision.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "stampede/study/study.hpp"

using namespace stampede;

namespace {

Scenario queue_scenario(int replications) {
  const std::string text =
      "stampede: 1\n"
      "name: queue\n"
      "run: {duration: 20s, warmup: 4s, replications: " +
      std::to_string(replications) +
      "}\n"
      "traffic:\n"
      "  users: {arrivals: {kind: poisson, rate: 50/s}, target: app}\n"
      "components:\n"
      "  app:\n"
      "    kind: service\n"
      "    concurrency: {kind: threads, workers: 1, queue: unbounded}\n"
      "    handler: [{compute: {exponential: {mean: 10ms}}}]\n";
  ReadScenario read = read_scenario(text, "queue.yaml");
  REQUIRE(read.scenario);
  return *read.scenario;
}

PrecisionWish wish_for(const std::string& goal, std::int64_t most = 1000) {
  const std::optional<PrecisionGoal> parsed = parse_precision(goal);
  REQUIRE(parsed);
  return {{*parsed}, most, std::nullopt};
}

}  // namespace

TEST_CASE("a goal is a path and a width") {
  const auto relative = parse_precision("users.latency.p99 within 2%");
  REQUIRE(relative);
  CHECK(relative->path == "users.latency.p99");
  CHECK(relative->is_relative);
  CHECK(relative->within == 0.02);
  const auto absolute = parse_precision("users.latency.p99 within 5ms");
  REQUIRE(absolute);
  CHECK_FALSE(absolute->is_relative);
  CHECK(absolute->within == Approx(0.005));
  CHECK_FALSE(parse_precision("users.latency.p99 < 5ms"));
  CHECK_FALSE(parse_precision("users within 2%"));
  CHECK_FALSE(parse_precision("users.latency.p99 within nothing"));
  CHECK_FALSE(parse_precision("users.latency.p99 within 0%"));
}

TEST_CASE("a relative goal is a little stricter, since the estimate stands for the true value") {
  Result result;
  Subject users;
  users.name = "users";
  users.metrics = {{"latency_s.mean", Estimate{10, 9.9, 10.1, 10}}};
  result.traffic = {users};
  const auto goals = [](const char* text) {
    return std::vector<PrecisionGoal>{*parse_precision(text)};
  };
  const auto reached = check_precision(goals("users.latency.mean within 1%"), result);
  CHECK(reached.at(0).half_width == Approx(0.1));
  CHECK(reached.at(0).allowed == Approx(0.1 / 1.01));
  CHECK_FALSE(reached.at(0).is_met);
  CHECK(check_precision(goals("users.latency.mean within 1.1%"), result).at(0).is_met);
  CHECK(check_precision(goals("users.latency.mean within 110ms"), result).at(0).is_met);
  CHECK_FALSE(check_precision(goals("users.latency.p99 within 50%"), result).at(0).is_met);
}

TEST_CASE("a number that the run cannot support meets no goal") {
  Result result;
  Subject users;
  users.name = "users";
  users.metrics = {{"latency_s.p99", Estimate{10, 10, 10, 10}}};
  users.metrics[0].supported = false;
  result.traffic = {users};
  CHECK_FALSE(
      check_precision({*parse_precision("users.latency.p99 within 50%")}, result).at(0).is_met);
}

TEST_CASE("replications are added until the goal holds") {
  const StudyResult study =
      run_study_to(wish_for("users.latency.mean within 3%"), queue_scenario(3), {});
  REQUIRE(study.precision);
  CHECK(study.precision->end == PrecisionEnd::reached);
  CHECK(study.precision->goals.at(0).is_met);
  CHECK(study.result.replications > 10);
  CHECK_FALSE(study.result.partial);
  CHECK(study.warnings.empty());

  // It is what that number of replications gives, whatever the number of threads.
  Scenario same = queue_scenario(static_cast<int>(study.result.replications));
  ReplicationOptions one_job;
  one_job.jobs = 1;
  CHECK(run_study(same, one_job).result.fingerprint == study.result.fingerprint);
  CHECK(run_study_to(wish_for("users.latency.mean within 3%"), queue_scenario(3), one_job)
            .result.fingerprint == study.result.fingerprint);
}

TEST_CASE("an easy goal takes ten replications, as few are not enough to judge by") {
  const StudyResult study =
      run_study_to(wish_for("users.latency.mean within 80%"), queue_scenario(1), {});
  CHECK(study.result.replications == 10);
}

TEST_CASE("a goal too high ends at the most replications, and that is said") {
  const StudyResult study =
      run_study_to(wish_for("users.latency.mean within 0.01%", 15), queue_scenario(1), {});
  CHECK(study.result.replications == 15);
  CHECK(study.precision->end == PrecisionEnd::most_replications);
  REQUIRE(study.warnings.size() == 1);
  CHECK(study.warnings[0] == "not reached: users.latency.mean within 0.01%");
}

TEST_CASE("a limit of time ends with the last whole round") {
  PrecisionWish wish = wish_for("users.latency.mean within 0.01%");
  wish.most_wall_s = 0;
  const StudyResult study = run_study_to(wish, queue_scenario(1), {});
  CHECK(study.result.replications == 10);
  CHECK(study.precision->end == PrecisionEnd::out_of_time);
  CHECK_FALSE(study.result.partial);
}
