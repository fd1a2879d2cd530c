#include "stampede/model/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stampede {

Server::Server(const Component::Context& context, const Settings& settings, std::uint32_t index,
               PlaceId place)
    : Instance(context.name + "-" + std::to_string(index), index, place, settings.version),
      workers_(settings.workers),
      cores_(settings.cpu ? settings.cpu->cores : 0),
      boot_time_(settings.boot_time),
      wire_(hash_bytes(context.name)),
      errors_(context.stream("errors")),
      boot_times_(context.stream("boot")),
      awake_(context.simulation),
      is_empty_(context.simulation),
      on_the_wire_(context.simulation),
      life_(context.simulation),
      cpu_(context.simulation, settings.cpu ? settings.cpu->cores : Cpu::unlimited,
           settings.cpu ? settings.cpu->scheduling : CpuScheduling::fifo,
           settings.cpu ? &context.observer : nullptr),
      simulation_(context.simulation),
      network_(context.network),
      observer_(context.observer),
      inside_(context.simulation) {
  on_the_wire_.let_withdraw();
  set_hot_memory(cpu_.hot_memory());
  observer_.fleet_changed(simulation_.now(), 1);
  change_capacity(1);
}

// ---- Probes -----------------------------------------------------------------------------------

/// A health check takes next to no work, but whoever is paused does not do even that.
Reply Server::inspect(const Request&) {
  if (!takes_requests()) {
    return refusal<Response>();
  }
  return speed().value() > 0 ? Reply(Response::with(Outcome::ok)) : inspect_when_awake();
}

Reply Server::inspect_when_awake() {
  while (speed().value() <= 0) {
    co_await awake_.wait();
  }
  const Response response = Response::with(Outcome::ok);
  co_return response;
}

// ---- Interference -----------------------------------------------------------------------------

Reply Server::serve_disturbed(const Request& request) {
  Duration delay;
  bool is_refused = false;
  interferences().for_each([&](Interference& by) {
    is_refused = is_refused || by.refuses(request);
    delay += by.meet(request);
  });
  return is_refused ? Reply(Response::with(Outcome::unreachable)) : serve_later(request, delay);
}

/// Nobody in here works for the request before its delay is over: no worker is held.
Reply Server::serve_later(Request request, Duration delay) {
  struct Presence {
    explicit Presence(Server& at) : at(at) { at.met_in_flight_changed(1); }
    Presence(const Presence&) = delete;
    ~Presence() { at.met_in_flight_changed(-1); }
    Server& at;
  };
  const Presence presence(*this);
  if (!delay.is_zero()) {
    co_await simulation_.delay(delay);
  }
  Reply serving = serve(request);
  const Response response = co_await serving.relayed();
  co_return response;
}

bool Server::is_made_to_fail(const Request& request) {
  double rate = error_rate().value();
  interferences().for_each(
      [&](Interference& by) { rate = 1 - (1 - rate) * (1 - by.error_rate(request)); });
  Draw draw = errors_.at(request.luck);
  return draw.chance(rate);
}

// ---- Life -------------------------------------------------------------------------------------

void Server::crash(KilledWork how) {
  if (is_leaving()) {
    leave(how);  // nobody starts it again
  } else if (state() != InstanceState::down) {
    stop(InstanceState::down, how);
  }
}

void Server::leave(KilledWork how) {
  if (state() != InstanceState::gone) {
    stop(InstanceState::gone, how);
    observer_.fleet_changed(simulation_.now(), -1);
  }
}

void Server::drain(Duration pre_stop, Duration grace) {
  if (is_leaving()) {
    return;
  }
  if (state() != InstanceState::ready) {
    leave();
    return;
  }
  set_state(InstanceState::draining);
  began_to_drain();
  const Time now = simulation_.now();
  static_cast<void>(drain_process(now + std::min(pre_stop, grace), now + grace));
}

Process Server::drain_process(Time stops, Time dies) {
  co_await enter(life_);
  co_await simulation_.until(stops);
  if (state() == InstanceState::draining) {
    set_state(InstanceState::stopping);
    if (!is_empty()) {
      co_await is_empty_.before(dies);
    }
    leave();
  }
  co_return Done();
}

void Server::stop(InstanceState after, KilledWork how) {
  const bool was_up = is_up();
  is_silent_ = how == KilledWork::stays_silent;
  ++boots_;
  set_state(after);
  inside_.kill(how);
  went_down(how);
  if (was_up) {
    change_capacity(-1);
  }
}

void Server::boot() {
  if (state() == InstanceState::down) {
    set_state(InstanceState::boot);
    static_cast<void>(boot_process(++boots_));
  }
}

/// `boot` is the number of this start: a crash in the meantime makes it void.
Process Server::boot_process(std::uint64_t boot) {
  co_await enter(life_);
  Draw draw = boot_times_.at(combine(index(), boot));
  const Duration boot_time = boot_time_.sample(draw);
  co_await simulation_.delay(boot_time);
  if (state() == InstanceState::boot && boot == boots_) {
    is_silent_ = false;
    change_capacity(1);
    set_state(InstanceState::ready);
    came_up();
  }
  co_return Done();
}

void Server::speed_changed(double speed) {
  cpu_.set_speed(speed);
  awake_.raise();
}

void Server::cores_taken_changed(double taken) {
  if (cores_ > 0) {
    cpu_.set_cores(std::max<std::int64_t>(0, cores_ - static_cast<std::int64_t>(taken)));
  }
}

void Server::change_capacity(int by) {
  observer_.capacity_changed(simulation_.now(), by * workers_, by * cores_, by);
}

void Server::end_all_work() {
  inside_.clear();
  life_.clear();
  on_the_wire_.clear();
}

std::string Server::broken_law() {
  const double done = cpu_.work_done_seconds();
  const double received = cpu_.work_received_seconds();
  if (std::abs(done - received) > 1e-6 * (1 + std::abs(done))) {
    return fmt::format("{}: the CPU did {} s of work, requests received {} s", name(), done,
                       received);
  }
  return {};
}

}  // namespace stampede
