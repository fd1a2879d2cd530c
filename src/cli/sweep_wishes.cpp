#include "sweep_wishes.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <filesystem>

#include "scenario_file.hpp"
#include "stampede/base/text.hpp"
#include "stampede/report/numbers.hpp"
#include "stampede/schema/render.hpp"
#include "terminal.hpp"

namespace stampede {
namespace {

namespace po = boost::program_options;

/// Settings with the texts that their problems are shown with.
struct Asked {
  SweepSettings settings;
  std::string study_file;  ///< empty without one
  std::string study_text;
  Problems problems;
};

void read_sample(const std::string& word, SweepSettings& settings) {
  const std::size_t colon = std::min(word.find(':'), word.size());
  const std::string kind = word.substr(0, colon);
  const Parsed<std::int64_t> count =
      parse_integer(std::string_view(word).substr(std::min(colon + 1, word.size())));
  if ((kind != "latin" && kind != "random") || !count.value || *count.value < 1 ||
      *count.value > 100'000) {
    throw UsageError(
        fmt::format("--sample is '{}'; expected latin:N or random:N, such as latin:50", word));
  }
  settings.design = kind == "latin" ? Design::latin_hypercube : Design::random;
  settings.points = static_cast<int>(*count.value);
}

/// What is said about all points.
void read_common_options(const Arguments& arguments, SweepSettings& settings) {
  for (const std::string& setting : arguments.texts("set")) {
    settings.set.push_back(setting);
  }
  if (arguments.has("metric")) {
    settings.metrics = arguments.texts("metric");
  }
  settings.usl = arguments.text("usl").value_or(settings.usl);
  if (const auto seed = arguments.count("seed")) {
    settings.seed = *seed;
  }
  if (const auto replications = arguments.integer("replications", 1)) {
    settings.replications = static_cast<int>(*replications);
  }
}

Asked read_wishes(const Arguments& arguments, const std::string& file) {
  Asked asked;
  SweepSettings& settings = asked.settings;
  if (file != "-" && is_study_file(file)) {
    asked.study_file = file;
    if (auto read = read_study_file(file, asked.problems, &asked.study_text)) {
      settings = std::move(*read);
    }
  } else {
    settings.scenario = file;
  }
  Reader reader(asked.problems);
  for (const std::string& word : arguments.texts("param")) {
    reader.read(Value::scalar(word, {"--param", 0, 0}), settings.parameters.emplace_back(),
                "--param");
  }
  if (arguments.has("zip") && arguments.has("sample")) {
    throw UsageError("--zip and --sample are two designs: give one of them");
  }
  if (arguments.has("zip")) {
    settings.design = Design::zip;
    settings.points = 0;
  }
  if (const auto sample = arguments.text("sample")) {
    read_sample(*sample, settings);
  }
  settings.sample_seed = arguments.count("sample-seed").value_or(settings.sample_seed);
  read_common_options(arguments, settings);
  if (settings.parameters.empty() && !has_errors(asked.problems)) {
    throw UsageError("a sweep needs --param PATH=VALUES, such as --param app.replicas=4..20..2");
  }
  return asked;
}

std::vector<std::string> settings_of(const SweepSettings& sweep) {
  std::vector<std::string> settings = sweep.set;
  if (sweep.seed) {
    settings.push_back(fmt::format("run.seed={}", *sweep.seed));
  }
  if (sweep.replications) {
    settings.push_back(fmt::format("run.replications={}", *sweep.replications));
  }
  return settings;
}

std::optional<Prepared> prepare(Asked asked, const Arguments& arguments) {
  Prepared prepared;
  SweepPlan& plan = prepared.plan;
  if (!has_errors(asked.problems)) {
    plan.version = STAMPEDE_VERSION;
    plan.file = asked.settings.scenario == "-" ? "<stdin>" : asked.settings.scenario;
    plan.text = read_source(asked.settings.scenario);
    plan.settings = settings_of(asked.settings);
    plan.design = asked.settings.design;
    plan.metrics = asked.settings.metrics;
    plan.usl = asked.settings.usl;
    plan.shortened = static_cast<int>(arguments.integer("shorten", 1).value_or(1));
    plan.points = points_of(asked.settings, asked.problems);
    for (const Parameter& parameter : asked.settings.parameters) {
      plan.paths.push_back(parameter.path);
      plan.is_log.push_back(parameter.range && parameter.range->is_log);
    }
  }
  if (!has_errors(asked.problems)) {
    CheckedPlan checked = check_plan(plan);
    asked.problems.insert(asked.problems.end(), checked.problems.begin(), checked.problems.end());
    prepared.points = std::move(checked.points);
  }
  complain(render(asked.problems, [&](const std::string& of) {
    return of == plan.file ? plan.text : of == asked.study_file ? asked.study_text : std::string();
  }));
  if (has_errors(asked.problems)) {
    return std::nullopt;
  }
  // Whoever goes on with it may stand elsewhere.
  plan.file = std::filesystem::absolute(plan.file).lexically_normal().string();
  return prepared;
}

double wall_seconds() {
  const std::chrono::duration<double> now = std::chrono::steady_clock::now().time_since_epoch();
  return now.count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void add_design_options(po::options_description& options) {
  const auto value = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()(
      "param", po::value<std::vector<std::string>>()->value_name("PATH=VALUES")->composing(),
      "what is varied; repeatable")("zip", "first values with first values, not all combinations")(
      "sample", value("KIND:N"), "latin:N or random:N points between the ends of ranges")(
      "sample-seed", value("N"), "another seed, another sample");
}

std::optional<Prepared> prepare_sweep(const Arguments& arguments, const std::string& file) {
  return prepare(read_wishes(arguments, file), arguments);
}

std::optional<Prepared> prepare_search(const Arguments& arguments, const std::string& file,
                                       const std::vector<SearchedOption>& searched) {
  Asked asked;
  asked.settings.scenario = file;
  Reader reader(asked.problems);
  for (const SearchedOption& wanted : searched) {
    const std::string option = wanted.option;
    Parameter& parameter = asked.settings.parameters.emplace_back();
    reader.read(Value::scalar(arguments.text(option).value_or(""), {"--" + option, 0, 0}),
                parameter, "--" + option);
    if (has_errors(asked.problems)) {
      continue;
    }
    if (!parameter.range) {
      throw UsageError(
          fmt::format("--{0} is '{1}'; expected a range without steps, such as --{0} "
                      "shoppers.arrivals.rate=100/s..10k/s",
                      option, parameter.text));
    }
    *wanted.range = *parameter.range;
    parameter.values = {wanted.range->text(wanted.range->from),
                        wanted.range->text(wanted.range->to)};
    parameter.range.reset();
  }
  read_common_options(arguments, asked.settings);
  return prepare(std::move(asked), arguments);
}

CostOfRunning::CostOfRunning() : wall_began_s_(wall_seconds()), cpu_began_s_(cpu_seconds()) {}

std::string CostOfRunning::text(const std::string& what) const {
  const double wall = std::max(wall_seconds() - wall_began_s_, 1e-9);
  return fmt::format("{} in {}, {:.2f} cores busy\n", what,
                     seconds_text(wall, TextStyle{.colour = false, .utf8 = false}),
                     (cpu_seconds() - cpu_began_s_) / wall);
}

}  // namespace stampede
