#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "stampede/measure/recording.hpp"
#include "stampede/measure/summarize.hpp"

namespace stampede {

inline Time at(Duration since_start) { return Time::from_start(since_start); }

/// A hand-made world: says what happens when, in any order of writing, and plays it in order of
/// time into a Recording, whose slices end where they should.
class Timeline {
 public:
  Timeline(Duration run, Duration slice) : recording_(SliceGrid(run, slice)) {}

  Recording& recording() { return recording_; }

  PopulationObserver& add_population(const std::string& name = "users") {
    return recording_.add_population(name, {{RequestTypeId{0}, "request"}});
  }
  ComponentObserver& add_component(const std::string& name = "app") {
    return recording_.add_component(name, "service");
  }

  void happens(Duration when, std::function<void(Time)> what) {
    events_.push_back({at(when), std::move(what)});
  }

  /// A user's request that ends.
  Request request(PopulationObserver& users, Duration sent, Duration latency,
                  Outcome outcome = Outcome::ok, RequestTypeId type = 0, std::uint64_t user = 0) {
    const Request request = unanswered(users, sent, type, user);
    happens(sent + latency, [&users, request, outcome](Time now) {
      users.attempt_ended(request, outcome);
      users.ended(request, now, Response::with(outcome), /*at_first_try=*/false);
    });
    return request;
  }

  /// One that is still in flight when the run ends.
  Request unanswered(PopulationObserver& users, Duration sent, RequestTypeId type = 0,
                     std::uint64_t user = 0) {
    Request request;
    request.id = next_id_++;
    request.sent = at(sent);
    request.type = type;
    request.user = user;
    happens(sent, [&users, request](Time) { users.sent(request); });
    return request;
  }

  /// A visit that gets a worker after `wait` and keeps it for `service`.
  void visit(ComponentObserver& app, Duration arrived, Duration wait, Duration service,
             Outcome outcome = Outcome::ok, std::uint32_t instance = 0) {
    Visit visit;
    visit.arrived = at(arrived);
    visit.waited = wait;
    visit.started = true;
    visit.instance = instance;
    visit.outcome = outcome;
    happens(arrived, [&app](Time now) { app.arrived(now); });
    queues(app, arrived, wait);
    happens(arrived + wait,
            [&app, instance](Time now) { app.busy_workers_changed(now, instance, 1); });
    happens(arrived + wait + service, [&app, visit](Time now) {
      app.busy_workers_changed(now, visit.instance, -1);
      app.ended(now, visit);
    });
  }

  /// A visit that never gets a worker.
  void turned_away(ComponentObserver& app, Duration arrived, Duration wait, Outcome outcome) {
    Visit visit;
    visit.arrived = at(arrived);
    visit.waited = wait;
    visit.outcome = outcome;
    happens(arrived, [&app](Time now) { app.arrived(now); });
    queues(app, arrived, wait);
    happens(arrived + wait, [&app, visit](Time now) { app.ended(now, visit); });
  }

  void capacity(ComponentObserver& app, Duration when, std::int64_t workers, std::int64_t cores,
                std::int64_t instances) {
    happens(when, [this, &app, workers, cores, instances](Time now) {
      Fleet& fleet = fleets_[&app];
      fleet.up += instances;
      if (fleet.up > fleet.size) {
        app.fleet_changed(now, fleet.up - std::exchange(fleet.size, fleet.up));
      }
      app.capacity_changed(now, workers, cores, instances);
    });
  }

  /// Plays all of it and gives the text of the laws that were broken.
  std::string play() {
    std::stable_sort(events_.begin(), events_.end(),
                     [](const Event& a, const Event& b) { return a.when < b.when; });
    const SliceGrid& grid = recording_.grid();
    std::size_t slice = 1;
    for (const Event& event : events_) {
      while (slice < grid.count() && grid.boundary(slice) <= event.when) {
        recording_.close_slice(grid.boundary(slice++));
      }
      event.what(event.when);
    }
    while (slice < grid.count()) {
      recording_.close_slice(grid.boundary(slice++));
    }
    return recording_.finish(grid.boundary(grid.count()));
  }

 private:
  struct Event {
    Time when;
    std::function<void(Time)> what;
  };
  struct Fleet {
    std::int64_t up = 0;
    std::int64_t size = 0;
  };

  void queues(ComponentObserver& app, Duration arrived, Duration wait) {
    if (!wait.is_zero()) {
      happens(arrived, [&app](Time now) { app.queue_changed(now, 1); });
      happens(arrived + wait, [&app](Time now) { app.queue_changed(now, -1); });
    }
  }

  Recording recording_;
  std::vector<Event> events_;
  std::map<const ComponentObserver*, Fleet> fleets_;
  std::uint64_t next_id_ = 0;
};

/// The result of replications without a warm-up, unless one is given.
inline Result result_of(const std::vector<const Recording*>& replications,
                        Duration warmup = Duration()) {
  return summarize(replications, WarmupChoice{warmup});
}

inline double value(const Subject& subject, std::string_view metric) {
  const Metric* found = subject.find(metric);
  return found == nullptr ? -1 : found->value.estimate;
}

/// Whether there is a warning that begins so.
inline bool warns(const Result& result, std::string_view beginning) {
  return std::any_of(result.warnings.begin(), result.warnings.end(),
                     [&](const std::string& warning) { return warning.starts_with(beginning); });
}

inline std::int64_t count(const Subject& subject, std::string_view name) {
  const std::int64_t* found = subject.find_count(name);
  return found == nullptr ? -1 : *found;
}

}  // namespace stampede
