#include "stampede/schema/reader.hpp"

#include <catch2/catch.hpp>

#include "schema/zoo.hpp"

using namespace stampede;
using namespace stampede::zoo;
using namespace stampede::literals;

namespace {

template <class T>
T read_well(const std::string& json) {
  Problems problems;
  Reader reader(problems);
  T settings;
  reader.read(value_of(json), settings);
  for (const Problem& problem : problems) {
    UNSCOPED_INFO(headline(problem));
  }
  CHECK(problems.empty());
  return settings;
}

using Lines = std::vector<std::string>;

struct RunTimes {
  Duration length;
  Duration period = 1_s;
  std::optional<Duration> at;
  std::optional<Duration> never;
  Duration timeout;
};
void describe(Visitor& v, RunTimes& s) {
  v.field("length", s.length, "of the run", more_than(10_s), of_run());
  v.field("period", s.period, "of the run, with a default", of_run());
  v.field("at", s.at, "an instant of the run", of_run());
  v.field("never", s.never, "not given", of_run());
  v.field("timeout", s.timeout, "of the system");
  v.check(s.period < s.length, "period", "is not shorter than length");
}

}  // namespace

TEST_CASE("every type of field is read") {
  const auto animal = read_well<Animal>(R"({
    "tame": false, "replicas": 12, "offset": -3, "count": "2M", "weight": 0.5, "note": "hi",
    "timeout": "250ms", "size": "1GB", "rate": "10/m", "bandwidth": "10MB/s", "share": "50%",
    "surge": "150%", "mode": "Least-Bad", "retry": {"num_retries": 3, "on": [502, 503]},
    "gaps": ["1s", 0], "backends": ["app", "db"], "zones": {"eu-a": {"cores": 2}, "eu-b": 3},
    "cpu": {"cores": 4, "mode": "threads"}, "latency": "4ms",
    "policy": "least_request", "steps": [{"call": "db"}]})");
  CHECK_FALSE(animal.tame);
  CHECK(animal.replicas == 12);
  CHECK(animal.offset == -3);
  CHECK(animal.count == 2'000'000);
  CHECK(animal.weight == 0.5);
  CHECK(animal.note == "hi");
  CHECK(animal.timeout == 250_ms);
  CHECK(animal.size == Bytes{1'000'000'000});
  CHECK(animal.rate == Rate{10.0 / 60});
  CHECK(animal.bandwidth == Bandwidth{1e7});
  CHECK(animal.share == Ratio{0.5});
  CHECK(animal.surge == Ratio{1.5});
  CHECK(animal.mode == Mode::least_bad);
  REQUIRE(animal.retry);
  CHECK(animal.retry->on == std::vector<int>{502, 503});
  CHECK(animal.gaps == std::vector<Duration>{1_s, 0_s});
  REQUIRE(animal.backends.size() == 2);
  CHECK(animal.backends.values[1].name == "db");
  REQUIRE(animal.zones.size() == 2);
  CHECK(animal.zones[0].name == "eu-a");
  CHECK(animal.zones.find("eu-b")->cores == 3);
  CHECK(animal.cpu.cores == 4);
  CHECK(animal.latency.law.make({})->mean() == 4e6);
  CHECK(animal.policy.make(7)->name() == "least of 2, seed 7");
  CHECK(animal.steps[0].settings_as<CallSettings>()->target.name == "db");
}

TEST_CASE("what is left out keeps its default") {
  const auto animal = read_well<Animal>("{}");
  CHECK(animal.timeout == 3_s);
  CHECK_FALSE(animal.retry);
  CHECK(animal.policy.make(0)->name() == "round robin");
  CHECK(animal.latency.law.make({})->mean() == 1e6);
}

TEST_CASE("times of the run are divided after their limits were checked, others are left") {
  Problems problems;
  Reader reader(problems);
  reader.run_divisor = 10;
  RunTimes times;
  reader.read(value_of(R"({"length": "20s", "at": "3ns", "timeout": "3s"})"), times);
  CHECK(problems.empty());
  CHECK(times.length == 2_s);
  CHECK(times.period == 100_ms);
  CHECK(times.at == 1_ns);  // longer than zero, as it was
  CHECK_FALSE(times.never);
  CHECK(times.timeout == 3_s);
}

TEST_CASE("an unknown key is told with what was meant") {
  CHECK(complaints<RetrySettings>(R"({"num_retires": 2})") ==
        Lines{"error: unknown key 'num_retires'; expected one of num_retries, on; did you mean "
              "'num_retries'?"});
  CHECK(complaints<Animal>(R"({"retry": {"colour": 2}})") ==
        Lines{"error: unknown key 'colour' in retry; expected one of num_retries, on"});
  CHECK(complaints<Animal>(R"({"policy": {"kind": "least_request", "choiceCount": 2}})") ==
        Lines{"error: unknown key 'choiceCount' in policy (least_request); expected one of "
              "choice_count, distinct; did you mean 'choice_count'?"});
  CHECK(complaints<Animal>(R"({"policy": {"round_robin": {"x": 2}}})") ==
        Lines{"error: unknown key 'x' in policy (round_robin); expected no key at all"});
}

TEST_CASE("all mistakes are told at once") {
  CHECK(complaints<Animal>(R"({"replicas": "many", "timeout": "5", "share": "25", "nope": 1})") ==
        Lines{"error: replicas is 'many'; expected a whole number of at least 1 and at most 1000",
              "error: timeout is '5'; expected a duration of at least 1ms; add a unit, such as 5s",
              "error: share is '25'; expected a share of at most 100%; a plain number is a share "
              "from 0 to 1; a percentage is written 25%",
              "error: unknown key 'nope'; expected one of note, mode, tame, size, rate, gaps, "
              "zones, cpu and 13 more; did you mean 'note'?"});
}

TEST_CASE("a value of the wrong shape is told with what was expected") {
  CHECK(complaints<Animal>(R"({"replicas": [1]})") ==
        Lines{"error: replicas is a list; expected a whole number of at least 1 and at most "
              "1000"});
  CHECK(complaints<Animal>(R"({"replicas": null})") ==
        Lines{"error: replicas is null; expected a whole number of at least 1 and at most 1000"});
  CHECK(complaints<Animal>(R"({"tame": "yes"})") ==
        Lines{"error: tame is 'yes'; expected true or false; write true"});
  CHECK(complaints<Animal>(R"({"mode": "thread"})") ==
        Lines{"error: mode is 'thread'; expected one of threads, async, least_bad; did you mean "
              "'threads'?"});
  CHECK(complaints<Animal>(R"({"timeout": "soon"})") ==
        Lines{"error: timeout is 'soon'; expected a duration of at least 1ms, such as 250ms"});
  CHECK(complaints<Animal>(R"({"gaps": "5s"})") ==
        Lines{"error: gaps is '5s'; expected a list, each item a duration; write [5s]"});
  CHECK(complaints<Animal>(R"({"gaps": ["5s", "x"]})") ==
        Lines{"error: gaps.1 is 'x'; expected a duration, such as 250ms"});
  CHECK(complaints<Animal>(R"({"zones": [1]})") ==
        Lines{"error: zones is a list; expected a map from names, each to a map with one of cores, "
              "mode"});
  CHECK(complaints<Animal>(R"({"zones": {"EU": 1}})") ==
        Lines{"error: 'EU' in zones is not a name; expected a lower-case letter, then letters, "
              "digits, '_' or '-'; write 'eu'"});
  CHECK(complaints<Animal>(R"({"retry": 3})") ==
        Lines{"error: retry is '3'; expected a map with one of num_retries, on"});
  CHECK(complaints<Animal>(R"({"backends": "Not a name"})") ==
        Lines{"error: backends is 'Not a name'; expected the name of a component; names match "
              "[a-z][a-z0-9_-]*"});
  CHECK(complaints<Animal>("5") == Lines{"error: the document is '5'; expected a map with one of "
                                         "tame, replicas, offset, count, weight, note, timeout, "
                                         "size and 13 more"});
}

TEST_CASE("a number in quotes is a text, a duration in quotes is a duration") {
  Problems problems;
  Reader reader(problems);
  int number = 0;
  Duration duration;
  Value quoted = Value::scalar("12");
  quoted.quoted = true;
  reader.read(quoted, number, "replicas");
  quoted.text = "5s";
  reader.read(quoted, duration, "timeout");
  REQUIRE(problems.size() == 1);
  CHECK(headline(problems[0]) ==
        "error: replicas is \"12\"; expected a whole number; remove the quotes");
  CHECK(duration == 5_s);
}

TEST_CASE("values outside of their limits are refused") {
  CHECK(complaints<Animal>(R"({"replicas": 0})") ==
        Lines{"error: replicas is '0'; expected a whole number of at least 1 and at most 1000"});
  CHECK(complaints<Animal>(R"({"weight": 0})") ==
        Lines{"error: weight is '0'; expected a number of more than 0 and less than 100"});
  CHECK(complaints<Animal>(R"({"timeout": "1us"})") ==
        Lines{"error: timeout is '1us'; expected a duration of at least 1ms, such as 250ms"});
  CHECK(complaints<Animal>(R"({"share": "150%"})") ==
        Lines{"error: share is '150%'; expected a share of at most 100%, such as 25%"});
  CHECK(complaints<Animal>(R"({"steps": [{"call": "db", "timeout": 0}]})") ==
        Lines{"error: steps.0.timeout is '0'; expected a duration of more than 0s, such as "
              "250ms"});
  CHECK(complaints<Animal>(R"({"steps": [{"parallel": []}]})") ==
        Lines{"error: steps.0 is an empty list; expected a list, each item one of call, compute, "
              "parallel, timeout, not empty"});
  CHECK(complaints<RetrySettings>(R"({"num_retries": 5000000000})") ==
        Lines{"error: num_retries is '5000000000'; expected a whole number of at most 10; the "
              "number is out of range"});
}

TEST_CASE("a required field that is missing is told, unless it was misspelt") {
  CHECK(complaints<CallSettings>("{}") ==
        Lines{"error: the document lacks 'target'; expected the name of a component"});
  CHECK(complaints<CallSettings>(R"({"tarket": "db"})") ==
        Lines{"error: unknown key 'tarket'; expected one of target, timeout; did you mean "
              "'target'?"});
  CHECK(complaints<Animal>(R"({"steps": ["call"]})") ==
        Lines{"error: steps.0 lacks 'target'; expected the name of a component"});
}

TEST_CASE("an alias is accepted once") {
  CHECK(read_well<Animal>(R"({"maxSurge": "30%"})").surge == Ratio{0.3});
  CHECK(complaints<Animal>(R"({"maxSurge": "30%", "surge": "20%"})") ==
        Lines{"error: 'maxSurge' is given twice, here as 'surge'; keep one of them"});
}

TEST_CASE("a null switches an optional block off, an empty one is ambiguous") {
  CHECK_FALSE(read_well<Animal>(R"({"retry": null})").retry);
  CHECK(read_well<Animal>(R"({"retry": {}})").retry);
  Problems problems;
  Reader reader(problems);
  std::optional<RetrySettings> retry;
  reader.read(Value{}, retry, "retry");
  REQUIRE(problems.size() == 1);
  CHECK(headline(problems[0]) ==
        "error: retry is empty; expected a map with one of num_retries, "
        "on; write {} for its defaults, or null to leave it off");
}

TEST_CASE("a shorthand stands for a field") {
  CHECK(read_well<Animal>(R"({"cpu": 4})").cpu.cores == 4);
  CHECK(complaints<Animal>(R"({"cpu": "lots"})") ==
        Lines{"error: cpu is 'lots'; expected a number of more than 0"});
}

TEST_CASE("rules across fields are judged when the fields are right") {
  CHECK(complaints<Animal>(R"({"policy": {"kind": "least_request", "choice_count": 200}})") ==
        Lines{"error: policy.choice_count is absurdly large; use full_scan",
              "warning: policy.choice_count is unusually large"});
  CHECK(complaints<Animal>(
            R"({"policy": {"kind": "least_request", "choice_count": 200, "distinct": 3}})") ==
        Lines{"error: policy.distinct is '3'; expected true or false"});
  CHECK(complaints<Animal>(R"({"latency": {"uniform": {"low": "3ms", "high": "2ms"}}})") ==
        Lines{"error: latency.low is above high; swap them"});
}

TEST_CASE("all text forms of a choice mean the same") {
  for (const char* form : {R"({"policy": {"kind": "least_request", "choice_count": 3}})",
                           R"({"policy": {"least_request": {"choice_count": 3}}})",
                           R"({"policy": {"least_request": null, "choice_count": 3}})",
                           R"({"policy": {"choice_count": 3, "kind": "least_request"}})"}) {
    CAPTURE(form);
    CHECK(read_well<Animal>(form).policy.make(1)->name() == "least of 3, seed 1");
  }
  for (const char* form : {R"({"latency": "2ms"})", R"({"latency": {"constant": "2ms"}})",
                           R"({"latency": {"constant": {"value": "2ms"}}})",
                           R"({"latency": {"kind": "constant", "value": "2ms"}})",
                           R"({"latency": {"uniform": {"low": "1ms", "high": "3ms"}}})",
                           R"({"latency": {"uniform": {"low": "1ms"}, "high": "3ms"}})"}) {
    CAPTURE(form);
    CHECK(read_well<Animal>(form).latency.law.make({})->mean() == 2e6);
  }
}

TEST_CASE("a shorthand of a kind may be a map, a list or a scalar with fields beside it") {
  const auto animal = read_well<Animal>(R"({"steps": [
    {"compute": {"uniform": {"low": "1ms", "high": "3ms"}}},
    {"compute": {"work": "2ms"}},
    {"compute": "2ms"},
    {"call": "db", "timeout": "500ms"},
    {"timeout": "1s", "call": "db"},
    {"parallel": [{"call": "a"}, {"call": "b"}], "first": 1},
    "timeout"]})");
  for (const std::size_t i : {0U, 1U, 2U}) {
    CHECK(animal.steps[i].settings_as<ComputeSettings>()->work.law.make({})->mean() == 2e6);
  }
  CHECK(animal.steps[3].settings_as<CallSettings>()->timeout == 500_ms);
  CHECK(animal.steps[4].settings_as<CallSettings>()->timeout == 1_s);
  CHECK(animal.steps[5].settings_as<ParallelSettings>()->steps.size() == 2);
  CHECK(animal.steps[6].kind() == "timeout");
  CHECK(animal.steps[6].settings_as<CallSettings>() == nullptr);
}

TEST_CASE("a choice that cannot be made is told with the kinds there are") {
  CHECK(complaints<Animal>(R"({"policy": "least_requests"})") ==
        Lines{"error: unknown zoo policy 'least_requests' in policy; expected one of "
              "least_request, round_robin; did you mean 'least_request'?"});
  CHECK(complaints<Animal>(R"({"policy": {"kind": "maglev"}})") ==
        Lines{"error: unknown zoo policy 'maglev' in policy; expected one of least_request, "
              "round_robin"});
  CHECK(complaints<Animal>(R"({"policy": {"round_robbin": {}}})") ==
        Lines{"error: unknown zoo policy 'round_robbin' in policy; expected one of "
              "least_request, round_robin; did you mean 'round_robin'?"});
  CHECK(complaints<Animal>(R"({"policy": {"distinct": true, "choice_count": 2}})") ==
        Lines{"error: policy lacks 'kind'; expected one of least_request, round_robin"});
  CHECK(complaints<Animal>(R"({"policy": null})") ==
        Lines{"error: policy is null; expected one of least_request, round_robin"});
  CHECK(complaints<Animal>(R"({"policy": {"kind": ["x"]}})") ==
        Lines{"error: policy.kind is a list; expected one of least_request, round_robin"});
  CHECK(complaints<Animal>(R"({"policy": {"round_robin": 3}})").size() == 1);
  CHECK(complaints<Animal>(R"({"latency": "unifrom"})") ==
        Lines{"error: latency is 'unifrom'; expected a duration, or one of constant, uniform; did "
              "you mean 'uniform'?"});
  CHECK(complaints<Animal>(R"({"latency": 5})") ==
        Lines{"error: latency is '5'; expected a duration of at least 0s, or one of constant, "
              "uniform; add a unit, such as 5s"});
  CHECK(complaints<Animal>(
            R"({"policy": {"least_request": {"distinct": true}, "distinct": false}})") ==
        Lines{"error: 'distinct' in policy is given twice, within 'least_request' and beside it; "
              "keep one of them"});
}

TEST_CASE("every component that is named is recorded with its path") {
  Problems problems;
  Reader reader(problems);
  Animal animal;
  reader.read(value_of(R"({"backends": "app", "steps": [{"call": "db"}]})"), animal);
  REQUIRE(reader.references().size() == 2);
  CHECK(reader.references()[0].name == "app");
  CHECK(reader.references()[0].path == "backends");
  CHECK(reader.references()[1].name == "db");
  CHECK(reader.references()[1].path == "steps.0");
}

TEST_CASE("the echo names every effective value with its unit and reads back as itself") {
  Animal animal;
  CHECK(echo(animal)["timeout"] == "3s");
  CHECK(echo(animal)["size"] == "64MiB");
  CHECK(echo(animal)["rate"] == "2000/s");
  CHECK(echo(animal)["retry"].is_null());
  CHECK(echo(animal)["policy"] == "round_robin");
  CHECK(echo(animal)["latency"] == "1ms");
  animal = read_well<Animal>(R"({
    "retry": {"num_retries": 3}, "backends": "app", "zones": {"eu-a": 2},
    "latency": {"uniform": {"low": "1ms", "high": "2.5ms"}},
    "policy": {"least_request": {"choice_count": 3}},
    "steps": [{"parallel": [{"call": "a", "timeout": "1s"}, {"compute": "2ms"}]}]})");
  const Json first = echo(animal);
  CHECK(first["latency"].dump() == R"({"kind":"uniform","low":"1ms","high":"2.5ms"})");
  CHECK(first["policy"].dump() == R"({"kind":"least_request","choice_count":3,"distinct":false})");
  CHECK(echo(read_well<Animal>(first.dump())).dump() == first.dump());
}

TEST_CASE("a choice made in code holds its settings") {
  const auto choice = Choice<Policy>::of("least_request", LeastRequestSettings{5, true});
  CHECK(choice.make(0)->name() == "least of 5, seed 0");
  CHECK(choice.settings_as<LeastRequestSettings>()->distinct);
  CHECK(Choice<Policy>::of("least_request").settings_as<LeastRequestSettings>()->choice_count == 2);
  CHECK_FALSE(Choice<Policy>().has_value());
  CHECK(Choice<Policy>().settings_as<LeastRequestSettings>() == nullptr);
}

TEST_CASE("registries list their kinds by name") {
  CHECK(Registry<Step>::instance().kind_names() == Lines{"call", "compute", "parallel", "timeout"});
  CHECK(Registry<Policy>::instance().find("call") == nullptr);
  CHECK(Registry<Policy>::instance().slug() == "zoo-policy");
  std::vector<std::string> registries;
  for (const AnyRegistry* registry : all_registries()) {
    registries.push_back(registry->name());
  }
  CHECK(registries == Lines{"zoo law", "zoo policy", "zoo step"});
}
