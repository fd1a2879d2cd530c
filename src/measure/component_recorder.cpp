#include "component_recorder.hpp"

#include <fmt/format.h>

#include <utility>

namespace stampede {
namespace {

/// In no slice can more have been used than existed.
std::string broken_utilisation_law(const std::string& component, const char* what,
                                   const SlicedLevel& busy, const SlicedLevel& existing) {
  for (std::size_t i = 0; i < busy.slice_count(); ++i) {
    const Int128 used = busy.in_slice(i).area;
    const Int128 there = existing.in_slice(i).area;
    if (used < 0 || used > there) {
      return fmt::format(
          "{}: the utilisation law does not hold: of {} ns of {} in slice {}, {} ns "
          "were used",
          component, there, what, i, used);
    }
  }
  return {};
}

}  // namespace

void ComponentRecorder::grow_loads(std::size_t instances) {
  const std::size_t known = loads_.size();
  loads_.resize(instances);
  served_.resize(instances);
  if (known <= 1 && instances > 1) {
    loads_.front().busy = busy_workers_;
  }
  tells_instances_apart_ = instances > 1 && instances <= most_told_apart;
  if (slices_loads_) {
    for (std::size_t i = known; i < instances; ++i) {
      const bool has_slices = i == 0 && instances > 1;  // those of all, from before
      for (std::size_t slice = 0; slice < closed_; ++slice) {
        loads_[i].requests.close_slice();
        if (!has_slices) {
          loads_[i].busy.close_slice(grid_.boundary(slice + 1));
        }
      }
    }
  }
}

void ComponentRecorder::put_down_what_did_not_wait() {
  unwaited_.record_zeros(std::exchange(passed_, 0));
  wait_.record_zeros(unwaited_.count());
  service_.record(unwaited_);
  response_.record(unwaited_);
  unwaited_.clear();
  const std::int64_t without_cpu_wait = std::exchange(without_cpu_wait_, 0);
  if (has_cores_) {
    cpu_wait_.record_zeros(without_cpu_wait);
  }
}

void ComponentRecorder::close_slice(Time boundary) {
  put_down_what_did_not_wait();
  for (SlicedCount& outcome : outcomes_) {
    outcome.close_slice();
  }
  for (SlicedHistogram* histogram : {&wait_, &cpu_wait_, &service_, &response_}) {
    histogram->close_slice();
  }
  for (SlicedLevel* level : {&queue_, &in_flight_, &busy_workers_, &busy_cores_, &workers_, &cores_,
                             &instances_, &fleet_}) {
    level->close_slice(boundary);
  }
  for (OfVersion& version : by_version_) {
    for (SlicedCount& outcome : version.outcomes) {
      outcome.close_slice();
    }
    version.response.close_slice();
  }
  own_.close_slice(boundary);
  if (closed_ == 0) {
    slices_loads_ = loads_.size() <= most_told_apart;
  }
  ++closed_;
  if (slices_loads_ || closed_ == grid_.count()) {
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      loads_[i].requests.add(std::exchange(served_[i], 0));
      loads_[i].requests.close_slice();
      loads_[i].busy.close_slice(boundary);
    }
  }
}

std::int64_t ComponentRecorder::requests_of(std::size_t instance, std::size_t first,
                                            std::size_t end) const {
  return load_in(loads_[instance].requests, first, end, &SlicedCount::total);
}

Int128 ComponentRecorder::busy_of(std::size_t instance, std::size_t first, std::size_t end) const {
  return load_in(loads_[instance].busy, first, end, &SlicedLevel::totals).area;
}

std::string ComponentRecorder::broken_law() const {
  const std::size_t slices = closed_;
  std::int64_t ended = 0;
  for (const SlicedCount& outcome : outcomes_) {
    ended += outcome.total(0, slices);
  }
  const std::int64_t left = in_flight_.level();
  if (left < 0 || arrivals_ != ended + left) {
    return fmt::format("{}: {} requests arrived, {} ended and {} are in flight", name_, arrivals_,
                       ended, left);
  }
  if (ages_.is_broken()) {
    return fmt::format("{}: a request ended that did not arrive at that time", name_);
  }
  if (has_impossible_wait_) {
    return fmt::format("{}: a request waited for longer than it stayed", name_);
  }

  // Little's law, between the levels and the times that the result tells. `arrived_at_` is down to
  // what is still in flight.
  const std::int64_t end = grid_.boundary(slices).ns();
  const Int128 area = in_flight_.totals(0, slices).area;
  const Int128 stays = response_.moments(0, slices).sum + stays_without_work_ +
                       (static_cast<Int128>(left) * end - arrived_at_);
  if (area != stays) {
    return fmt::format(
        "{}: Little's law does not hold: requests in flight make {} ns, their stays "
        "{} ns",
        name_, area, stays);
  }
  // The visits that are not over have told nothing of their waits, and neither has work that goes
  // on after its visit or beside it.
  const Int128 queued = queue_.totals(0, slices).area;
  const Int128 waits = wait_.moments(0, slices).sum;
  if (queue_.level() < 0 || queued < waits) {
    return fmt::format("{}: Little's law does not hold: the queue makes {} ns, waits {} ns", name_,
                       queued, waits);
  }

  std::string broken;
  if (has_workers_) {
    broken = broken_utilisation_law(name_, "workers", busy_workers_, workers_);
  }
  if (broken.empty() && has_cores_) {
    broken = broken_utilisation_law(name_, "cores", busy_cores_, cores_);
  }
  return broken;
}

}  // namespace stampede
