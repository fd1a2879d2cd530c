#pragma once

#include <coroutine>
#include <cstdint>
#include <set>

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
/// takes alone on a core at speed 1), not a delay: a pause or a slow-down stretches what is running.
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
      : simulation_(simulation), cores_(cores), scheduling_(scheduling), observer_(observer) {}
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  /// Does `demand` of work; gives the time that it spent without progress or, under processor
  /// sharing, with less than a whole core.
  auto work(Duration demand) { return Awaiter(*this, demand); }

  /// Everything, running and to come, goes on at `speed`: 1 is nominal, 0 a pause.
  void set_speed(double speed);
  double speed() const { return speed_; }

  std::int64_t busy_cores() const { return busy_; }

  /// Core-seconds of work done until now, by integration over the busy cores.
  double work_done_seconds();
  /// Core-seconds that the single pieces of work have received until now; the same, counted apart.
  double work_received_seconds();

 private:
  /// One piece of work: waiting for a core, on a core, or sharing them.
  struct Piece : ListHook {
    explicit Piece(double demand) : demand(demand) {}
    std::coroutine_handle<> process;
    EventId completion;
    Time since;          ///< when it came; once on a core, when its work was last accounted
    double demand;       ///< ns of work
    double remaining{};  ///< fifo: as of `since`
    double finish{};     ///< processor sharing: the share per piece at which it is complete
    std::uint64_t order{};
    Duration waited;
    enum class State { outside, waiting, running, sharing } state = State::outside;
  };
  struct EarlierFinish {
    bool operator()(const Piece* a, const Piece* b) const {
      return a->finish != b->finish ? a->finish < b->finish : a->order < b->order;
    }
  };

  class Awaiter {
   public:
    Awaiter(Cpu& cpu, Duration demand)
        : cpu_(cpu), piece_(static_cast<double>(demand.ns())) {}
    ~Awaiter() {
      if (piece_.state != Piece::State::outside) {
        cpu_.leave(piece_, /*complete=*/false);
      }
    }
    bool await_ready() const { return piece_.demand <= 0; }
    void await_suspend(std::coroutine_handle<> process) {
      piece_.process = process;
      cpu_.enter(piece_);
    }
    Duration await_resume() {
      if (piece_.state != Piece::State::outside) {
        piece_.completion.slot = EventId::none;
        cpu_.leave(piece_, /*complete=*/true);
      }
      return piece_.waited;
    }

   private:
    Cpu& cpu_;
    Piece piece_;
  };

  void enter(Piece& piece);
  void leave(Piece& piece, bool complete);
  void run(Piece& piece);
  void schedule_completion(Piece& piece);
  void account(Piece& piece);
  void change_busy(std::int64_t by);
  void integrate();

  void advance_share();
  double share_rate() const;
  void schedule_first_to_finish();

  Simulation& simulation_;
  std::int64_t cores_;
  CpuScheduling scheduling_;
  BusyObserver* observer_;
  double speed_ = 1;
  std::int64_t busy_ = 0;

  IntrusiveList<Piece> running_;  ///< fifo
  IntrusiveList<Piece> waiting_;  ///< fifo

  std::set<Piece*, EarlierFinish> sharing_;
  Piece* first_to_finish_ = nullptr;
  double share_ = 0;  ///< ns of work that a piece present since the beginning would have received
  Time share_at_;
  std::uint64_t next_order_ = 0;

  double integral_ = 0;  ///< ns of work by integration
  Time integral_at_;
  double received_ = 0;  ///< ns of work that pieces which have left received
};

}  // namespace stampede
