#pragma once

#include <coroutine>

#include "stampede/base/intrusive_list.hpp"
#include "stampede/kernel/simulation.hpp"

namespace stampede {

/// Whether those who wait for killed work are told (a connection reset) or hear nothing at all.
enum class KilledWork { answers_broken, stays_silent };

/// The part of a Job that its Scope knows.
class ScopeMember : public ListHook {
 public:
  virtual void cut_off(KilledWork how) = 0;
  virtual std::coroutine_handle<> process() = 0;

  /// Killed, and to be destroyed before any other process runs.
  bool is_doomed() const { return is_doomed_; }
  void doom() { is_doomed_ = true; }
  /// Whether it ends when whoever asked for it takes that back; else it goes on.
  bool can_be_withdrawn() const { return can_be_withdrawn_; }
  void let_be_withdrawn(bool can) { can_be_withdrawn_ = can; }
  /// Taken back.
  bool is_withdrawn() const { return is_withdrawn_; }
  void withdraw() { is_withdrawn_ = true; }

 protected:
  ~ScopeMember() = default;

 private:
  bool is_doomed_ = false;
  bool can_be_withdrawn_ = false;
  bool is_withdrawn_ = false;
};

/// Owns the running jobs of one thing that can die as a whole: an instance, a link, a population.
/// Destroying the scope destroys its jobs; so does `kill`, in mid-simulation.
class Scope {
 public:
  explicit Scope(Simulation& simulation) : simulation_(simulation) {}
  ~Scope() { clear(); }

  Simulation& simulation() { return simulation_; }
  /// Lets a coroutine name a scope itself as the owner of its job.
  Scope& scope() { return *this; }
  bool empty() const { return members_.empty(); }
  /// From now on its jobs end when they are withdrawn (Job::withdraw): whatever they hold, they
  /// give back when they are destroyed.
  void let_withdraw() { lets_withdraw_ = true; }

  /// Takes a job over, from another scope if it has one: a request that arrives at an instance dies
  /// with the instance, no longer with the link. What was killed already does not escape.
  void adopt(ScopeMember& member) {
    if (!member.is_doomed()) {
      member.let_be_withdrawn(lets_withdraw_);
      members_.push_back(member);
    }
  }

  /// Destroys all jobs, for good, those that were killed and are still to be destroyed included:
  /// the world of which they are a part comes to its end. Never called by a process.
  void clear() {
    while (!members_.empty()) {
      members_.pop_front().process().destroy();
    }
    simulation_.destroy_doomed();
  }

  /// Ends all jobs at this instant: nobody hears from them again (but for the answer that `how`
  /// names), and their frames are destroyed before any other process runs. The running process may
  /// be one of them; it goes on until its next wait or its end.
  void kill(KilledWork how) {
    while (!members_.empty()) {
      ScopeMember& member = members_.pop_front();
      member.cut_off(how);
      simulation_.destroy_soon(member);
    }
  }

 private:
  Simulation& simulation_;
  bool lets_withdraw_ = false;
  IntrusiveList<ScopeMember> members_;
};

}  // namespace stampede
