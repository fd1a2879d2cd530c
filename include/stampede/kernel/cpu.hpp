#pragma once

#include <coroutine>
#include <cstdint>
#include <set>

#include "stampede/base/int128.hpp"
#include "stampede/base/intrusive_list.hpp"
#include "stampede/base/units.hpp"
#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// How cores are shared when there is more work than cores.
enum class CpuScheduling {
  fifo,               ///< a core does one piece of work to its end
  processor_sharing,  ///< all work advances at once, each piece on at most one core
};

/// Cores that do work at a speed which may change in mid-service. Work is an amount (the time it
/// takes alone on a core at speed 1), not a delay: a pause or a slow-down stretches what is
/// running.
///
/// Law: the integral of busy cores × speed equals the work done.
class Cpu {
 public:
  static constexpr std::int64_t unlimited = INT64_MAX;

  /// Told whenever the number of busy cores changes.
  class BusyObserver {
   public:
    virtual void busy_cores_changed(Time now, std::int64_t by) = 0;

   protected:
    ~BusyObserver() = default;
  };

  Cpu(Simulation& simulation, std::int64_t cores, CpuScheduling scheduling,
      BusyObserver* observer = nullptr)
      : observer_(observer), simulation_(simulation), cores_(cores), scheduling_(scheduling) {}
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  /// Does `demand` of work; gives the time that it took beyond what it takes alone on a core at
  /// nominal speed: waiting for a core, sharing one, slowed down or paused.
  auto work(Duration demand) { return Awaiter(*this, demand); }

  /// Everything, running and to come, goes on at `speed`: 1 is nominal, 0 a pause.
  void set_speed(double speed);
  double speed() const { return speed_; }

  /// Work begins on so many cores from now on, 0 included. Under fifo a core that is taken away
  /// finishes what it does first.
  void set_cores(std::int64_t cores);

  std::int64_t busy_cores() const { return busy_; }

  /// Where the memory begins that every piece of work touches; whoever owns the CPU puts what it
  /// touches with it right behind.
  const void* hot_memory() const { return &observer_; }

  /// Core-seconds of work done until now, by integration over the busy cores.
  double work_done_seconds() const { return work_done_ns() * 1e-9; }
  /// Core-seconds that the single pieces of work have received until now; the same, counted apart.
  double work_received_seconds();

 private:
  /// One piece of work: waiting for a core, on a core, or sharing them.
  struct Piece : ListHook {
    explicit Piece(Duration demand) : demand(demand) {}
    enum class State : std::uint8_t { outside, waiting, running, sharing };

    std::coroutine_handle<> process;
    EventId completion;
    State state = State::outside;
    Duration demand;
    Time came;
    Time since;     ///< when its remaining work was last accounted, on a core
    double left{};  ///< ns of work; fifo: as of `since`; sharing: `share_` at which it is complete
    std::uint64_t order{};
  };
  struct EarlierFinish {
    bool operator()(const Piece* a, const Piece* b) const {
      return a->left != b->left ? a->left < b->left : a->order < b->order;
    }
  };

  class Awaiter {
   public:
    Awaiter(Cpu& cpu, Duration demand) : cpu_(cpu), piece_(demand) {}
    ~Awaiter() {
      if (piece_.state != Piece::State::outside) [[unlikely]] {
        cpu_.abandon(piece_);
      }
    }
    bool await_ready() const { return piece_.demand.is_zero(); }
    void await_suspend(std::coroutine_handle<> process) {
      piece_.process = process;
      cpu_.enter(piece_);
    }
    Duration await_resume() {
      return piece_.state == Piece::State::outside ? Duration() : cpu_.complete(piece_);
    }

   private:
    Cpu& cpu_;
    Piece piece_;
  };

  void enter(Piece& piece);
  /// The work is done; gives the time that it took beyond its demand.
  Duration complete(Piece& piece);
  /// Whoever wanted the work is dead.
  void abandon(Piece& piece);

  void run(Piece& piece);
  void stop_running(Piece& piece);
  void share(Piece& piece);
  void stop_sharing(Piece& piece);
  void schedule_completion(Piece& piece);
  void account(Piece& piece);
  void change_busy(std::int64_t by) {
    const Time now = simulation_.now();
    busy_ += by;
    busy_changes_at_ += static_cast<Int128>(by) * now.ns();
    if (observer_ != nullptr) {
      observer_->busy_cores_changed(now, by);
    }
  }
  /// Core-ns until now: a core that is busy from t on adds now - t.
  Int128 busy_area() const {
    return static_cast<Int128>(busy_) * simulation_.now().ns() - busy_changes_at_;
  }
  double work_done_ns() const {
    return work_before_ + static_cast<double>(busy_area() - area_before_) * speed_;
  }

  void advance_share();
  double share_rate() const;
  void schedule_first_to_finish();

  std::set<Piece*, EarlierFinish> sharing_;
  Piece* first_to_finish_ = nullptr;
  double share_ = 0;  ///< ns of work that a piece present since the beginning would have received
  Time share_at_;
  std::uint64_t next_order_ = 0;

  double work_before_ = 0;  ///< ns of work by integration, until the speed last changed
  Int128 area_before_ = 0;  ///< core-ns until then

  // What every piece of work touches comes last and together, from `hot_memory` on: with thousands
  // of CPUs, each line of cache counts.
  BusyObserver* observer_;
  Simulation& simulation_;
  std::int64_t cores_;
  CpuScheduling scheduling_;
  double speed_ = 1;
  std::int64_t busy_ = 0;
  Int128 busy_changes_at_ = 0;    ///< sum of each change of `busy_` times its instant in ns
  double received_ = 0;           ///< ns of work that pieces which have left received
  IntrusiveList<Piece> running_;  ///< fifo
  IntrusiveList<Piece> waiting_;  ///< fifo
};

}  // namespace stampede
