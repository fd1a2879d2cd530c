#include "stampede/report/selftest.hpp"

#include <catch2/catch.hpp>

#include "report/study_fixture.hpp"

using namespace stampede;

namespace {

CheckedExpectation answer(const std::string& text, double exact, double observed,
                          Verdict::Kind kind) {
  return {text, "s", test::metric("wait_s.mean", observed, 0.02), {kind, {}, {}}, Relation::agrees,
          exact};
}

StudyResult study_of(std::vector<CheckedExpectation> answers) {
  StudyResult study;
  study.name = "mm1";
  study.expectations = std::move(answers);
  return study;
}

constexpr TextStyle plain{.colour = false, .utf8 = false};

}  // namespace

TEST_CASE("a known answer shows as many digits as its interval deserves") {
  const StudyResult study =
      study_of({answer("queue.wait.mean ~ 4s within 1%", 4, 4.013579, Verdict::Kind::pass)});
  CHECK(selftest_text(study, plain) ==
        "mm1                 exact  observed      +-\n"
        "  queue.wait.mean  4.000s    4.014s  0.020s  PASS\n\n");
}

TEST_CASE("one answer that does not agree is counted, and its reason told") {
  StudyResult study = study_of({answer("queue.wait.mean ~ 4s", 4, 4.01, Verdict::Kind::pass),
                                answer("queue.wait.p99 ~ 22s", 22, 23, Verdict::Kind::fail)});
  study.expectations[1].verdict.reason = "it is 98.0 standard errors away";
  CHECK(selftest_text(study, plain).find("98.0 standard errors") != std::string::npos);
  const std::vector<StudyResult> studies{study};
  CHECK(selftest_verdict_text(studies, false, plain).find("1 of 2 known answers") == 0);
  const Json json = selftest_json(studies, false);
  CHECK(json["failed"] == 1);
  CHECK(json["scenarios"][0]["answers"][1]["reason"] == "it is 98.0 standard errors away");
}

TEST_CASE("the chance of a false alarm counts only what is judged by an interval") {
  StudyResult study = study_of({answer("queue.wait.mean ~ 4s", 4, 4.01, Verdict::Kind::pass)});
  study.expectations.push_back({"server.utilization > 99.9%",
                                "%",
                                test::metric("utilization", 1, 0),
                                {Verdict::Kind::pass, {}, {}},
                                Relation::more,
                                0.999});
  const std::vector<StudyResult> studies{study};
  CHECK(selftest_json(studies, false)["false_alarm_bound"] == 0.001);
  CHECK(selftest_text(study, plain).find("> 99.9%") != std::string::npos);
}
