#include <algorithm>
#include <utility>

#include "numbers.hpp"
#include "state.hpp"
#include "subjects.hpp"

namespace stampede {
namespace {

/// What one replication or batch saw of a component.
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
  bool is_last;  ///< of its recording

  ComponentWindow(const ComponentRecorder& recorder, const Sample& sample)
      : ComponentWindow(recorder, sample.window, sample.is_last()) {}

  ComponentWindow(const ComponentRecorder& recorder, const Window& window, bool is_last)
      : wait(recorder.wait().merged(window.first, window.end)),
        cpu_wait(recorder.cpu_wait().merged(window.first, window.end)),
        service(recorder.service().merged(window.first, window.end)),
        response(recorder.response().merged(window.first, window.end)),
        recorder(&recorder),
        window(window),
        is_last(is_last) {
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
  Duration length() const { return window.length(); }
  /// When the run ends; 0 of what is not the last of its recording.
  std::int64_t at_end(const SlicedLevel& level) const {
    return is_last ? level.at_boundary(window.end) : 0;
  }

  std::int64_t requests_of(std::size_t instance) const {
    return instance < requests.size() ? requests[instance] : 0;
  }
  double share_of(std::int64_t some_requests) const {
    return static_cast<double>(some_requests) / static_cast<double>(all_requests);
  }
};

using Windows = std::vector<ComponentWindow>;

std::vector<const Summary*> each(const Windows& samples, Summary ComponentWindow::*summary) {
  std::vector<const Summary*> all;
  for (const ComponentWindow& sample : samples) {
    all.push_back(&(sample.*summary));
  }
  return all;
}

/// Time used per time existing.
void add_utilization(Subject& to, const std::string& name, const Windows& samples,
                     const SlicedLevel& (ComponentRecorder::*busy)() const,
                     const SlicedLevel& (ComponentRecorder::*existing)() const) {
  add_ratio(to, name, samples, [&](const ComponentWindow& sample) {
    const ComponentRecorder& recorder = *sample.recorder;
    return Fraction{sample.area((recorder.*busy)()), sample.area((recorder.*existing)())};
  });
}

void add_level(Subject& to, const std::string& name, const Windows& samples,
               const SlicedLevel& (ComponentRecorder::*level)() const) {
  add_per_second(to, name, samples, [&](const ComponentWindow& sample) {
    return seconds_of(sample.area((sample.recorder->*level)()));
  });
}

void add_visit_times(Subject& to, const Windows& samples) {
  InFlight in_flight;
  std::int64_t queued = 0;
  for (const ComponentWindow& sample : samples) {
    if (sample.is_last) {
      in_flight.add(sample.recorder->ages());
    }
    queued += sample.at_end(sample.recorder->queue());
  }
  queued = std::min(queued, in_flight.count());
  const std::int64_t not_queued = in_flight.count() - queued;

  if (samples.front().recorder->has_workers()) {
    // Who of them is in the queue is not known: in the best case the youngest.
    Unfinished waiting;
    waiting.longer_than = [&](double ns) {
      return std::max<std::int64_t>(0, in_flight.older_than(ns) - not_queued);
    };
    waiting.count = queued;
    waiting.so_far = in_flight.sum_of_youngest(queued);
    add_times(to, "wait_s", each(samples, &ComponentWindow::wait), waiting);
    add_proportion(to, "wait_s.share", samples, [](const ComponentWindow& sample) {
      const Histogram& waits = sample.wait.histogram();
      return Fraction{static_cast<double>(waits.count_above(0)),
                      static_cast<double>(waits.count())};
    });
  }
  if (samples.front().recorder->has_cores()) {
    add_times(to, "cpu_wait_s", each(samples, &ComponentWindow::cpu_wait), {});
  }
  // Those that are served may have waited before: no more of them than have been here for longer.
  Unfinished served;
  served.longer_than = [&](double ns) { return std::min(not_queued, in_flight.older_than(ns)); };
  add_times(to, "service_s", each(samples, &ComponentWindow::service), served);
  Unfinished staying;
  staying.longer_than = [&](double ns) { return in_flight.older_than(ns); };
  staying.count = in_flight.count();
  staying.so_far = in_flight.sum_of_youngest(in_flight.count());
  add_times(to, "response_s", each(samples, &ComponentWindow::response), staying);
}

Subject instance_subject(const Windows& samples, std::size_t instance) {
  const ComponentRecorder& any = *samples.front().recorder;
  Subject subject;
  subject.name = any.name() + "-" + std::to_string(instance);
  subject.kind = "instance";
  std::int64_t requests = 0;
  for (const ComponentWindow& sample : samples) {
    requests += sample.requests_of(instance);
  }
  subject.counts.emplace_back("requests", requests);
  add_ratio(subject, "share", samples, [&](const ComponentWindow& sample) {
    return Fraction{static_cast<double>(sample.requests_of(instance)),
                    static_cast<double>(sample.all_requests)};
  });
  if (any.has_workers()) {
    add_ratio(subject, "utilization", samples, [&](const ComponentWindow& sample) {
      const ComponentRecorder& recorder = *sample.recorder;
      const double up = sample.area(recorder.instances());
      const double workers_each = up > 0 ? sample.area(recorder.workers()) / up : 0;
      const bool is_known = instance < recorder.instance_count();
      const Int128 busy =
          is_known ? recorder.busy_of(instance, sample.window.first, sample.window.end) : 0;
      return Fraction{static_cast<double>(busy),
                      workers_each * static_cast<double>(sample.window.length().ns())};
    });
  }
  return subject;
}

/// Batches of one run together again: the extremes of a batch are not those of the run.
Windows whole_runs(const Windows& samples) {
  const bool are_batches = samples.front().recorder == samples.back().recorder;
  if (!are_batches) {
    return samples;
  }
  const Window& first = samples.front().window;
  return {ComponentWindow(*samples.front().recorder,
                          Window{first.grid, first.first, samples.back().window.end}, true)};
}

void add_instances(Subject& to, const Windows& samples) {
  std::size_t instances = 0;
  for (const ComponentWindow& sample : samples) {
    instances = std::max(instances, sample.recorder->instance_count());
  }
  if (instances < 2) {
    return;
  }
  const Windows runs = whole_runs(samples);
  add_mean(to, "instance_share.min", runs, [](const ComponentWindow& run) {
    return run.share_of(*std::min_element(run.requests.begin(), run.requests.end()));
  });
  add_mean(to, "instance_share.max", runs, [](const ComponentWindow& run) {
    return run.share_of(*std::max_element(run.requests.begin(), run.requests.end()));
  });
  for (std::size_t i = 0; i < instances && instances <= ComponentRecorder::most_told_apart; ++i) {
    to.parts.push_back(instance_subject(samples, i));
  }
}

Subject version_subject(const Windows& samples, std::size_t version) {
  const auto outcomes_of = [](const ComponentWindow& sample, std::size_t of_version) {
    const ComponentRecorder::OfVersion& own = sample.recorder->by_version()[of_version];
    OutcomeCounts outcomes{};
    for (std::size_t i = 0; i < outcome_count; ++i) {
      outcomes[i] = own.outcomes[i].total(sample.window.first, sample.window.end);
    }
    return outcomes;
  };
  Subject subject;
  subject.name = samples.front().recorder->versions()[version];
  subject.kind = "version";
  std::vector<OutcomeCounts> outcomes;
  std::int64_t requests = 0;
  std::vector<Summary> responses;
  for (const ComponentWindow& sample : samples) {
    outcomes.push_back(outcomes_of(sample, version));
    requests += sum_of(outcomes.back());
    responses.push_back(sample.recorder->by_version()[version].response.merged(sample.window.first,
                                                                               sample.window.end));
  }
  subject.counts.emplace_back("requests", requests);
  add_per_second(subject, "throughput_per_s", samples, [&](const ComponentWindow& sample) {
    return static_cast<double>(sum_of(outcomes_of(sample, version)));
  });
  add_proportion(subject, "share", samples, [&](const ComponentWindow& sample) {
    double all = 0;
    for (std::size_t i = 0; i < sample.recorder->by_version().size(); ++i) {
      all += static_cast<double>(sum_of(outcomes_of(sample, i)));
    }
    return Fraction{static_cast<double>(sum_of(outcomes_of(sample, version))), all};
  });
  add_outcomes(subject, outcomes, 0);
  std::vector<const Summary*> each_response;
  for (const Summary& response : responses) {
    each_response.push_back(&response);
  }
  add_times(subject, "response_s", each_response, {});
  return subject;
}

void add_versions(Subject& to, const Windows& samples) {
  for (std::size_t i = 0; i < samples.front().recorder->by_version().size(); ++i) {
    to.parts.push_back(version_subject(samples, i));
  }
}

/// What only components of this kind measure.
void add_own(Subject& to, const Windows& samples) {
  const ComponentRecorder& any = *samples.front().recorder;
  for (const Measure* measure : Measure::all_of(any.kind())) {
    const auto count_of = [](const ComponentWindow& sample, const Measure& count) {
      const SlicedCount* slices = sample.recorder->own().count(count);
      return slices == nullptr ? 0 : slices->total(sample.window.first, sample.window.end);
    };
    switch (measure->form()) {
      case Measure::count:
        if (any.own().count(*measure) != nullptr) {
          std::int64_t total = 0;
          for (const ComponentWindow& sample : samples) {
            total += count_of(sample, *measure);
          }
          to.counts.emplace_back(measure->name(), total);
        }
        break;
      case Measure::share:
        if (measure->whole().form() == Measure::level) {
          if (any.own().level(measure->whole()) != nullptr &&
              any.own().level(measure->part()) != nullptr) {
            add_ratio(to, measure->name(), samples, [&](const ComponentWindow& sample) {
              const OwnMeasures& own = sample.recorder->own();
              return Fraction{sample.area(*own.level(measure->part())),
                              sample.area(*own.level(measure->whole()))};
            });
          }
        } else if (any.own().count(measure->whole()) != nullptr &&
                   any.own().count(measure->part()) != nullptr) {
          add_share(to, measure->name(), samples, [&](const ComponentWindow& sample) {
            return Fraction{static_cast<double>(count_of(sample, measure->part())),
                            static_cast<double>(count_of(sample, measure->whole()))};
          });
        }
        break;
      case Measure::level:
        if (any.own().level(*measure) != nullptr) {
          add_per_second(to, measure->name(), samples, [&](const ComponentWindow& sample) {
            return seconds_of(sample.area(*sample.recorder->own().level(*measure)));
          });
        }
        break;
      case Measure::times:
        if (any.own().times(*measure) != nullptr) {
          std::vector<Summary> times;
          for (const ComponentWindow& sample : samples) {
            times.push_back(sample.recorder->own().times(*measure)->merged(sample.window.first,
                                                                           sample.window.end));
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

Subject component_subject(const std::vector<Sample>& samples, std::size_t component) {
  Windows windows;
  std::vector<OutcomeCounts> outcomes;
  std::int64_t in_flight = 0;
  std::int64_t ended = 0;
  for (const Sample& sample : samples) {
    const ComponentRecorder& recorder = *sample.recording->state().components[component];
    windows.emplace_back(recorder, sample);
    outcomes.push_back(windows.back().outcomes);
    in_flight += windows.back().at_end(recorder.in_flight());
    ended += sum_of(outcomes.back());
  }
  const ComponentRecorder& any = *windows.front().recorder;

  Subject subject;
  subject.name = any.name();
  subject.kind = any.kind();
  subject.counts.emplace_back("requests", ended + in_flight);
  add_per_second(subject, "throughput_per_s", windows, [](const ComponentWindow& sample) {
    return static_cast<double>(sum_of(sample.outcomes));
  });
  add_outcomes(subject, outcomes, in_flight);
  if (any.has_workers()) {
    add_utilization(subject, "utilization", windows, &ComponentRecorder::busy_workers,
                    &ComponentRecorder::workers);
  }
  if (any.has_cores()) {
    add_utilization(subject, "cpu_utilization", windows, &ComponentRecorder::busy_cores,
                    &ComponentRecorder::cores);
  }
  if (any.has_workers()) {
    add_level(subject, "queue_length", windows, &ComponentRecorder::queue);
  }
  add_level(subject, "in_flight", windows, &ComponentRecorder::in_flight);
  add_level(subject, "replicas", windows, &ComponentRecorder::instances);
  add_utilization(subject, "uptime", windows, &ComponentRecorder::instances,
                  &ComponentRecorder::fleet);
  add_visit_times(subject, windows);
  add_own(subject, windows);
  add_versions(subject, windows);
  add_instances(subject, windows);
  return subject;
}

}  // namespace stampede
