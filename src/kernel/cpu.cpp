#include "stampede/kernel/cpu.hpp"

#include <algorithm>
#include <cmath>

namespace stampede {

void Cpu::enter(Piece& piece) {
  piece.since = simulation_.now();
  piece.remaining = piece.demand;
  if (scheduling_ == CpuScheduling::processor_sharing) {
    advance_share();
    piece.state = Piece::State::sharing;
    piece.finish = share_ + piece.demand;
    piece.order = next_order_++;
    sharing_.insert(&piece);
    change_busy(busy_ < cores_ ? 1 : 0);
    schedule_first_to_finish();
  } else if (busy_ < cores_) {
    run(piece);
  } else {
    piece.state = Piece::State::waiting;
    waiting_.push_back(piece);
  }
}

void Cpu::run(Piece& piece) {
  const Time now = simulation_.now();
  piece.waited = now - piece.since;
  piece.since = now;
  piece.state = Piece::State::running;
  running_.push_back(piece);
  change_busy(1);
  schedule_completion(piece);
}

void Cpu::schedule_completion(Piece& piece) {
  if (speed_ > 0) {
    piece.completion = simulation_.schedule(
        simulation_.now() + Duration::from_nanoseconds(piece.remaining / speed_), piece.process);
  }
}

/// Brings the remaining work of a running piece up to now.
void Cpu::account(Piece& piece) {
  const Time now = simulation_.now();
  piece.remaining -= static_cast<double>((now - piece.since).ns()) * speed_;
  piece.since = now;
}

void Cpu::leave(Piece& piece, bool complete) {
  if (piece.completion.is_pending()) {
    simulation_.cancel(piece.completion);
  }
  const Piece::State state = piece.state;
  piece.state = Piece::State::outside;
  if (state == Piece::State::sharing) {
    advance_share();
    received_ += complete ? piece.demand : piece.demand - (piece.finish - share_);
    sharing_.erase(&piece);
    if (first_to_finish_ == &piece) {
      first_to_finish_ = nullptr;
    }
    if (complete) {
      const Duration alone = Duration::from_nanoseconds(piece.demand);
      const Duration elapsed = simulation_.now() - piece.since;
      piece.waited = std::max(elapsed - alone, Duration());
    }
    change_busy(static_cast<std::int64_t>(sharing_.size()) < busy_ ? -1 : 0);
    schedule_first_to_finish();
    return;
  }
  piece.unlink();
  if (state == Piece::State::waiting) {
    return;
  }
  account(piece);
  received_ += complete ? piece.demand : piece.demand - piece.remaining;
  change_busy(-1);
  if (!waiting_.empty()) {
    run(waiting_.pop_front());
  }
}

void Cpu::set_speed(double speed) {
  integrate();
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
  if (sharing_.empty() || speed_ <= 0) {
    return;
  }
  first_to_finish_ = *sharing_.begin();
  const double ahead = std::max(first_to_finish_->finish - share_, 0.0) / share_rate();
  first_to_finish_->completion = simulation_.schedule(
      simulation_.now() + Duration::from_nanoseconds(ahead), first_to_finish_->process);
}

void Cpu::change_busy(std::int64_t by) {
  if (by == 0) {
    return;
  }
  integrate();
  busy_ += by;
  if (observer_ != nullptr) {
    observer_->busy_cores_changed(simulation_.now(), by);
  }
}

void Cpu::integrate() {
  const Time now = simulation_.now();
  integral_ += static_cast<double>((now - integral_at_).ns()) * static_cast<double>(busy_) * speed_;
  integral_at_ = now;
}

double Cpu::work_done_seconds() {
  integrate();
  return integral_ * 1e-9;
}

double Cpu::work_received_seconds() {
  double received = received_;
  running_.for_each([&](Piece& piece) {
    account(piece);
    received += piece.demand - piece.remaining;
  });
  advance_share();
  for (const Piece* piece : sharing_) {
    received += piece->demand - (piece->finish - share_);
  }
  return received * 1e-9;
}

}  // namespace stampede
