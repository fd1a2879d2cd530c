#include "stampede/random/keys.hpp"

#include <fmt/format.h>

#include <map>

#include "random/support.hpp"

using namespace stampede;
using test::fits;
using test::key_law;

TEST_CASE("zipf keys come as often as SciPy says") {
  struct Groups {
    std::vector<double> last;
    std::vector<double> probability;
  };
  std::map<std::pair<std::string, std::string>, Groups> laws;
  for (const std::vector<std::string>& row : test::table("zipf.tsv")) {
    Groups& groups = laws[{row.at(0), row.at(1)}];
    groups.last.push_back(std::stod(row.at(3)));
    groups.probability.push_back(std::stod(row.at(4)));
  }

  constexpr int n = 200'000;
  for (const auto& [parameters, groups] : laws) {
    const auto& [count, exponent] = parameters;
    const std::string text =
        fmt::format(R"({{"zipf": {{"count": {}, "exponent": {}}}}})", count, exponent);
    INFO(text);
    const std::unique_ptr<KeyLaw> keys = key_law(text);
    CHECK(keys->count() == std::stoull(count));

    // Ranks too rare for the chi-square test join the group before them.
    std::vector<double> observed;
    std::vector<double> expected;
    std::vector<double> last;
    for (std::size_t i = 0; i < groups.last.size(); ++i) {
      if (expected.empty() || groups.probability[i] * n >= 5) {
        expected.push_back(0);
        last.push_back(0);
      }
      expected.back() += groups.probability[i] * n;
      last.back() = groups.last[i];
    }
    observed.resize(expected.size());

    Draw draw = test::draw_for(text);
    for (int i = 0; i < n; ++i) {
      const auto rank = static_cast<double>(keys->sample(draw) + 1);
      const auto group = std::lower_bound(last.begin(), last.end(), rank);
      observed.at(static_cast<std::size_t>(group - last.begin())) += 1;
    }
    if (expected.size() == 1) {
      CHECK(observed == std::vector<double>{n});
    } else {
      CHECK(fits(observed, expected));
    }
  }
}

TEST_CASE("zipf keeps to its keys at the ends of its settings") {
  for (const char* text :
       {R"({"zipf": {"count": 1, "exponent": 100}})", R"({"zipf": {"count": 2, "exponent": 100}})",
        R"({"zipf": {"count": 2, "exponent": 0}})",
        R"({"zipf": {"count": 1000000000000, "exponent": 0}})",
        R"({"zipf": {"count": 1000000000000, "exponent": 1.0000000001}})",
        R"({"zipf": {"count": 1000000000000, "exponent": 2}})",
        R"({"zipf": {"count": 1000000000000, "exponent": 100}})"}) {
    INFO(text);
    const std::unique_ptr<KeyLaw> keys = key_law(text);
    Draw draw = test::draw_for(text);
    bool inside = true;
    for (int i = 0; i < 20'000; ++i) {
      inside = inside && keys->sample(draw) < keys->count();
    }
    CHECK(inside);
  }
}

TEST_CASE("uniform keys come equally often, and a bare number is their count") {
  const std::unique_ptr<KeyLaw> keys = key_law("20");
  CHECK(keys->count() == 20);
  Draw draw = test::draw_for("uniform keys");
  std::vector<double> observed(20);
  for (int i = 0; i < 200'000; ++i) {
    observed.at(keys->sample(draw)) += 1;
  }
  CHECK(fits(observed, std::vector<double>(20, 10'000)));
}

TEST_CASE("a hot set takes its share of the requests, evenly") {
  const std::unique_ptr<KeyLaw> keys =
      key_law(R"({"hot_set": {"count": 10, "hot_keys": 2, "hot_share": "80%"}})");
  CHECK(keys->count() == 10);
  Draw draw = test::draw_for("hot set");
  std::vector<double> observed(10);
  for (int i = 0; i < 200'000; ++i) {
    observed.at(keys->sample(draw)) += 1;
  }
  std::vector<double> expected(10, 5'000);
  expected[0] = expected[1] = 80'000;
  CHECK(fits(observed, expected));
}

TEST_CASE("a scan asks for every key in turn, each sampler from the start") {
  Choice<KeyLaw> scan = test::read<Choice<KeyLaw>>(R"({"sequential": {"count": 3}})").value;
  const std::unique_ptr<KeyLaw> one = scan.make({});
  const std::unique_ptr<KeyLaw> other = scan.make({});
  Draw draw = test::draw_for("scan");
  std::vector<std::uint64_t> keys;
  for (int i = 0; i < 7; ++i) {
    keys.push_back(one->sample(draw));
  }
  CHECK(keys == std::vector<std::uint64_t>{0, 1, 2, 0, 1, 2, 0});
  CHECK(other->sample(draw) == 0);
}

TEST_CASE("settings of keys that make no sense are refused") {
  const auto problems = [](const char* json) {
    return test::read<Choice<KeyLaw>>(json).problems.size();
  };
  CHECK(problems(R"({"zipf": {"count": 0}})") == 1);
  CHECK(problems(R"({"zipf": {"exponent": 1}})") == 1);
  CHECK(problems(R"({"zipf": {"count": 10, "exponent": -1}})") == 1);
  CHECK(problems(R"({"hot_set": {"count": 10, "hot_keys": 10}})") == 1);
  CHECK(problems(R"({"hot_set": {"count": 10, "hot_keys": 2, "hot_share": "120%"}})") == 1);
  CHECK(problems(R"({"uniform": {"count": 0}})") == 1);
}
