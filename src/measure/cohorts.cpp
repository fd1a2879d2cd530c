#include "cohorts.hpp"

#include <algorithm>
#include <span>

namespace stampede {

void CohortHistogram::open(std::size_t cohort) {
  if (cohort >= open_.size()) {
    open_.resize(cohort + 1);
  }
  if (in_order_of_opening_.size() == most_open) {
    pack(in_order_of_opening_.front());
    in_order_of_opening_.erase(in_order_of_opening_.begin());
  }
  if (spare_.empty()) {
    open_[cohort] = std::make_unique<Summary>();
  } else {
    open_[cohort] = std::move(spare_.back());
    spare_.pop_back();
  }
  in_order_of_opening_.push_back(cohort);
}

void CohortHistogram::pack(std::size_t cohort) {
  Summary& values = *open_[cohort];
  Part part;
  part.cohort = cohort;
  part.min = values.min();
  part.max = values.max();
  part.first_cell = cells_.buckets.size();
  part.moments = values.move_into(cells_);
  part.end_cell = cells_.buckets.size();
  parts_.push_back(part);
  spare_.push_back(std::move(open_[cohort]));
}

void CohortHistogram::finish() {
  pack_where([](std::size_t) { return true; });
  std::stable_sort(parts_.begin(), parts_.end(),
                   [](const Part& a, const Part& b) { return a.cohort < b.cohort; });
  open_ = std::vector<std::unique_ptr<Summary>>();
  spare_ = std::vector<std::unique_ptr<Summary>>();
  in_order_of_opening_ = std::vector<std::size_t>();
}

std::pair<std::size_t, std::size_t> CohortHistogram::parts_of(std::size_t first,
                                                              std::size_t end) const {
  const auto before = [](const Part& part, std::size_t cohort) { return part.cohort < cohort; };
  const auto from = std::lower_bound(parts_.begin(), parts_.end(), first, before);
  const auto to = std::lower_bound(from, parts_.end(), end, before);
  return {static_cast<std::size_t>(from - parts_.begin()),
          static_cast<std::size_t>(to - parts_.begin())};
}

Summary CohortHistogram::merged(std::size_t first, std::size_t end) const {
  const std::span buckets(cells_.buckets);
  const std::span counts(cells_.counts);
  const auto [from, to] = parts_of(first, end);
  Summary all;
  for (std::size_t i = from; i < to; ++i) {
    const Part& part = parts_[i];
    const std::size_t cells = part.end_cell - part.first_cell;
    all.add(part.moments, buckets.subspan(part.first_cell, cells),
            counts.subspan(part.first_cell, cells), part.min, part.max);
  }
  return all;
}

Moments CohortHistogram::moments(std::size_t first, std::size_t end) const {
  const auto [from, to] = parts_of(first, end);
  Moments sum;
  for (std::size_t i = from; i < to; ++i) {
    sum.merge(parts_[i].moments);
  }
  return sum;
}

}  // namespace stampede
