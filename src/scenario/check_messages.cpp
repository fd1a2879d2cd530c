#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "check.hpp"
#include "stampede/base/text.hpp"
#include "stampede/model/messages.hpp"

namespace stampede {
namespace {

class MessageChecker {
 public:
  MessageChecker(const Scenario& scenario, Problems& problems)
      : scenario_(scenario), problems_(problems) {
    for (const auto& queue : scenario.facts.all<HoldsMessages>()) {
      queues_.push_back(component_at(queue.path));
    }
  }

  void run() {
    std::set<std::string> emptied;
    for (const auto& consumer : scenario_.facts.all<ReceivesFrom>()) {
      check_is_queue(consumer.what.queue, consumer.what.place, consumer.path);
      emptied.insert(consumer.what.queue);
    }
    for (const auto& source : scenario_.facts.all<MovesDeadLettersTo>()) {
      check_is_queue(source.what.queue, source.what.place, source.path + ".dead_letter_queue");
      // Dead letters wait for a person; that nobody consumes them is the rule.
      emptied.insert(source.what.queue);
      if (source.what.queue == component_at(source.path)) {
        problems_.push_back({Severity::error, source.what.place,
                             fmt::format("{}.dead_letter_queue is the queue itself", source.path),
                             "another queue", "a dead letter would come back for ever"});
      }
    }
    for (const auto& component : scenario_.components) {
      if (is_queue(component.name) && !emptied.contains(component.name)) {
        problems_.push_back(
            {Severity::warning,
             component.place,
             fmt::format("nobody consumes '{}': its messages pile up", component.name),
             {},
             fmt::format("let a service consume it, such as consume: {}", component.name)});
      }
    }
  }

 private:
  /// The name of the component whose settings are at "components.<name>".
  static std::string component_at(const std::string& path) {
    return path.substr(path.rfind('.') + 1);
  }

  bool is_queue(const std::string& name) const {
    return std::find(queues_.begin(), queues_.end(), name) != queues_.end();
  }

  void check_is_queue(const std::string& name, const Place& place, const std::string& path) {
    if (!is_queue(name)) {
      problems_.push_back({Severity::error, place,
                           fmt::format("there is no queue '{}' for {}", name, path),
                           queues_.empty() ? "a component of kind queue" : one_of(queues_, name),
                           fmt::format("'{}' keeps no messages", name)});
    }
  }

  const Scenario& scenario_;
  Problems& problems_;
  std::vector<std::string> queues_;
};

}  // namespace

void check_messages(const Scenario& scenario, Problems& problems) {
  MessageChecker(scenario, problems).run();
}

}  // namespace stampede
