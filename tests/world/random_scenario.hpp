#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/random/stream.hpp"

namespace stampede::test {

/// How a random scenario is varied. Variants of one seed are made by the same draws, so they are
/// the same scenario but for what is asked for here.
struct Variant {
  /// Every time is multiplied by this, every rate and bandwidth divided.
  int stretch = 1;
  /// The run lasts so many times as long, with slices of the same length.
  int duration_factor = 1;
  /// Beside the rest runs traffic of its own with a component of its own.
  bool bystander = false;
  /// Every time is a whole number of nanoseconds that no rounding touches, so that stretching it
  /// stretches all results exactly: constant times, rates that are powers of two, no work at a
  /// speed other than 1.
  bool exact = false;
};

/// A valid scenario made by chance, as text: a few populations in front of a few components that
/// call each other, with everything that the language has.
///
/// The order of the draws is the compiler's, which is free to evaluate arguments as it likes: a
/// seed says something only together with the program that made a scenario of it.
class RandomScenario {
 public:
  explicit RandomScenario(std::uint64_t seed, Variant variant = {})
      : variant_(variant), draw_(seed, 0) {}

  /// The scenario in YAML. It may name keys.txt and requests.csv, whose contents are below.
  std::string text() {
    choose_places();
    choose_components();
    choose_state();
    // From the last to the first, so that it is known what a call of a later one costs.
    for (std::size_t i = components_.size(); i-- > 0;) {
      write_component(i);
    }
    std::string text =
        fmt::format("stampede: 1\nname: random\nrun: {{duration: {}, {}slice: {}, seed: {}}}\n",
                    time(duration_us_ * static_cast<std::uint64_t>(variant_.duration_factor)),
                    chance(0.5) ? "warmup: " + time(duration_us_ / 5) + ", " : "",
                    time(duration_us_ / 40), draw_.below(1000));
    text += regions() + network() + traffic() + "components:\n";
    for (const Component& component : components_) {
      text += fmt::format("  {}: {{{}}}\n", component.name, component.text);
    }
    text += state_;
    if (variant_.bystander) {
      text += "  apart: {kind: service, handler: [{wait: " + time(30'000) + "}]}\n";
    }
    text += faults();
    const std::string changes = rollouts() + experiment();
    return folded(changes.empty() ? text : text + monitoring() + changes);
  }

  static constexpr const char* keys_file = "apple\nbanana\napple\ncherry\n";
  static constexpr const char* requests_file =
      "time_s,type,key,user\n0.5,browse,3,1\n0.5,search,4,2\n1.25,browse,3,1\n7,buy,9,3\n";

 private:
  struct Component {
    std::string name;
    bool is_balancer = false;
    std::uint64_t replicas = 1;
    std::vector<std::string> zones;  ///< as written; empty: all
    double cost = 1;                 ///< visits that a call of it causes, about
    std::string text;
  };

  static constexpr double most_visits = 12;
  inline static const std::vector<std::string> types{"browse", "search", "buy"};

  /// The same text in lines that fit a screen: between braces a line may end after any comma.
  static std::string folded(const std::string& text) {
    constexpr std::size_t width = 74;
    std::string folded;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const std::size_t next = std::min(text.find_first_of(",\n", i + 1), text.size());
      if (text[i] == ' ' && i > 0 && text[i - 1] == ',' && column + (next - i) >= width) {
        folded += "\n     ";
        column = 5;
      }
      folded += text[i];
      column = text[i] == '\n' ? 0 : column + 1;
    }
    return folded;
  }

  // ---- Chance ----

  bool chance(double probability) { return draw_.chance(probability); }
  /// A whole number from low to high.
  std::uint64_t number(std::uint64_t low, std::uint64_t high) {
    return low + draw_.below(high - low + 1);
  }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[draw_.below(values.size())];
  }
  std::string one_of_words(std::vector<std::string> words) { return one_of(words); }
  /// Some of these, at least one, in their order.
  template <class T>
  std::vector<T> some_of(const std::vector<T>& values) {
    std::vector<T> some;
    for (const T& value : values) {
      if (chance(0.5)) {
        some.push_back(value);
      }
    }
    return some.empty() ? values : some;
  }
  /// Between low and high, each order of magnitude as likely as any other.
  std::uint64_t magnitude(std::uint64_t low, std::uint64_t high) {
    while (low * 10 < high && chance(0.5)) {
      low *= 10;
    }
    return number(low, std::min(high, low * 10));
  }
  /// A key with its value, followed by a comma, or nothing.
  std::string maybe(double probability, std::string_view key, const std::string& value) {
    return chance(probability) ? fmt::format("{}: {}, ", key, value) : std::string();
  }

  // ---- Quantities ----

  std::string time(std::uint64_t microseconds) const {
    return fmt::format("{}us", microseconds * static_cast<std::uint64_t>(variant_.stretch));
  }
  std::string percent(std::uint64_t low, std::uint64_t high) {
    return fmt::format("{}%", number(low, high));
  }
  /// A rate in requests per second, a power of two so that gaps are whole nanoseconds.
  std::string rate(std::uint64_t most) {
    std::uint64_t twos = 1;
    while (twos * 2 <= most && chance(0.7)) {
      twos *= 2;
    }
    return fmt::format("{}/s", static_cast<double>(twos) / variant_.stretch);
  }

  /// A law of times with a mean near `us`, as settings hold it.
  std::string time_law(std::uint64_t us) {
    const std::uint64_t kind = draw_.below(12);
    if (variant_.exact || us < 10) {
      return time(us);
    }
    switch (kind) {
      case 0:
        return fmt::format("{{exponential: {{mean: {}}}}}", time(us));
      case 1:
        return fmt::format("{{uniform: {{low: {}, high: {}}}}}", time(us / 2), time(us * 3 / 2));
      case 2:
        return fmt::format("{{lognormal: {{mean: {}, cv: 1.5}}}}", time(us));
      case 3:
        return fmt::format("{{lognormal: {{median: {}, p99: {}}}}}", time(us), time(us * 4));
      case 4:
        return fmt::format("{{gamma: {{mean: {}, cv: 0.7}}}}", time(us));
      case 5:
        return fmt::format("{{erlang: {{mean: {}, stages: 3}}}}", time(us));
      case 6:
        return fmt::format("{{hyperexponential: {{mean: {}, cv: 2}}}}", time(us));
      case 7:
        return fmt::format("{{weibull: {{shape: 0.8, mean: {}}}}}", time(us));
      case 8:
        return fmt::format("{{pareto: {{shape: 1.5, minimum: {}, cap: {}}}}}", time(us / 3),
                           time(us * 30));
      case 9:
        return fmt::format("{{normal: {{mean: {}, stddev: {}}}}}", time(us), time(us / 2));
      case 10:
        return fmt::format("{{empirical: {{quantiles: {{p50: {}, p90: {}, max: {}}}}}}}",
                           time(us / 2), time(us * 2), time(us * 5));
      default:
        return fmt::format(
            "{{mixture: [{{weight: 3, law: {}}}, {{law: {{exponential: {{mean: {}}}}}}}]}}",
            time(us / 2), time(us * 2));
    }
  }
  std::string short_time_law() { return time_law(magnitude(100, 20'000)); }

  std::string size_law() {
    const std::uint64_t kilobytes = magnitude(1, 200);
    return one_of_words({fmt::format("{}KB", kilobytes),
                         fmt::format("{{lognormal: {{mean: {}KB, cv: 1}}}}", kilobytes),
                         fmt::format("{{uniform: {{low: 10B, high: {}KB}}}}", kilobytes)});
  }

  std::string key_law() {
    const std::uint64_t count = magnitude(2, 10'000);
    return one_of_words(
        {fmt::format("{}", count), fmt::format("{{kind: zipf, count: {}, exponent: 0.9}}", count),
         fmt::format("{{kind: hot_set, count: {}, hot_keys: 1, hot_share: 60%}}", count),
         fmt::format("{{kind: sequential, count: {}}}", count)});
  }

  // ---- Places ----

  void choose_places() {
    const std::uint64_t regions = draw_.below(3);
    for (std::uint64_t region = 0; region < regions; ++region) {
      const std::string name(1, static_cast<char>('a' + region));
      regions_.push_back(name);
      zones_of_.emplace_back();
      const std::uint64_t zones = number(1, 3);
      for (std::uint64_t zone = 1; zone <= zones; ++zone) {
        zones_of_.back().push_back(fmt::format("{}{}", name, zone));
        places_.push_back(zones_of_.back().back());
      }
    }
  }

  std::string regions() {
    std::string text;
    for (std::size_t i = 0; i < regions_.size(); ++i) {
      text += fmt::format("  {}: {{zones: [{}]}}\n", regions_[i], fmt::join(zones_of_[i], ", "));
    }
    return text.empty() ? text : "regions:\n" + text;
  }

  std::string link(std::uint64_t us) {
    std::string text = "{latency: " + time_law(us);
    if (!variant_.exact && chance(0.3)) {
      text += fmt::format(", bandwidth: {}kbps",
                          static_cast<double>(magnitude(4'000, 1'000'000)) / variant_.stretch);
    }
    if (chance(0.2)) {
      text += ", loss: 0.5%";
    }
    return text + "}";
  }

  std::string network() {
    std::string text;
    const auto add = [&](const char* name, std::uint64_t us) {
      if (chance(0.4)) {
        text += fmt::format("  {}: {}\n", name, link(us));
      }
    };
    add("within_zone", 200);
    add("between_zones", 900);
    add("between_regions", 40'000);
    add("to_users", 12'000);
    if (places_.size() >= 2 && chance(0.3)) {
      const std::string settings = link(2'000);
      text += fmt::format("  links: [{{between: [{}, {}], {}]\n", places_.front(), places_.back(),
                          settings.substr(1));
    }
    return text.empty() ? text : "network:\n" + text;
  }

  std::string placement(Component& component, std::uint64_t most) {
    component.replicas = number(1, most);
    std::string text = fmt::format("replicas: {}, ", component.replicas);
    if (!places_.empty() && chance(0.5)) {
      component.zones = some_of(places_);
      text += fmt::format("zones: [{}], ", fmt::join(component.zones, ", "));
    }
    return text;
  }

  // ---- Calls ----

  std::string retry(bool& is_limited, double& cost) {
    std::string text;
    const std::uint64_t retries = number(0, 2);
    cost *= static_cast<double>(1 + retries);
    text += fmt::format("retry: {{num_retries: {}, ", retries);
    text += maybe(0.4, "retry_on",
                  one_of_words({"[5xx]", "[reset, timeout]", "[gateway_error, connect_failure]",
                                "[5xx, reset, rate_limited, timeout]"}));
    if (chance(0.5)) {
      is_limited = true;
      text += fmt::format("per_try_timeout: {}, ", time(magnitude(2'000, 200'000)));
    }
    // From 1 ms on: a try that fails at once must not be repeated at the same instant for ever.
    const std::uint64_t base = magnitude(1'000, 50'000);
    const std::string jitter =
        variant_.exact ? "none" : one_of_words({"full", "equal", "decorrelated", "none"});
    const std::string longest = maybe(0.3, "max_interval", time(base * 3));
    return text + fmt::format("retry_back_off: {{base_interval: {}, {}jitter: {}}}}}, ", time(base),
                              longest, jitter);
  }

  /// Timeout, retry, hedge and propagation of a call, each followed by a comma, and what they do to
  /// its cost.
  std::string limits(double& cost) {
    bool is_limited = false;
    std::string text;
    if (chance(0.4)) {
      text += fmt::format("timeout: {}, ", time(magnitude(10'000, 1'000'000)));
    }
    if (chance(0.4)) {
      text += retry(is_limited, cost);
    }
    if (chance(0.2)) {
      text += hedge(cost);
    }
    if (chance(0.3)) {
      text += fmt::format("propagate: {{deadline: {}, cancel: {}}}, ",
                          one_of_words({"true", "false"}), one_of_words({"true", "false"}));
    }
    return text;
  }

  std::string hedge(double& cost) {
    const std::uint64_t most = number(1, 2);
    cost *= static_cast<double>(1 + most);
    const std::string when = chance(0.5) ? fmt::format("delay: {}", time(magnitude(1'000, 100'000)))
                                         : fmt::format("percentile: {}", percent(50, 99));
    return fmt::format("hedge: {{{}, max_hedges: {}, cancel: {}}}, ", when, most,
                       one_of_words({"true", "false"}));
  }

  /// Guards in front of a target, in any order.
  std::string guards() {
    const std::vector<std::string> all{
        fmt::format("{{circuit_breaker: {{sliding_window_type: {}, sliding_window_size: {}, "
                    "minimum_number_of_calls: {}, slow_call_duration_threshold: {}, "
                    "permitted_number_of_calls_in_half_open_state: {}, "
                    "wait_duration_in_open_state: {}}}}}",
                    variant_.exact ? "count_based" : one_of_words({"count_based", "time_based"}),
                    number(1, 20), number(1, 20), time(magnitude(1'000, 1'000'000)), number(1, 5),
                    time(magnitude(10'000, 2'000'000))),
        fmt::format("{{bulkhead: {{max_concurrent_calls: {}, max_wait_duration: {}}}}}",
                    number(1, 8), one_of_words({"0s", time(magnitude(1'000, 100'000))})),
        fmt::format("{{limits: {{max_connections: {}, max_pending_requests: {}, max_requests: {}, "
                    "max_retries: {}}}}}",
                    number(1, 8), number(0, 8), number(1, 20), number(0, 3)),
        fmt::format("{{retry_budget: {{budget_percent: {}, min_retry_concurrency: {}}}}}",
                    percent(0, 100), number(0, 3)),
        "retry_throttling",
        fmt::format("{{client_throttling: {{window: {}}}}}", time(120 * magnitude(1'000, 40'000)))};
    return fmt::format("[{}]", fmt::join(some_of(all), ", "));
  }

  /// A call from component `from` if it can be afforded, else some waiting.
  std::string call(std::size_t from, double times, double& visits) {
    std::string text = "{wait: " + time(500) + "}";
    if (from + 1 < components_.size()) {
      const std::size_t to = number(from + 1, components_.size() - 1);
      double cost = components_[to].cost * times;
      const std::string how =
          limits(cost) + maybe(0.2, "type", one_of(types)) +
          maybe(0.2, "request_size", size_law()) + maybe(0.2, "response_size", size_law()) +
          (chance(0.2)
               ? "on_failure: continue, "
               : maybe(0.2, "fallback", one_of_words({"[]", "[{wait: " + time(700) + "}]"})));
      if (visits + cost <= most_visits) {
        visits += cost;
        text = fmt::format("{{call: {}, {}}}", components_[to].name, how);
      }
    }
    return text;
  }

  // ---- Steps ----

  /// A list of steps; `times` is how often it is done for a request, `depth` how deep it is.
  std::string steps(std::size_t from, double times, int depth, double& visits) {
    std::vector<std::string> list;
    const std::uint64_t count = number(1, 3);
    for (std::uint64_t i = 0; i < count; ++i) {
      list.push_back(step(from, times, depth, visits));
    }
    return fmt::format("[{}]", fmt::join(list, ", "));
  }

  std::string step(std::size_t from, double times, int depth, double& visits) {
    if (!state_steps_.empty() && chance(0.2)) {
      visits += 2 * times;
      return one_of(state_steps_);
    }
    switch (draw_.below(depth < 3 ? 8 : 5)) {
      case 0:
      case 1:
        return "{compute: " + short_time_law() + "}";
      case 2:
        return "{wait: " + short_time_law() + "}";
      case 3:
      case 4:
        return call(from, times, visits);
      case 5: {
        const std::string first = steps(from, times * 0.6, depth + 1, visits);
        const std::string second = steps(from, times * 0.3, depth + 1, visits);
        return fmt::format(
            "{{choose: [{{probability: 0.6, steps: {}}}, {{probability: 0.3, steps: {}}}]}}", first,
            second);
      }
      case 6: {
        const std::uint64_t repeats = number(0, 2);
        const std::string inside =
            steps(from, times * static_cast<double>(repeats), depth + 1, visits);
        return fmt::format("{{repeat: {{times: {}, steps: {}}}}}", repeats, inside);
      }
      default: {
        std::vector<std::string> branches;
        const std::uint64_t count = number(1, 3);
        for (std::uint64_t i = 0; i < count; ++i) {
          branches.push_back(steps(from, times, depth + 1, visits));
        }
        const std::string enough =
            chance(0.5) ? fmt::format(", wait_for: {}", number(1, count)) : std::string();
        return fmt::format("{{parallel: [{}]{}}}", fmt::join(branches, ", "), enough);
      }
    }
  }

  // ---- Components ----

  /// The last one is a service, which need not call anybody.
  void choose_components() {
    const std::uint64_t count = number(1, 6);
    components_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      components_[i].is_balancer = chance(0.35) && i + 1 < count;
      components_[i].name = fmt::format("{}{}", components_[i].is_balancer ? "lb" : "app", i);
    }
  }

  void write_component(std::size_t i) {
    Component& component = components_[i];
    component.text = component.is_balancer ? balancer(i, component) : service(i, component);
  }

  std::string cpu(double probability) {
    const std::string scheduling =
        variant_.exact ? "fifo" : one_of_words({"fifo", "processor_sharing"});
    return maybe(probability, "cpu",
                 fmt::format("{{cores: {}, scheduling: {}}}", number(1, 4), scheduling));
  }

  std::string queue_rules() {
    const std::uint64_t kind = draw_.below(variant_.exact ? 5 : 7);
    const std::string target = time(magnitude(1'000, 50'000));
    const std::string interval = time(100'000);
    switch (kind) {
      case 0:
        return "discipline: lifo";
      case 1:
        return "discipline: priority";
      case 2:
        return "discipline: adaptive_lifo, lifo_after: " + interval;
      case 3:
        return fmt::format("max_age: {}, discipline: {}", target,
                           one_of_words({"fifo", "lifo", "priority", "adaptive_lifo"})) +
               ", lifo_after: " + interval;
      case 4:
        return "discipline: fifo";
      case 5:
        return fmt::format("codel: {{target: {}, interval: {}}}", target, interval);
      default:
        return fmt::format("controlled_delay: {{target: {}, interval: {}}}, discipline: {}", target,
                           interval, one_of_words({"fifo", "lifo", "priority"}));
    }
  }

  /// Whose requests a limiter counts together, and where.
  std::string counting() {
    std::string text =
        fmt::format("per: {}", one_of_words({"all", "user", "tenant", "request_type"}));
    if (chance(0.3)) {
      text += ", scope: shared";
      text += chance(0.5) ? ", sync_interval: " + time(magnitude(10'000, 1'000'000)) : "";
    }
    return text;
  }

  std::string limiter() {
    const std::uint64_t kind = draw_.below(variant_.exact ? 6 : 9);
    const std::string window = time(magnitude(50'000, 2'000'000));
    const std::uint64_t limit = number(1, 60);
    switch (kind) {
      case 0:
        return fmt::format(
            "{{token_bucket: {{max_tokens: {}, tokens_per_fill: {}, fill_interval: {}, refill: {}, "
            "{}}}}}",
            limit, number(1, 20), window, one_of_words({"interval", "continuous"}), counting());
      case 1:
        return fmt::format("{{fixed_window: {{limit: {}, window: {}, {}}}}}", limit, window,
                           counting());
      case 2:
        return fmt::format("{{sliding_window: {{limit: {}, window: {}, method: {}, {}}}}}", limit,
                           window, one_of_words({"log", "counter"}), counting());
      case 3:
        return fmt::format("{{concurrency: {{max_concurrent: {}, per: {}, scope: {}}}}}", limit,
                           one_of_words({"all", "user", "tenant", "request_type"}),
                           one_of_words({"local", "shared"}));
      case 4:
        return fmt::format(
            "{{priority_shedding: {{max_concurrent: {}, thresholds: [100%, 80%, 40%]}}}}", limit);
      case 5:
        return fmt::format("{{aimd: {{min_limit: 2, timeout: {}}}}}", window);
      case 6:
        return fmt::format(
            "{{gradient: {{concurrency_update_interval: {}, min_rtt_calc_params: {{interval: {}, "
            "request_count: {}}}}}}}",
            window, time(3'000'000), number(1, 20));
      case 7:
        return fmt::format("{{vegas: {{initial_limit: {}}}}}", limit);
      default:
        return one_of_words({"{admission_control: {sampling_window: 2s}}",
                             "{leaky_bucket: {rate: 20/s, burst: 10}}"});
    }
  }

  std::string admission(double probability) {
    if (!chance(probability)) {
      return "";
    }
    std::string list = limiter();
    if (chance(0.4)) {
      list += ", ";
      list += limiter();
    }
    return "admission: [" + list + "], ";
  }

  std::string service(std::size_t i, Component& component) {
    std::string text = "kind: service, " + placement(component, 6);
    if (chance(0.8)) {
      const std::string capacity = one_of_words({"0", "5", "64", "unbounded"});
      const std::string queue =
          chance(0.5) ? capacity : fmt::format("{{capacity: {}, {}}}", capacity, queue_rules());
      text += fmt::format("concurrency: {{kind: {}, workers: {}, queue: {}}}, ",
                          one_of_words({"threads", "async"}), number(1, 8), queue);
    }
    text += cpu(0.5);
    text += admission(0.3);
    text += maybe(0.2, "error_rate", percent(1, 20));
    text += maybe(0.3, "boot_time", time_law(magnitude(10'000, 1'000'000)));
    double most = 1;
    const auto handler = [&](bool must_reach_next) {
      double visits = 1;
      std::string list = steps(i, 1, 0, visits);
      if (must_reach_next && i + 1 < components_.size()) {
        visits += components_[i + 1].cost;
        list.insert(list.size() - 1, ", {call: " + components_[i + 1].name + "}");
      }
      if (must_reach_next && i + 1 == components_.size()) {
        for (const std::string& use : state_steps_) {
          list.insert(list.size() - 1, ", " + use);
        }
      }
      if (i > 0 && chance(0.2)) {
        // Back to one that perhaps leads here: so seldom that it comes to an end.
        list.insert(list.size() - 1,
                    fmt::format(", {{choose: [{{probability: 2%, steps: {{call: {}}}}}]}}",
                                components_[draw_.below(i + 1)].name));
      }
      most = std::max(most, visits);
      return list;
    };
    // Everything must be reachable: each component leads to the next one.
    text += "handler: " + handler(true);
    if (chance(0.3)) {
      text += fmt::format(", handlers: {{{}: {}}}", one_of(types), handler(false));
    }
    if (i + 1 < components_.size() && chance(0.3)) {
      text += fmt::format(
          ", connection_pools: [{{target: {}, max_size: {}, connection_timeout: {}, set_up: {}}}]",
          components_[i + 1].name, number(1, 8), time(magnitude(10'000, 1'000'000)),
          time_law(magnitude(100, 50'000)));
    }
    if (i + 1 < components_.size() && chance(0.3)) {
      text += fmt::format(", guards: [{{target: {}, use: {}}}]", components_[i + 1].name, guards());
    }
    if (chance(0.4)) {
      text += versions();
      released_.push_back(component.name);
    }
    component.cost = most;
    return text;
  }

  /// Versions of a service that differ in anything but what they call.
  std::string versions() {
    std::string different = maybe(0.5, "error_rate", percent(0, 60));
    different += maybe(0.5, "boot_time", time(magnitude(1'000, 2'000'000)));
    different += maybe(0.3, "concurrency", fmt::format("{{workers: {}}}", number(1, 6)));
    different += cpu(0.3);
    if (chance(0.4)) {
      std::string defect = "{error_burst: {error_rate: " + percent(1, 99) +
                           (chance(0.5) ? fmt::format(", above_in_flight: {}", number(1, 5)) : "") +
                           "}}";
      if (!variant_.exact && chance(0.5)) {
        defect = fmt::format("{{memory_leak: {{memory: 1MB, {}: {}KB, restart_delay: {}}}}}",
                             one_of_words({"per_request", "per_second"}), magnitude(10, 1'000),
                             time(magnitude(1'000, 1'000'000)));
      }
      different += "defects: [" + defect + "]";
    }
    return fmt::format(
        ", pre_stop: {}, termination_grace_period: {}, versions: {{v2: {{{}}}, v3: {{}}}}",
        time(magnitude(1, 300'000)), time(magnitude(1'000, 2'000'000)), different);
  }

  std::string analysis() {
    return fmt::format("[{{{}: canary.error_rate {} {}, interval: {}, count: {}}}]",
                       one_of_words({"success_condition", "failure_condition"}),
                       one_of_words({"<", ">="}),
                       chance(0.5) ? percent(1, 60) : "1.5 * stable.error_rate",
                       time(magnitude(100'000, 2'000'000)), number(1, 4));
  }

  std::string rollout() {
    const std::string delays =
        fmt::format("scale_down_delay: {}, abort_scale_down_delay: {}, ",
                    time(magnitude(1'000, 2'000'000)), time(magnitude(1'000, 2'000'000)));
    switch (draw_.below(5)) {
      case 0:
        return "kind: recreate, ";
      case 1:
        return fmt::format("kind: rolling, max_surge: {}, max_unavailable: {}, roll_back: {}, ",
                           one_of_words({"1", "25%", "100%"}), one_of_words({"0", "50%", "2"}),
                           one_of_words({"true", "false"}));
      case 2:
        return "kind: blue_green, " + delays + maybe(0.4, "pre_promotion_analysis", analysis()) +
               maybe(0.4, "post_promotion_analysis", analysis());
      case 3:
        return fmt::format("kind: dark_launch, percentage: {}, duration: {}, ", percent(1, 100),
                           time(magnitude(100'000, 5'000'000))) +
               maybe(0.4, "analysis", analysis());
      default: {
        std::string steps;
        const std::uint64_t count = number(1, 4);
        for (std::uint64_t i = 0; i < count; ++i) {
          steps += i > 0 ? ", " : "";
          steps +=
              one_of_words({"{set_weight: " + percent(0, 100) + "}",
                            "{pause: " + time(magnitude(10'000, 2'000'000)) + "}",
                            "{analysis: " + analysis() + "}",
                            fmt::format("{{set_canary_scale: {{replicas: {}}}}}", number(1, 4))});
        }
        return fmt::format("kind: canary, {}stickiness: {}, steps: [{}], ", delays,
                           one_of_words({"request", "user"}), steps) +
               maybe(0.3, "analysis", "{metrics: " + analysis() + "}");
      }
    }
  }

  std::string rollouts() {
    std::string text;
    for (std::size_t i = 0; i < released_.size(); ++i) {
      for (const char* to : {"v2", "v3"}) {
        if (chance(0.6)) {
          text += fmt::format(
              "  to-{}-{}: {{{}target: {}, to: {}, at: {}, min_ready: {}, progress_deadline: "
              "{}}}\n",
              to, released_[i], rollout(), released_[i], to, time(number(0, duration_us_ - 1)),
              time(magnitude(1, 500'000)), time(magnitude(100'000, 10'000'000)));
        }
      }
    }
    return text.empty() ? text : "rollouts:\n" + text;
  }

  std::string monitoring() {
    const std::string interval = time(magnitude(50'000, 1'000'000));
    return fmt::format("monitoring: {{scrape_interval: {}, window: {}}}\n", interval,
                       time(magnitude(100'000, 5'000'000)));
  }

  std::string policy() {
    return one_of_words(
        {"round_robin", "weighted_round_robin", "random", "join_idle_queue", "least_request",
         fmt::format("{{kind: least_request, choice_count: {}, distinct: {}, "
                     "active_request_bias: {}}}",
                     number(1, 4), one_of_words({"true", "false"}), number(0, 2)),
         "{kind: least_request, selection: full_scan}",
         fmt::format("{{kind: peak_ewma, decay_time: {}, default_rtt: {}}}", time(3'000'000),
                     time(10'000)),
         "{kind: ring_hash, hash_on: " + one_of_words({"key", "user"}) + "}",
         "{kind: maglev, hash_on: " + one_of_words({"key", "user"}) + "}",
         "{kind: modulo, hash_on: " + one_of_words({"key", "user"}) + "}",
         fmt::format("{{kind: bounded_load, hash_balance_factor: {}, overflow: {}}}",
                     number(100, 200), one_of_words({"walk", "jump"}))});
  }

  std::string balancer(std::size_t i, Component& component) {
    const Component& backends = components_[i + 1];
    component.cost = 1 + backends.cost;
    std::string text = "kind: load_balancer, " + placement(component, 3);
    text += admission(0.2);
    text += fmt::format("backends: {}, policy: {}", backends.name, policy());
    text += chance(0.2) ? ", weights: [1, 2.5, 4]" : "";
    if (chance(0.5)) {
      const std::string jitter =
          variant_.exact ? "" : maybe(0.5, "interval_jitter", time(magnitude(1'000, 500'000)));
      text += fmt::format(
          ", health_check: {{interval: {}, timeout: {}, unhealthy_threshold: {}, {}"
          "healthy_threshold: {}}}",
          time(magnitude(200'000, 5'000'000)), time(magnitude(5'000, 1'000'000)), number(1, 3),
          jitter, number(1, 3));
    } else if (!variant_.exact && chance(0.4)) {
      text += fmt::format(", heartbeats: {{interval: {}, {}}}", time(magnitude(50'000, 1'000'000)),
                          one_of_words({"timeout: 2s", "phi: 8",
                                        "phi: {threshold: 3, law: exponential, window: 10}"}));
    }
    if (!variant_.exact && chance(0.4)) {
      text += fmt::format(
          ", outlier_detection: {{consecutive_5xx: {}, interval: {}, base_ejection_time: {}, "
          "max_ejection_percent: {}, always_eject_one_host: {}, success_rate_request_volume: 5, "
          "success_rate_minimum_hosts: 2, success_rate_stdev_factor: 500}}",
          number(1, 5), time(magnitude(100'000, 2'000'000)), time(magnitude(100'000, 2'000'000)),
          percent(0, 100), one_of_words({"true", "false"}));
    }
    if (!variant_.exact && chance(0.3)) {
      text += ", timeout: " + time(magnitude(1'000, 1'000'000));
    }
    text += chance(0.3) ? ", healthy_panic_threshold: " + percent(0, 100) : "";
    if (chance(0.3)) {
      text += fmt::format(", slow_start: {{window: {}, aggression: {}}}",
                          time(magnitude(500'000, 10'000'000)), number(1, 3));
    }
    if (chance(0.2)) {
      text += ", priorities: {nearest: " + one_of_words({"zone", "region"}) + "}";
    } else if (chance(0.3)) {
      text += fmt::format(", zone_aware: {{routing_enabled: {}, min_cluster_size: {}}}",
                          percent(10, 100), number(1, 4));
    }
    text += chance(0.3) ? ", sticky: " + one_of_words({"user", "key"}) : "";
    text += chance(0.3) ? ", discovery: " + time(magnitude(1'000, 3'000'000)) : "";
    if (chance(0.4)) {
      text += ", processing: " + time_law(magnitude(20, 3'000)) + ", " + cpu(0.7) +
              "max_pending: " + one_of_words({"0", "10", "1024", "unbounded"});
    }
    text += chance(0.2) ? ", boot_time: " + time_law(magnitude(10'000, 1'000'000)) : "";
    return text;
  }

  // ---- State ----

  /// What keeps data or messages, and the steps that use it: the last service takes all of them.
  /// Not where times are to be stretched exactly: much of it has lengths that a scenario need not
  /// give.
  void choose_state() {
    if (variant_.exact || chance(0.4)) {
      return;
    }
    add_store_and_cache();
    if (chance(0.4)) {
      add_queue();
    }
    if (chance(0.4)) {
      add_log();
    }
    if (chance(0.3)) {
      add_objects();
    }
    if (chance(0.3)) {
      state_steps_.push_back(
          "{saga: [{do: {write: store}, undo: {write: store}}, {do: {read: store}}]}");
    }
  }

  void add_state(const std::string& name, const std::string& settings) {
    state_names_.push_back(name);
    state_ += "  " + name + ": {" + settings + "}\n";
  }

  std::string zones_of_state() {
    return !places_.empty() && chance(0.4)
               ? fmt::format("zones: [{}], ", fmt::join(some_of(places_), ", "))
               : std::string();
  }
  std::string boot() { return maybe(0.3, "boot_time", time_law(magnitude(10'000, 1'000'000))); }

  void add_store_and_cache() {
    const std::uint64_t replicas = number(1, 3);
    const std::string kind =
        replicas == 1
            ? "async"
            : one_of_words({"async", "semi_sync", "sync", "consensus", "quorum", "multi_primary"});
    const bool has_primary = kind != "quorum" && kind != "multi_primary";
    std::string store =
        fmt::format("kind: database, shards: {}, sharding: {}, replicas: {}, replication: {}, ",
                    number(1, 3), one_of_words({"hash", "consistent_hash"}), replicas, kind);
    store += "read: " + short_time_law() + ", ";
    store += maybe(0.5, "write", short_time_law());
    store += maybe(0.4, "concurrency",
                   fmt::format("{{workers: {}, queue: {}}}", number(1, 8), number(0, 50)));
    store += cpu(0.3) + zones_of_state() + boot();
    store += maybe(0.3, "replication_lag", short_time_law());
    if (replicas > 1 && kind != "quorum") {
      store +=
          maybe(0.5, "failover",
                fmt::format("{{detection: {}, promotion: {}{}}}",
                            time(magnitude(100'000, 2'000'000)), time(magnitude(10'000, 1'000'000)),
                            !has_primary ? ""
                                         : one_of_words({"", ", on_silence: true",
                                                         ", on_silence: true, lease: true"})));
    }
    if (replicas > 1 && has_primary) {
      store += "read_from: " +
               one_of_words({"primary", "replica", "any", "nearest", "read_your_writes"}) + ", ";
      store += maybe(0.3, "locks", "true");
      if (kind == "semi_sync" || kind == "sync") {
        store += maybe(0.4, "fallback", time(magnitude(100'000, 1'000'000)));
      }
    }
    if (kind == "quorum") {
      store += fmt::format("read_consistency: {}, write_consistency: {}, ",
                           one_of_words({"one", "quorum", "all"}),
                           one_of_words({"one", "quorum", "all"}));
      store += maybe(0.5, "hinted_handoff", time(5'000'000)) + maybe(0.5, "read_repair", "true");
    }
    add_state("store", store);

    const bool goes_through = chance(0.5);
    std::string cache =
        fmt::format("kind: cache, replicas: {}, max_entries: {}, eviction: {}, ", number(1, 3),
                    magnitude(1, 1'000),
                    one_of_words({"lru", "fifo", "lfu", "random", "sieve", "s3_fifo", "w_tinylfu",
                                  "segmented_lru", "sampled_lru", "arc", "none"}));
    cache += zones_of_state() + boot() + maybe(0.3, "persistent", "true");
    cache += maybe(0.3, "access", time_law(magnitude(20, 2'000)));
    if (chance(0.6)) {
      cache += fmt::format("ttl: {}, ", time(magnitude(100'000, 5'000'000)));
      cache += maybe(0.4, "ttl_jitter", percent(0, 100));
    }
    if (chance(0.3)) {
      cache += fmt::format(
          "resize: [{{at: {}, replicas: {}}}, {{at: {}, replicas: {}}}], discovery: {}, ",
          time(duration_us_ / 4), number(1, 4), time(duration_us_ / 2), number(1, 4),
          time(magnitude(1'000, 200'000)));
      cache += maybe(0.5, "warm_from", "owners");
    }
    if (goes_through) {
      const std::string writes = one_of_words({"around", "through", "back"});
      cache += "origin: store, writes: " + writes + ", ";
      cache +=
          writes == "back" ? "write_back_delay: " + time(magnitude(1'000, 500'000)) + ", " : "";
      cache += maybe(0.3, "grace", time(magnitude(10'000, 1'000'000)));
      cache += maybe(0.3, "stale_if_error", time(magnitude(10'000, 1'000'000)));
      cache += maybe(0.3, "negative_ttl", time(magnitude(10'000, 1'000'000)));
      cache += maybe(0.5, "request_collapsing", "true");
    }
    add_state("memo", cache);
    state_steps_.push_back(goes_through ? "{read: memo}"
                                        : "{look_aside: {cache: memo, store: store}}");
    state_steps_.push_back(goes_through ? "{write: memo}" : "{write: {store: store, cache: memo}}");
    state_steps_.push_back("{read: store}");
  }

  std::string consumer(const std::string& from) {
    return fmt::format(
        "kind: service, replicas: {}, concurrency: {{workers: {}}}, {}handler: [{{wait: {}}}], "
        "consume: {{{}{}}}",
        number(1, 3), number(1, 4), maybe(0.3, "error_rate", percent(1, 20)), short_time_law(),
        from, chance(0.3) ? ", idempotent: true" : "");
  }
  std::string how_a_log_is_read() {
    std::string how = chance(0.3) ? ", delivery: at_most_once" : "";
    if (chance(0.3)) {
      how += fmt::format(", max_poll_interval: {}, heartbeat_interval: {}",
                         time(magnitude(50'000, 1'000'000)), time(magnitude(10'000, 500'000)));
    }
    return how;
  }

  void add_queue() {
    std::string queue = "kind: queue, visibility_timeout: " + time(magnitude(20'000, 5'000'000));
    queue += chance(0.3) ? ", fifo: true" : "";
    queue += chance(0.3) ? ", persistent: false" : "";
    queue += chance(0.3) ? ", delay: " + time(magnitude(1'000, 500'000)) : "";
    queue += chance(0.3) ? ", publish: " + short_time_law() : "";
    queue += chance(0.3) ? ", delivery: at_most_once" : "";
    queue += chance(0.5) ? fmt::format(", capacity: {}, overflow: {}", number(1, 50),
                                       one_of_words({"reject", "drop_head", "block"}))
                         : "";
    queue += chance(0.4) ? fmt::format(", max_receive_count: {}", number(1, 5)) : "";
    add_state("jobs", queue);
    add_state("worker", consumer("queue: jobs"));
    state_steps_.push_back("{publish: jobs}");
  }

  void add_log() {
    const std::uint64_t brokers = number(1, 3);
    std::string log =
        fmt::format("kind: log, partitions: {}, brokers: {}, replicas: {}, acks: {}", number(1, 5),
                    brokers, number(1, brokers), one_of_words({"0", "1", "all"}));
    log += chance(0.4) ? ", append: " + short_time_law() : "";
    log += chance(0.5) ? ", batch: {linger: " + time(magnitude(1'000, 50'000)) + "}" : "";
    log += chance(0.5) ? fmt::format(", failover: {{detection: {}, promotion: {}}}",
                                     time(magnitude(100'000, 2'000'000)),
                                     time(magnitude(10'000, 1'000'000)))
                       : "";
    log += chance(0.3) ? ", retention: " + time(magnitude(500'000, 10'000'000)) : "";
    log += chance(0.3) ? ", auto_leader_rebalance: " + time(magnitude(200'000, 3'000'000)) : "";
    add_state("events", log);
    add_state("reader", consumer("log: events" + how_a_log_is_read()));
    state_steps_.push_back("{publish: events}");
  }

  void add_objects() {
    add_state("objects", fmt::format("kind: object_storage, hot: {}", short_time_law()));
    state_steps_.push_back("{write: objects}");
    state_steps_.push_back("{read: objects}");
  }

  // ---- Traffic ----

  std::string rate_profile(std::uint64_t most) {
    const std::string low = rate(most / 4 + 1);
    const std::string high = rate(most);
    const std::uint64_t third = duration_us_ / 3;
    const std::uint64_t kind = draw_.below(8);
    if (variant_.exact) {
      return high;
    }
    switch (kind) {
      case 0:
        return fmt::format("{{kind: diurnal, mean: {}, amplitude: {}, period: {}}}", high,
                           percent(0, 100), time(third));
      case 1:
        return fmt::format("{{kind: spike, base: {}, peak: {}, at: {}, ramp: {}, for: {}}}", low,
                           high, time(third), time(third / 4), time(third / 2));
      case 2:
        return fmt::format(
            "{{kind: stages, start_rate: {}, stages: [{{target: {}, duration: {}}}, "
            "{{target: 0/s, duration: {}}}]}}",
            low, high, time(third), time(third));
      case 3:
        return fmt::format(
            "{{kind: piecewise, between: {}, points: [{{at: 0s, rate: {}}}, {{at: {}, rate: "
            "{}}}]}}",
            one_of_words({"step", "ramp"}), low, time(third), high);
      default:
        return high;
    }
  }

  std::string arrivals(const std::vector<std::string>& types_here, std::uint64_t& users) {
    // From 1 ms on: users whose requests fail at once must not send all at the same instant.
    const std::string think = time_law(magnitude(10'000, 1'000'000));
    switch (variant_.exact ? draw_.below(2) : draw_.below(8)) {
      case 0:
        users = number(1, 20);
        return fmt::format("{{kind: closed, users: {}, think_time: {}}}", users, think);
      case 1:
        return fmt::format("{{kind: constant, rate: {}}}", rate_profile(64));
      case 2:
        return fmt::format("{{kind: on_off, on: {}, off: {}, rate: {}}}",
                           time_law(magnitude(500'000, 5'000'000)),
                           time_law(magnitude(500'000, 5'000'000)), rate_profile(64));
      case 3:
        return fmt::format(
            "{{kind: mmpp, states: [{{rate: {}, mean_duration: {}}}, {{rate: {}, "
            "mean_duration: {}}}, {{rate: 0/s, mean_duration: {}}}]}}",
            rate(64), time(2'000'000), rate(64), time(500'000), time(300'000));
      case 4: {
        const std::string rest = fmt::format("think_time: {}, on_failure: {}", think,
                                             one_of_words({"leave", "continue"}));
        return chance(0.5)
                   ? fmt::format("{{kind: sessions, rate: {}, requests: [{}, {}], {}}}",
                                 rate_profile(16), types_here.front(), types_here.back(), rest)
                   : fmt::format(
                         "{{kind: sessions, rate: {}, count: {{exponential: {{mean: 4}}}}, "
                         "{}}}",
                         rate_profile(16), rest);
      }
      case 5:
        return types_here == types && chance(0.5)
                   ? "{kind: replay_csv, file: requests.csv}"
                   : fmt::format(
                         "{{kind: replay_keys, file: keys.txt, rate: {}, arrivals: {}, "
                         "repeat: true}}",
                         rate(64), one_of_words({"poisson", "constant"}));
      default:
        return fmt::format("{{kind: poisson, rate: {}}}", rate_profile(64));
    }
  }

  std::string shares(const std::vector<std::string>& names) {
    std::string text;
    std::uint64_t left = 100;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::uint64_t share = i + 1 < names.size() ? number(1, left / 2) : left;
      left -= share;
      text += fmt::format("{}{}: {}%", i > 0 ? ", " : "", names[i], share);
    }
    return "{" + text + "}";
  }

  std::string population(const std::string& target) {
    const bool has_types = chance(0.7);
    has_types_ = has_types_ || has_types;
    const std::vector<std::string> types_here =
        has_types ? types : std::vector<std::string>{"request"};
    std::uint64_t users = 0;
    std::string text = "arrivals: " + arrivals(types_here, users) + ", ";
    const std::uint64_t user_count = users > 0 ? users : number(1, 500);
    std::string who = users > 0 || chance(0.5) ? fmt::format("count: {}, ", user_count) : "";
    if (!regions_.empty()) {
      who += maybe(0.5, "regions", shares(some_of(regions_)));
    }
    who += maybe(0.4, "segments", shares({"free", "premium"}));
    who += maybe(0.3, "tenants", shares({"acme", "globex", "initech"}));
    text += maybe(0.7, "users", "{" + who + "}");
    text += maybe(0.6, "keys", key_law());
    double cost = 1;
    text += limits(cost);
    text += maybe(0.2, "guards", guards());
    text += maybe(0.3, "patience", time_law(magnitude(5'000, 500'000)));
    text += maybe(0.3, "deadline", time(magnitude(5'000, 500'000)));
    if (has_types) {
      std::string of_types;
      for (const std::string& type : types_here) {
        of_types += fmt::format("{}: {{{}{}{}{}{}{}}}, ", type,
                                type == "buy" ? "" : maybe(0.5, "share", percent(5, 45)),
                                maybe(0.4, "request_size", size_law()),
                                maybe(0.4, "response_size", size_law()),
                                maybe(0.4, "priority", fmt::format("{}", number(0, 9))),
                                maybe(0.2, "keys", key_law()), maybe(0.1, "operation", "write"));
      }
      text += "requests: {" + of_types + "}, ";
    }
    return text + "target: " + target;
  }

  /// A name under which users find this component, or another one.
  void add_name(const std::string& target) {
    std::string name = fmt::format(
        "kind: dns, records: [{}, {}], policy: {}, ttl: {}, resolvers: {}, lookup_timeout: {}, ",
        target, one_of(components_).name, one_of_words({"failover", "weighted", "geo", "latency"}),
        time(magnitude(1'000, 5'000'000)), number(1, 50), time(magnitude(10'000, 1'000'000)));
    if (chance(0.5)) {
      name += fmt::format(
          "health_check: {{interval: {}, timeout: {}, unhealthy_threshold: 1, "
          "healthy_threshold: 2}}, ",
          time(magnitude(200'000, 2'000'000)), time(magnitude(5'000, 200'000)));
    }
    name += maybe(0.5, "lookup", short_time_law());
    name += maybe(0.3, "serve_stale", time(magnitude(1'000, 5'000'000)));
    add_state("name", name);
  }

  std::string traffic() {
    std::string text = "traffic:\n";
    const std::uint64_t populations = number(1, 3);
    for (std::uint64_t i = 0; i < populations; ++i) {
      std::string target = i == 0 ? components_.front().name : one_of(components_).name;
      if (i == 0 && !variant_.exact && chance(0.3)) {
        add_name(target);
        target = "name";
      }
      const std::string settings = population(target);
      has_rate_ = has_rate_ || (i == 0 && (settings.starts_with("arrivals: {kind: poisson") ||
                                           settings.starts_with("arrivals: {kind: constant")));
      text += fmt::format("  users{}: {{{}}}\n", i, settings);
    }
    if (variant_.bystander) {
      text += fmt::format("  others: {{arrivals: {{kind: poisson, rate: {}/s}}, target: apart}}\n",
                          16.0 / variant_.stretch);
    }
    return text;
  }

  // ---- Faults ----

  std::string target() {
    if (!state_names_.empty() && chance(0.5)) {
      return "{component: " + one_of(state_names_) + "}";
    }
    const Component& component = one_of(components_);
    std::string text = "component: " + component.name;
    if (!component.zones.empty() && chance(0.3)) {
      text += ", zone: " + component.zones.front();  // where its first instance is
    } else if (chance(0.3)) {
      text += fmt::format(", count: {}", number(1, component.replicas));
    } else if (chance(0.3)) {
      text += ", share: " + percent(1, 100);
    }
    return "{" + text + "}";
  }

  /// When a fault strikes and for how long.
  std::string fault_times() {
    const std::uint64_t at = number(0, duration_us_ - 1);
    const std::uint64_t length = magnitude(10'000, duration_us_ / 2);
    switch (draw_.below(variant_.exact ? 4 : 6)) {
      case 0:
        return fmt::format("at: {}, for: {}, every: {}", time(at), time(length),
                           time(length + magnitude(10'000, 1'000'000)));
      case 4:
      case 5:
        return fmt::format("mtbf: {}, mttr: {}", time_law(magnitude(100'000, duration_us_)),
                           time_law(magnitude(10'000, 2'000'000)));
      default:
        return chance(0.8) ? fmt::format("at: {}, for: {}", time(at), time(length))
                           : "at: " + time(at);
    }
  }

  /// Which requests a fault touches; types exist where any traffic has them.
  std::string only() {
    std::string text = maybe(0.3, "users", percent(1, 100));
    text += maybe(0.3, "traffic", "[users0]");
    text += has_types_ ? maybe(0.3, "requests", "[" + one_of(types) + "]") : "";
    return chance(0.5) ? "only: {" + text + "}, " : "";
  }

  std::string links() {
    if (places_.empty() || chance(0.2)) {
      return "";
    }
    std::string text = "between: [" + one_of(places_) + "], ";
    if (chance(0.5)) {
      text += "and: [" + one_of(places_) + "], " + maybe(0.3, "users", "true");
    }
    return text + maybe(0.6, "direction", one_of_words({"both", "to", "from"}));
  }

  std::string fault_of_instances() {
    const std::string struck = "target: " + target() + ", ";
    switch (draw_.below(variant_.exact ? 3 : 10)) {
      case 0:
        return "kind: crash, " + struck + maybe(0.5, "silent", "true");
      case 1:
        return "kind: pause, " + struck;
      case 2:
        return "kind: cold_restart, " + struck;
      case 3:
        return "kind: error_burst, " + struck + maybe(0.6, "error_rate", percent(1, 99)) + only();
      case 4:
        return fmt::format("kind: slow_down, {}latency: {}, toxicity: {}, {}", struck,
                           short_time_law(), percent(1, 100), only());
      case 5:
        return fmt::format("kind: memory_leak, {}memory: 1MB, {}: {}KB, {}", struck,
                           one_of_words({"per_request", "per_second"}), magnitude(10, 1'000),
                           maybe(0.5, "restart_delay", time_law(magnitude(1'000, 1'000'000))));
      case 6:
        return fmt::format("kind: gc_pauses, {}interval: {}, pause: {}, {}", struck,
                           time_law(magnitude(50'000, 2'000'000)),
                           time_law(magnitude(1'000, 200'000)),
                           maybe(0.5, "pause_per_request", time(number(10, 2'000))));
      case 7:
        for (const Component& component : components_) {
          if (component.text.find("cpu: {") != std::string::npos) {
            return fmt::format("kind: stress_cpu, target: {}, cores: {}, ", component.name,
                               number(1, 4));
          }
        }
        [[fallthrough]];
      case 8:
        return "kind: certificate_expiry, " + struck;
      default:
        return fmt::format("kind: slow_down, {}factor: {}, ", struck, number(1, 10));
    }
  }

  std::string fault_of_links() {
    const std::string which = links();
    switch (draw_.below(variant_.exact ? 1 : 4)) {
      case 0:
        if (!places_.empty()) {
          // Where the first component has its first instance: somebody must be struck.
          const Component& first = components_.front();
          const std::string& zone = first.zones.empty() ? places_.front() : first.zones.front();
          return which.empty() ? "kind: zone_outage, zone: " + zone + ", "
                               : "kind: network_partition, " + which;
        }
        [[fallthrough]];
      case 1:
        return "kind: network_loss, " + which + "rate: " + percent(1, 60) + ", ";
      case 2:
        return fmt::format("kind: network_bandwidth, {}bandwidth: {}kbps, ", which,
                           magnitude(100, 1'000'000));
      default:
        return fmt::format("kind: network_delay, {}latency: {}, {}{}", which, short_time_law(),
                           maybe(0.5, "jitter", time(number(100, 50'000))),
                           maybe(0.3, "toxicity", percent(1, 100)));
    }
  }

  std::string fault_of_traffic() {
    const std::string traffic = "traffic: users0, ";
    switch (draw_.below(4)) {
      case 0:
        return fmt::format("kind: hot_key, {}share: {}, ", traffic, percent(1, 100));
      case 1:
        return fmt::format("kind: herd, {}requests: {}, ", traffic, number(1, 100));
      case 2:
        if (has_rate_) {
          return fmt::format("kind: surge, {}factor: {}, ", traffic, number(2, 4));
        }
        [[fallthrough]];
      default:
        return fmt::format("kind: attack, {}rate: {}, {}", traffic, rate(64),
                           maybe(0.5, "users", fmt::format("{}", number(1, 100))));
    }
  }

  std::string faults() {
    std::string text;
    const std::uint64_t count = draw_.below(6);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t sort = draw_.below(10);
      const std::string what = sort < 6                     ? fault_of_instances()
                               : sort < 8 || variant_.exact ? fault_of_links()
                                                            : fault_of_traffic();
      text += fmt::format("  - {{{}{}}}\n", what, fault_times());
    }
    return text.empty() ? text : "faults:\n" + text;
  }

  /// The steps of a method or of rollbacks: at most six seconds.
  std::string steps() {
    std::string text;
    const std::uint64_t count = number(1, 4);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string what = chance(0.7) ? fault_of_instances() : fault_of_links();
      text += fmt::format("    - {{{}for: {}{}}}\n", what, time(magnitude(10'000, 1'000'000)),
                          chance(0.4) ? ", background: true" : "");
      text += chance(0.5) ? "    - {pause: " + time(number(0, 500'000)) + "}\n" : "";
    }
    return text;
  }

  /// A chaos experiment, which may be stopped when the first component has much to do.
  std::string experiment() {
    if (!chance(0.3)) {
      return "";
    }
    std::string text =
        "chaos:\n"
        "  steady_state_hypothesis: {probes: [users0.availability > 1%], strategy: "
        "during_method_only}\n"
        "  method:\n    - {pause: " +
        time(number(0, 1'500'000)) + "}\n" + steps();
    if (chance(0.6)) {
      text += fmt::format("  stop_conditions: [{}.in_flight > {}]\n", components_.front().name,
                          number(0, 30));
    }
    if (chance(0.4)) {
      text += "  rollbacks:\n" + steps();
    }
    return text;
  }

  Variant variant_;
  Draw draw_;
  const std::uint64_t duration_us_ = 16'000'000;
  std::vector<std::string> regions_;
  std::vector<std::vector<std::string>> zones_of_;
  std::vector<std::string> places_;  ///< all zones
  std::vector<Component> components_;
  std::string state_;  ///< the components that keep something, as written
  std::vector<std::string> state_names_;
  std::vector<std::string> state_steps_;
  std::vector<std::string> released_;  ///< services with versions
  bool has_types_ = false;             ///< some traffic has the types above
  bool has_rate_ = false;              ///< the first traffic has arrivals at a rate that is known
};

}  // namespace stampede::test
