#include "stampede/kernel/cpu.hpp"

#include <algorithm>
#include <cmath>

namespace stampede {

void Cpu::enter(Piece& piece) {
  piece.came = simulation_.now();
  piece.left = static_cast<double>(piece.demand.ns());
  if (scheduling_ == CpuScheduling::processor_sharing) {
    share(piece);
  } else if (busy_ < cores_) {
    run(piece);
  } else {
    piece.state = Piece::State::waiting;
    waiting_.push_back(piece);
  }
}

Duration Cpu::complete(Piece& piece) {
  piece.completion.slot = EventId::none;
  const Duration waited = std::max(simulation_.now() - piece.came - piece.demand, Duration());
  received_ += static_cast<double>(piece.demand.ns());
  if (piece.state == Piece::State::running) {
    stop_running(piece);
  } else {
    stop_sharing(piece);
  }
  return waited;
}

void Cpu::abandon(Piece& piece) {
  if (piece.completion.is_pending()) {
    simulation_.cancel(piece.completion);
  }
  const auto demand = static_cast<double>(piece.demand.ns());
  if (piece.state == Piece::State::running) {
    account(piece);
    received_ += demand - piece.left;
    stop_running(piece);
  } else if (piece.state == Piece::State::sharing) {
    advance_share();
    received_ += demand - (piece.left - share_);
    stop_sharing(piece);
  } else {
    piece.state = Piece::State::outside;
    piece.unlink();
  }
}

void Cpu::run(Piece& piece) {
  const Time now = simulation_.now();
  piece.since = now;
  piece.state = Piece::State::running;
  running_.push_back(piece);
  change_busy(1);
  if (speed_ == 1) {
    piece.completion = simulation_.schedule(now + piece.demand, piece.process, hot_memory());
  } else {
    schedule_completion(piece);
  }
}

void Cpu::stop_running(Piece& piece) {
  piece.state = Piece::State::outside;
  piece.unlink();
  change_busy(-1);
  if (!waiting_.empty() && busy_ < cores_) {
    run(waiting_.pop_front());
  }
}

void Cpu::share(Piece& piece) {
  advance_share();
  piece.state = Piece::State::sharing;
  piece.left += share_;
  piece.order = next_order_++;
  sharing_.insert(&piece);
  if (busy_ < cores_) {
    change_busy(1);
  }
  schedule_first_to_finish();
}

void Cpu::stop_sharing(Piece& piece) {
  advance_share();
  piece.state = Piece::State::outside;
  sharing_.erase(&piece);
  if (first_to_finish_ == &piece) {
    first_to_finish_ = nullptr;
  }
  if (static_cast<std::int64_t>(sharing_.size()) < busy_) {
    change_busy(-1);
  }
  schedule_first_to_finish();
}

void Cpu::schedule_completion(Piece& piece) {
  if (speed_ > 0) {
    const double ahead = std::max(piece.left / speed_, 0.0);
    piece.completion =
        simulation_.schedule(simulation_.now() + Duration::from_nanoseconds(ahead), piece.process);
  }
}

/// Brings the remaining work of a running piece up to now.
void Cpu::account(Piece& piece) {
  const Time now = simulation_.now();
  piece.left -= static_cast<double>((now - piece.since).ns()) * speed_;
  piece.since = now;
}

void Cpu::set_speed(double speed) {
  work_before_ = work_done_ns();
  area_before_ = busy_area();
  if (scheduling_ == CpuScheduling::processor_sharing) {
    advance_share();
    speed_ = speed;
    schedule_first_to_finish();
    return;
  }
  running_.for_each([this](Piece& piece) { account(piece); });
  speed_ = speed;
  running_.for_each([this](Piece& piece) {
    if (piece.completion.is_pending()) {
      simulation_.cancel(piece.completion);
    }
    schedule_completion(piece);
  });
}

void Cpu::set_cores(std::int64_t cores) {
  if (scheduling_ == CpuScheduling::processor_sharing) {
    advance_share();
    cores_ = cores;
    const std::int64_t busy = std::min(cores_, static_cast<std::int64_t>(sharing_.size()));
    if (busy != busy_) {
      change_busy(busy - busy_);
    }
    schedule_first_to_finish();
    return;
  }
  cores_ = cores;
  while (!waiting_.empty() && busy_ < cores_) {
    run(waiting_.pop_front());
  }
}

double Cpu::share_rate() const {
  const auto pieces = static_cast<double>(sharing_.size());
  return speed_ * (pieces > static_cast<double>(cores_) ? static_cast<double>(cores_) / pieces : 1);
}

void Cpu::advance_share() {
  const Time now = simulation_.now();
  if (!sharing_.empty()) {
    share_ += static_cast<double>((now - share_at_).ns()) * share_rate();
  }
  share_at_ = now;
}

void Cpu::schedule_first_to_finish() {
  if (first_to_finish_ != nullptr && first_to_finish_->completion.is_pending()) {
    simulation_.cancel(first_to_finish_->completion);
  }
  first_to_finish_ = nullptr;
  if (sharing_.empty() || speed_ <= 0 || cores_ == 0) {
    return;
  }
  first_to_finish_ = *sharing_.begin();
  const double ahead = std::max(first_to_finish_->left - share_, 0.0) / share_rate();
  first_to_finish_->completion = simulation_.schedule(
      simulation_.now() + Duration::from_nanoseconds(ahead), first_to_finish_->process);
}

// Without bringing the pieces up to now: who only looks must not change how later sums are rounded.
double Cpu::work_received_seconds() {
  const Time now = simulation_.now();
  double received = received_;
  running_.for_each([&](Piece& piece) {
    received += static_cast<double>(piece.demand.ns()) - piece.left +
                static_cast<double>((now - piece.since).ns()) * speed_;
  });
  const double share = share_ + static_cast<double>((now - share_at_).ns()) * share_rate();
  for (const Piece* piece : sharing_) {
    received += static_cast<double>(piece->demand.ns()) - (piece->left - share);
  }
  return received * 1e-9;
}

}  // namespace stampede
