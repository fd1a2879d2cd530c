#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "check.hpp"
#include "stampede/base/text.hpp"
#include "stampede/model/messages.hpp"
#include "stampede/model/records.hpp"

namespace stampede {
namespace {

class MessageChecker {
 public:
  MessageChecker(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems) {
    for (const auto& holder : scenario.facts.all<HoldsMessages>()) {
      const bool is_log = holder.what.partitions > 0;
      (is_log ? logs_ : queues_).push_back(component_at(holder.path));
    }
  }

  void run() {
    check_names();
    check_who_consumes();
    check_groups();
  }

 private:
  /// The name of the component whose settings are at "components.<name>".
  static std::string component_at(const std::string& path) {
    return path.substr(path.rfind('.') + 1);
  }

  static bool is_among(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void error(const Place& place, std::string what, std::string expected, std::string hint) {
    problems_.push_back(
        {Severity::error, place, std::move(what), std::move(expected), std::move(hint)});
  }
  void warning(const Place& place, std::string what, std::string hint) {
    problems_.push_back({Severity::warning, place, std::move(what), {}, std::move(hint)});
  }

  // ---- Names ----

  void check_names() {
    for (const auto& consumer : scenario_.facts.all<ReceivesFrom>()) {
      const ReceivesFrom& what = consumer.what;
      if (what.is_log) {
        check_is("log", logs_, what.source, what.place, consumer.path,
                 is_among(queues_, what.source) ? fmt::format("say queue: {}", what.source) : "");
      } else {
        check_is("queue", queues_, what.source, what.place, consumer.path,
                 is_among(logs_, what.source) ? fmt::format("say log: {}", what.source) : "");
      }
    }
    for (const auto& source : scenario_.facts.all<MovesDeadLettersTo>()) {
      const std::string own = component_at(source.path);
      if (source.what.queue == own) {
        error(source.what.place,
              fmt::format("{}.dead_letter_queue is the queue itself", source.path), "another queue",
              "a dead letter would come back for ever");
        continue;
      }
      std::vector<std::string> others = queues_;
      std::erase(others, own);
      check_is("queue", others, source.what.queue, source.what.place,
               source.path + ".dead_letter_queue", "");
    }
    std::vector<std::string> all = queues_;
    all.insert(all.end(), logs_.begin(), logs_.end());
    for (const auto& publisher : scenario_.facts.all<PublishesTo>()) {
      check_is("queue or log", all, publisher.what.target, publisher.what.place, publisher.path,
               "");
    }
  }

  void check_is(std::string_view kind, const std::vector<std::string>& known,
                const std::string& name, const Place& place, const std::string& path,
                const std::string& hint) {
    if (!is_among(known, name)) {
      error(place, fmt::format("there is no {} '{}' for {}", kind, name, path),
            known.empty() ? fmt::format("a component of kind {}", kind) : one_of(known, name),
            !hint.empty() ? hint : fmt::format("'{}' keeps no messages", name));
    }
  }

  void check_who_consumes() {
    std::set<std::string> emptied;
    for (const auto& consumer : scenario_.facts.all<ReceivesFrom>()) {
      emptied.insert(consumer.what.source);
    }
    // Dead letters wait for a person; that nobody consumes them is the rule.
    for (const auto& source : scenario_.facts.all<MovesDeadLettersTo>()) {
      emptied.insert(source.what.queue);
    }
    for (const auto& component : scenario_.components) {
      if (is_among(queues_, component.name) && !emptied.contains(component.name)) {
        warning(component.place,
                fmt::format("nobody consumes '{}': its messages pile up", component.name),
                fmt::format("let a service consume it, such as consume: {}", component.name));
      } else if (is_among(logs_, component.name) && !emptied.contains(component.name)) {
        warning(
            component.place,
            fmt::format("nobody consumes '{}': its messages are for nobody", component.name),
            fmt::format("let a service consume it, such as consume: {{log: {}}}", component.name));
      }
    }
  }

  // ---- Consumer groups ----

  void check_groups() {
    for (const auto& holder : scenario_.facts.all<HoldsMessages>()) {
      if (holder.what.partitions > 0) {
        check_groups_of(component_at(holder.path), holder.what);
      }
    }
  }
  void check_groups_of(const std::string& log, const HoldsMessages& what) {
    std::map<std::string, int> consumers;        // by group
    std::map<std::string, JoinsGroup> founders;  // the first of each group
    for (const auto& joins : scenario_.facts.all<JoinsGroup>()) {
      if (joins.what.log != log) {
        continue;
      }
      const std::string own = component_at(joins.path);
      const std::string& group = joins.what.group.empty() ? own : joins.what.group;
      int& count = consumers[group];
      count += joins.what.consumers;
      if (count > what.partitions && count - joins.what.consumers <= what.partitions) {
        warning(joins.what.place,
                fmt::format("group '{}' has {} consumers for {} partitions of '{}': the rest has "
                            "nothing to do",
                            group, count, what.partitions, log),
                "give it more partitions, or fewer consumers");
      }
      const JoinsGroup& founder = founders.emplace(group, joins.what).first->second;
      if (founder.settings != joins.what.settings) {
        error(
            joins.what.place,
            fmt::format("{} joins group '{}' of '{}' with other settings than those who are in it",
                        joins.path, group, log),
            fmt::format("the same assignment, rebalance_pause and session_timeout as at line {}",
                        founder.place.line),
            "a group has one of each; or let it have a group of its own");
      }
      const ConsumerGroup::Settings& settings = joins.what.settings;
      if (what.retention &&
          *what.retention <= settings.session_timeout + settings.rebalance_pause) {
        warning(joins.what.place,
                fmt::format("'{}' deletes messages before another consumer of group '{}' takes "
                            "over from one that dies",
                            log, group),
                "make its retention longer than session_timeout and rebalance_pause together");
      }
    }
  }

  const Scenario& scenario_;
  Problems& problems_;
  std::vector<std::string> queues_;
  std::vector<std::string> logs_;
};

}  // namespace

void check_messages(const Scenario& scenario, Problems& problems) {
  MessageChecker(scenario, problems).run();
}

}  // namespace stampede
