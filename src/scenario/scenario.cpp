#include "stampede/scenario/scenario.hpp"

#include <filesystem>

#include "check.hpp"
#include "stampede/base/json.hpp"
#include "stampede/scenario/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

template <>
struct Codec<Warmup> {
  static void read(const Value& from, Warmup& to, Reader& reader) {
    if (from.is_scalar() && from.text == "auto") {
      to.length.reset();
      return;
    }
    if (!from.is_scalar()) {
      reader.mismatch(from, type_text());
      return;
    }
    Duration length;
    const Reader::Expecting expecting(reader, {}, "auto");
    reader.read(from, length);
    to.length = length;
  }
  static Json echo(const Warmup& warmup) {
    return warmup.length ? type_of<Duration>().echo(&*warmup.length) : Json("auto");
  }
  static Json schema(SchemaWriter& writer) {
    return {{"anyOf", Json::array({{{"const", "auto"}}, writer.of<Duration>()})}};
  }
  static std::string type_text() { return "auto, or a duration, such as 30s"; }
  static void shorten(Warmup& warmup, std::int64_t divisor) {
    if (warmup.length) {
      // Not by the rule of durations: it stays shorter than the run, however short that gets.
      warmup.length = *warmup.length / divisor;
    }
  }
};

Duration RunSettings::slice_length() const {
  if (slice) {
    return *slice;
  }
  const std::int64_t hundredth = (duration.ns() + 99) / 100;
  if (warmup.length) {
    // What people write is a round number, which some number of slices not far away divides. No
    // slice gets shorter than a quarter of the hundredth for it.
    const std::int64_t length = warmup.length->ns();
    const std::int64_t most = length / ((hundredth + 3) / 4);
    for (std::int64_t slices = (length + hundredth - 1) / hundredth; slices <= most; ++slices) {
      if (slices > 0 && length % slices == 0) {
        return Duration::nanoseconds(length / slices);
      }
    }
  }
  return Duration::nanoseconds(hundredth);
}

void describe(Visitor& v, RunSettings& s) {
  v.field("duration", s.duration, "simulated time from the first instant of traffic to the end",
          required(), more_than(Duration()), of_run());
  v.field("warmup", s.warmup, "left out of the results: auto finds it (MSER-5)", of_run());
  v.field("replications", s.replications,
          "runs with luck of their own, for intervals; from 2 on there are some", at_least(1),
          at_most(1'000'000));
  v.field("seed", s.seed, "the same seed, scenario and version give the same bytes");
  v.field("slice", s.slice,
          "resolution of time series; unless given about a hundredth of the run, so that the "
          "warm-up ends with a slice",
          more_than(Duration()), of_run());
  v.check(!s.warmup.length || *s.warmup.length < s.duration, "warmup",
          "is not shorter than the run", "lengthen run.duration, or use warmup: auto");
  v.check(!s.slice || s.slice->is_zero() || s.duration.ns() / s.slice->ns() <= 100'000, "slice",
          "cuts the run into more than 100000 slices", "use longer slices");
}

void describe(Visitor& v, UsersSettings& s) {
  v.shorthand("count");
  v.field("count", s.count, "number of users; without it every request comes from a new one");
  v.field("regions", s.regions, "share of users in each region; all in the first unless given");
  v.field("segments", s.segments, "share of users in each segment, such as free and premium");
  v.field("tenants", s.tenants, "share of users of each tenant");
}

static const EnumNames<Operation>& names(Operation) {
  static const EnumNames<Operation> table{
      {{Operation::read, "read"}, {Operation::write, "write"}, {Operation::remove, "remove"}}};
  return table;
}

void describe(Visitor& v, RequestSettings& s) {
  v.field("share", s.share, "share of requests; those without one divide what is left");
  v.field("request_size", s.request_size, "payload sent");
  v.field("response_size", s.response_size, "payload of a good answer");
  v.field("priority", s.priority, "0 goes first, 9 last, where a queue goes by priority",
          at_least(0), at_most(9));
  v.field("operation", s.operation,
          "what it does to the item of its key (GET, PUT, DELETE): caches on its way keep answers "
          "to reads only, and drop what was written or removed");
  v.field("keys", s.keys, "what is asked for; as in the population unless given");
}

void describe(Visitor& v, TrafficSettings& s) {
  v.field("arrivals", s.arrivals, "when requests are sent", required());
  v.field("users", s.users, "who sends them");
  v.field("keys", s.keys, "what is asked for: numbers of items, 0 being the most popular");
  v.field("target", s.target, "the component that users call", required());
  describe_call(v, s.call);
  v.field("guards", s.guards,
          "circuit breakers, bulkheads, limits, budgets of retries in front of the target, the "
          "outermost first; all users of the population together are one caller");
  v.field("patience", s.patience,
          "how long after sending a user leaves a queue; one that is being served stays");
  v.field("deadline", s.deadline, "answers later than this are no goodput", more_than(Duration()));
  v.field("requests", s.requests, "types of request; one called `request` unless given");
}

void describe(Visitor& v, Scenario& s) {
  v.field("stampede", s.stampede, "version of this language", required(), at_least(1), at_most(1));
  v.field("name", s.name, "name in reports");
  v.field("covers", s.covers, "topics that the scenario shows");
  v.field("description", s.description, "what it shows, in a sentence or two");
  v.field("run", s.run, "how long, how often", required());
  v.field("regions", s.regions, "regions and their zones; one of each unless given");
  v.field("network", s.network, "latency, loss and bandwidth; without it messages take no time");
  v.field("traffic", s.traffic, "populations of users", required(), not_empty());
  v.field("components", s.components, "the parts of the system", required(), not_empty());
  v.field("monitoring", s.monitoring, "how metrics become known to what is done `when` they cross");
  v.field("prices", s.prices,
          "what an instance of a component costs per hour, in any currency, such as app: 0.096");
  v.field("faults", s.faults, "what goes wrong, and when");
  v.field("rollouts", s.rollouts,
          "versions that replace others while the system runs, each with a name for results");
  v.field("chaos", s.chaos,
          "a chaos experiment: what is steady about the system, what is done to it, and whether it "
          "is steady again");
  v.field("flags", s.flags, "feature flags: which users get which variant");
  v.field("ab_tests", s.ab_tests,
          "comparisons of two variants of a flag by what their users do, and how they are judged");
  v.field(
      "expect", s.expect,
      "what must hold of the result, such as shoppers.latency.p99 < 250ms or "
      "slow.latency.p99 < 2 * fast.latency.p99; of the run after its warm-up, or of a window of "
      "it: shoppers.availability > 99% from 90s to 2m, whose ends are rounded up to slices");
}

namespace {

ReadScenario read_tree(std::optional<Value> tree, ReadScenario read, const std::string& file,
                       const std::vector<std::string>& settings, int divisor) {
  if (tree) {
    for (const std::string& setting : settings) {
      apply_setting(*tree, setting, read.problems);
    }
    Scenario scenario;
    scenario.file = file;
    scenario.base_directory = std::filesystem::path(file).parent_path().string();
    Reader reader(read.problems);
    reader.base_directory = scenario.base_directory;
    reader.run_divisor = divisor;
    reader.read(*tree, scenario);
    scenario.references = reader.references();
    scenario.facts = reader.facts();
    if (scenario.name.empty()) {
      scenario.name = std::filesystem::path(file).stem().string();
    }
    check(scenario, read.problems);
    if (!has_errors(read.problems)) {
      read.scenario = std::move(scenario);
    }
  }
  return read;
}

}  // namespace

ReadScenario read_scenario_file(const std::string& path, const std::vector<std::string>& settings,
                                int divisor) {
  ReadScenario read;
  std::optional<Value> tree = read_yaml_file(path, read.problems, &read.text);
  return read_tree(std::move(tree), std::move(read), path, settings, divisor);
}

ReadScenario read_scenario(const std::string& text, const std::string& file,
                           const std::vector<std::string>& settings, int divisor) {
  ReadScenario read;
  read.text = text;
  std::optional<Value> tree = read_yaml(text, file, read.problems);
  return read_tree(std::move(tree), std::move(read), file, settings, divisor);
}

Json resolved(const Scenario& scenario) { return echo(scenario); }

}  // namespace stampede
