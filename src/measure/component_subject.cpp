#include <algorithm>
#include <utility>

#include "numbers.hpp"
#include "subjects.hpp"

namespace stampede {
namespace {

/// What one replication saw of a component within a window.
struct ComponentWindow {
  OutcomeCounts outcomes{};
  Summary wait;
  Summary cpu_wait;
  Summary service;
  Summary response;
  std::vector<std::int64_t> requests;  ///< by instance
  std::int64_t all_requests = 0;
  const ComponentRecorder* recorder;
  Window window;

  ComponentWindow(const ComponentRecorder& recorder, const Window& window)
      : wait(recorder.wait().merged(window.first, window.end)),
        cpu_wait(recorder.cpu_wait().merged(window.first, window.end)),
        service(recorder.service().merged(window.first, window.end)),
        response(recorder.response().merged(window.first, window.end)),
        recorder(&recorder),
        window(window) {
    for (std::size_t i = 0; i < outcome_count; ++i) {
      outcomes[i] = recorder.outcomes()[i].total(window.first, window.end);
    }
    for (std::size_t i = 0; i < recorder.instance_count(); ++i) {
      requests.push_back(recorder.requests_of(i, window.first, window.end));
      all_requests += requests.back();
    }
  }

  double area(const SlicedLevel& level) const {
    return static_cast<double>(level.totals(window.first, window.end).area);
  }
  double mean(const SlicedLevel& level) const {
    return level.totals(window.first, window.end).mean_over(window.length());
  }
  std::int64_t at_end(const SlicedLevel& level) const { return level.at_boundary(window.end); }

  std::int64_t requests_of(std::size_t instance) const {
    return instance < requests.size() ? requests[instance] : 0;
  }
  double share_of(std::int64_t some_requests) const {
    return static_cast<double>(some_requests) / static_cast<double>(all_requests);
  }
};

using Windows = std::vector<ComponentWindow>;

std::vector<const Summary*> each(const Windows& replications, Summary ComponentWindow::*summary) {
  std::vector<const Summary*> all;
  for (const ComponentWindow& replication : replications) {
    all.push_back(&(replication.*summary));
  }
  return all;
}

/// Time used per time existing.
void add_utilization(Subject& to, const std::string& name, const Windows& replications,
                     const SlicedLevel& (ComponentRecorder::*busy)() const,
                     const SlicedLevel& (ComponentRecorder::*existing)() const) {
  add_ratio(to, name, replications, [&](const ComponentWindow& replication) {
    const ComponentRecorder& recorder = *replication.recorder;
    return Fraction{replication.area((recorder.*busy)()), replication.area((recorder.*existing)())};
  });
}

void add_level(Subject& to, const std::string& name, const Windows& replications,
               const SlicedLevel& (ComponentRecorder::*level)() const) {
  add_mean(to, name, replications, [&](const ComponentWindow& replication) {
    return replication.mean((replication.recorder->*level)());
  });
}

void add_visit_times(Subject& to, const Windows& replications) {
  InFlight in_flight;
  std::int64_t queued = 0;
  for (const ComponentWindow& replication : replications) {
    in_flight.add(replication.recorder->ages());
    queued += replication.at_end(replication.recorder->queue());
  }
  queued = std::min(queued, in_flight.count());
  const std::int64_t not_queued = in_flight.count() - queued;

  if (replications.front().recorder->has_workers()) {
    // Who of them is in the queue is not known: in the best case the youngest.
    Unfinished waiting;
    waiting.longer_than = [&](double ns) {
      return std::max<std::int64_t>(0, in_flight.older_than(ns) - not_queued);
    };
    waiting.count = queued;
    waiting.so_far = in_flight.sum_of_youngest(queued);
    add_times(to, "wait_s", each(replications, &ComponentWindow::wait), waiting);
    add_proportion(to, "wait_s.share", replications, [](const ComponentWindow& replication) {
      const Histogram& waits = replication.wait.histogram();
      return Fraction{static_cast<double>(waits.count_above(0)),
                      static_cast<double>(waits.count())};
    });
  }
  if (replications.front().recorder->has_cores()) {
    add_times(to, "cpu_wait_s", each(replications, &ComponentWindow::cpu_wait), {});
  }
  // Those that are served may have waited before: no more of them than have been here for longer.
  Unfinished served;
  served.longer_than = [&](double ns) { return std::min(not_queued, in_flight.older_than(ns)); };
  add_times(to, "service_s", each(replications, &ComponentWindow::service), served);
  Unfinished staying;
  staying.longer_than = [&](double ns) { return in_flight.older_than(ns); };
  staying.count = in_flight.count();
  staying.so_far = in_flight.sum_of_youngest(in_flight.count());
  add_times(to, "response_s", each(replications, &ComponentWindow::response), staying);
}

Subject instance_subject(const Windows& replications, std::size_t instance) {
  const ComponentRecorder& any = *replications.front().recorder;
  Subject subject;
  subject.name = any.name() + "-" + std::to_string(instance);
  subject.kind = "instance";
  std::int64_t requests = 0;
  for (const ComponentWindow& replication : replications) {
    requests += replication.requests_of(instance);
  }
  subject.counts.emplace_back("requests", requests);
  add_ratio(subject, "share", replications, [&](const ComponentWindow& replication) {
    return Fraction{static_cast<double>(replication.requests_of(instance)),
                    static_cast<double>(replication.all_requests)};
  });
  if (any.has_workers()) {
    add_ratio(subject, "utilization", replications, [&](const ComponentWindow& replication) {
      const ComponentRecorder& recorder = *replication.recorder;
      const double up = replication.area(recorder.instances());
      const double workers_each = up > 0 ? replication.area(recorder.workers()) / up : 0;
      const bool is_known = instance < recorder.instance_count();
      const Int128 busy =
          is_known ? recorder.busy_of(instance, replication.window.first, replication.window.end)
                   : 0;
      return Fraction{static_cast<double>(busy),
                      workers_each * static_cast<double>(replication.window.length().ns())};
    });
  }
  return subject;
}

void add_instances(Subject& to, const Windows& replications) {
  std::size_t instances = 0;
  for (const ComponentWindow& replication : replications) {
    instances = std::max(instances, replication.recorder->instance_count());
  }
  if (instances < 2) {
    return;
  }
  add_mean(to, "instance_share.min", replications, [](const ComponentWindow& replication) {
    return replication.share_of(
        *std::min_element(replication.requests.begin(), replication.requests.end()));
  });
  add_mean(to, "instance_share.max", replications, [](const ComponentWindow& replication) {
    return replication.share_of(
        *std::max_element(replication.requests.begin(), replication.requests.end()));
  });
  for (std::size_t i = 0; i < instances && instances <= ComponentRecorder::most_told_apart; ++i) {
    to.parts.push_back(instance_subject(replications, i));
  }
}

/// What only components of this kind measure.
void add_own(Subject& to, const Windows& replications) {
  const ComponentRecorder& any = *replications.front().recorder;
  for (const Measure* measure : Measure::all_of(any.kind())) {
    const auto count_of = [](const ComponentWindow& replication, const Measure& count) {
      const SlicedCount* slices = replication.recorder->own().count(count);
      return slices == nullptr ? 0
                               : slices->total(replication.window.first, replication.window.end);
    };
    switch (measure->form()) {
      case Measure::count:
        if (any.own().count(*measure) != nullptr) {
          std::int64_t total = 0;
          for (const ComponentWindow& replication : replications) {
            total += count_of(replication, *measure);
          }
          to.counts.emplace_back(measure->name(), total);
        }
        break;
      case Measure::share:
        if (measure->whole().form() == Measure::level) {
          if (any.own().level(measure->whole()) != nullptr) {
            add_ratio(to, measure->name(), replications, [&](const ComponentWindow& replication) {
              const OwnMeasures& own = replication.recorder->own();
              return Fraction{replication.area(*own.level(measure->part())),
                              replication.area(*own.level(measure->whole()))};
            });
          }
        } else if (any.own().count(measure->whole()) != nullptr) {
          add_share(to, measure->name(), replications, [&](const ComponentWindow& replication) {
            return Fraction{static_cast<double>(count_of(replication, measure->part())),
                            static_cast<double>(count_of(replication, measure->whole()))};
          });
        }
        break;
      case Measure::level:
        if (any.own().level(*measure) != nullptr) {
          add_mean(to, measure->name(), replications, [&](const ComponentWindow& replication) {
            return replication.mean(*replication.recorder->own().level(*measure));
          });
        }
        break;
      case Measure::times:
        if (any.own().times(*measure) != nullptr) {
          std::vector<Summary> times;
          for (const ComponentWindow& replication : replications) {
            times.push_back(replication.recorder->own().times(*measure)->merged(
                replication.window.first, replication.window.end));
          }
          std::vector<const Summary*> each_time;
          for (const Summary& one : times) {
            each_time.push_back(&one);
          }
          add_times(to, measure->name() + "_s", each_time, {});
        }
        break;
    }
  }
}

}  // namespace

Subject component_subject(const std::vector<const ComponentRecorder*>& recorders,
                          const Window& window) {
  Windows replications;
  std::vector<OutcomeCounts> outcomes;
  std::int64_t in_flight = 0;
  std::int64_t ended = 0;
  for (const ComponentRecorder* recorder : recorders) {
    replications.emplace_back(*recorder, window);
    outcomes.push_back(replications.back().outcomes);
    in_flight += replications.back().at_end(recorder->in_flight());
    ended += sum_of(outcomes.back());
  }
  const ComponentRecorder& any = *recorders.front();

  Subject subject;
  subject.name = any.name();
  subject.kind = any.kind();
  subject.counts.emplace_back("requests", ended + in_flight);
  add_mean(subject, "throughput_per_s", replications, [](const ComponentWindow& replication) {
    return static_cast<double>(sum_of(replication.outcomes)) /
           seconds_of(replication.window.length());
  });
  add_outcomes(subject, outcomes, in_flight);
  if (any.has_workers()) {
    add_utilization(subject, "utilization", replications, &ComponentRecorder::busy_workers,
                    &ComponentRecorder::workers);
  }
  if (any.has_cores()) {
    add_utilization(subject, "cpu_utilization", replications, &ComponentRecorder::busy_cores,
                    &ComponentRecorder::cores);
  }
  if (any.has_workers()) {
    add_level(subject, "queue_length", replications, &ComponentRecorder::queue);
  }
  add_level(subject, "in_flight", replications, &ComponentRecorder::in_flight);
  add_level(subject, "replicas", replications, &ComponentRecorder::instances);
  add_utilization(subject, "uptime", replications, &ComponentRecorder::instances,
                  &ComponentRecorder::fleet);
  add_visit_times(subject, replications);
  add_own(subject, replications);
  add_instances(subject, replications);
  return subject;
}

}  // namespace stampede
