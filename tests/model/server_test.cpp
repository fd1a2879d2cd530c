#include "stampede/model/server.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/own_measures.hpp"

namespace stampede {
namespace {

using namespace literals;
using Log = std::vector<std::string>;

Time at(Duration since_start) { return Time::from_start(since_start); }

std::string ms(Time time) { return fmt::format("{}", static_cast<double>(time.ns()) / 1e6); }

/// What happened when, as "served@5" (ms).
struct Diary {
  explicit Diary(Simulation& simulation) : simulation(simulation) {}
  void note(const std::string& what) { log.push_back(what + "@" + ms(simulation.now())); }
  Simulation& simulation;
  Log log;
};

/// A server that answers each request after a while.
class Desk final : public Server {
 public:
  Desk(const Component::Context& context, const Settings& settings, std::uint32_t index,
       PlaceId place, Diary& diary)
      : Server(context, settings, index, place), diary_(diary) {}

  void become(InstanceState state) { set_state(state); }

  Duration length;
  std::uint32_t response_size = 0;
  int came = 0;
  int inside = 0;

 protected:
  Reply serve(const Request& request) override {
    ++came;
    if (fails(request)) {
      return Response::with(Outcome::error);
    }
    if (length.is_zero()) {
      return good();
    }
    return work();
  }
  void went_down(KilledWork how) override {
    diary_.note(how == KilledWork::answers_broken ? "down" : "down in silence");
  }
  void came_up() override { diary_.note("up"); }

 private:
  /// Counts a request that is here, whatever ends it.
  struct Presence {
    explicit Presence(Desk& at) : at(at) { ++at.inside; }
    Presence(const Presence&) = delete;
    ~Presence() { --at.inside; }
    Desk& at;
  };

  Reply work() {
    Presence presence(*this);
    Stay stay = arrive();
    co_await cpu().work(length);
    diary_.note("served");
    stay.end(Outcome::ok);
    co_return good();
  }
  Response good() const {
    Response response;
    response.size = response_size;
    return response;
  }

  Diary& diary_;
};

/// Adds up what exists.
struct Capacities final : KeepsOwnMeasures {
  void arrived(Time) override {}
  void queue_changed(Time, std::int64_t) override {}
  void busy_workers_changed(Time, std::uint32_t, std::int64_t) override {}
  void busy_cores_changed(Time, std::int64_t by) override { busy_cores += by; }
  void ended(Time, const Visit&) override {}
  void fleet_changed(Time, std::int64_t by) override { fleet += by; }
  void capacity_changed(Time, std::int64_t more_workers, std::int64_t more_cores,
                        std::int64_t more_instances) override {
    workers += more_workers;
    cores += more_cores;
    instances += more_instances;
  }
  std::int64_t busy_cores = 0;
  std::int64_t workers = 0;
  std::int64_t cores = 0;
  std::int64_t instances = 0;
  std::int64_t fleet = 0;
};

/// A message that was sent to the desk, and what its sender heard, as "ok@10" (ms).
struct Sent final : ReplyListener {
  Sent(Simulation& simulation, Reply made) : simulation(simulation), reply(std::move(made)) {
    if (reply.done()) {
      answered(reply.answer());
    } else {
      reply.tell(*this);
    }
  }
  void answered(const Response& response) override {
    heard = std::string(name_of(response.outcome)) + "@" + now();
  }
  void lost() override { heard = "lost@" + now(); }
  std::string now() const { return ms(simulation.now()); }

  Simulation& simulation;
  Reply reply;
  std::string heard = "nothing";
};

LinkSettings link(Duration latency) {
  LinkSettings settings;
  settings.latency = Distribution<Duration>::constant(latency);
  return settings;
}

/// A desk in one zone of two. The way there from the other zone is as given; that from its own zone
/// is instant, unless it is as given as well.
struct Office {
  explicit Office(const LinkSettings& way = link(5_ms), Duration boot_time = Duration(),
                  std::optional<CpuSettings> cores = std::nullopt, bool also_within_zone = false)
      : geography(regions()),
        network(simulation, geography, links(way, also_within_zone), 1, 0),
        boot(Distribution<Duration>::constant(boot_time)),
        cpu(std::move(cores)),
        diary(simulation),
        desk(static_cast<Desk&>(fleet.add(std::make_unique<Desk>(
            Component::Context{.name = "desk",
                               .simulation = simulation,
                               .network = network,
                               .request_types = types,
                               .observer = observer,
                               .truth = truth,
                               .seed = 1,
                               .replication = 0},
            Server::Settings{.cpu = cpu, .workers = 7, .boot_time = boot}, 0, here, diary)))) {}

  static constexpr PlaceId here = 0;
  static constexpr PlaceId there = 1;

  static Named<RegionSettings> regions() {
    Named<RegionSettings> regions;
    RegionSettings region;
    region.zones = {"here", "there"};
    regions.add("region", region);
    return regions;
  }
  static NetworkSettings links(const LinkSettings& way, bool also_within_zone) {
    NetworkSettings settings;
    settings.between_zones = way;
    if (also_within_zone) {
      settings.within_zone = way;
    }
    return settings;
  }

  Request request(PlaceId from) {
    Request request;
    request.id = sent.size();
    request.luck = combine(7, request.id);
    request.from = from;
    return request;
  }
  Sent& send(PlaceId from = there) { return send(request(from)); }
  Sent& send(const Request& request) { return sent.emplace_back(simulation, desk.call(request)); }
  Sent& probe(PlaceId from = there) {
    return sent.emplace_back(simulation, desk.probe(request(from)));
  }
  void run(Duration until) { simulation.run(at(until)); }
  /// Down and up again at this instant; then it boots.
  void restart(KilledWork how = KilledWork::answers_broken) {
    const Knob::Hold crash = desk.hold_down(how);
  }
  Log heard() const {
    Log all;
    for (const Sent& one : sent) {
      all.push_back(one.heard);
    }
    return all;
  }

  Simulation simulation;
  Geography geography;
  Network network;
  RequestTypes types;
  Truth truth;
  Capacities observer;
  Distribution<Duration> boot;
  std::optional<CpuSettings> cpu;
  Diary diary;
  Fleet fleet;
  Desk& desk;
  std::deque<Sent> sent;
};

// ---- The way ----------------------------------------------------------------------------------

TEST_CASE("an instant way adds no time and no job") {
  Office office;
  SECTION("to an answer on the spot") {
    Sent& sent = office.send(Office::here);
    CHECK(sent.heard == "ok@0");
    CHECK(sent.reply.work() == nullptr);
    CHECK(office.desk.scope().empty());
    CHECK(office.simulation.event_count() == 0);
  }
  SECTION("to work") {
    office.desk.length = 10_ms;
    Sent& sent = office.send(Office::here);
    CHECK(office.simulation.event_count() == 1);  // the end of the work
    CHECK(sent.reply.work() != nullptr);
    office.run(1_s);
    CHECK(sent.heard == "ok@10");
    CHECK(office.simulation.resumption_count() == 1);
  }
  SECTION("to a refusal") {
    const Knob::Hold crash = office.desk.hold_down(KilledWork::answers_broken);
    CHECK(office.send(Office::here).heard == "unreachable@0");
    CHECK(office.desk.scope().empty());
  }
}

TEST_CASE("both ways over a network are charged") {
  Office office;
  office.desk.length = 10_ms;
  office.send();
  office.run(5_ms - 1_ns);
  CHECK(office.desk.came == 0);
  office.run(5_ms);
  CHECK(office.desk.came == 1);
  office.run(20_ms - 1_ns);
  CHECK(office.diary.log == Log{"served@15"});
  CHECK(office.heard() == Log{"nothing"});
  office.run(20_ms);
  CHECK(office.heard() == Log{"ok@20"});
}

TEST_CASE("the answer comes over the network as the server gave it") {
  Office office;
  office.desk.length = 10_ms;
  office.desk.response_size = 1234;
  office.send();
  office.run(1_s);
  CHECK(office.sent[0].reply.answer().size == 1234);
}

TEST_CASE("an answer on the spot takes both ways, too") {
  Office office;
  office.send();
  office.run(1_s);
  CHECK(office.heard() == Log{"ok@10"});
}

TEST_CASE("messages get lost each way, and their senders never learn of it") {
  LinkSettings way = link(5_ms);
  way.loss = Ratio{0.3};
  Office office(way, Duration(), std::nullopt, /*also_within_zone=*/true);
  const PlaceId from = GENERATE(Office::here, Office::there);
  constexpr int n = 10'000;
  for (int i = 0; i < n; ++i) {
    office.send(from);
  }
  office.run(1_s);
  int answered = 0;
  int lost = 0;
  for (Sent& sent : office.sent) {
    answered += sent.heard == "ok@10";
    lost += sent.heard == "nothing" || sent.heard == "lost@5";  // on the way in, or out
    CHECK(sent.reply.done() == (sent.heard == "ok@10"));
    CHECK(sent.reply.work() == nullptr);
  }
  CHECK(answered + lost == n);
  CHECK(std::abs(office.desk.came - 0.7 * n) < 4 * std::sqrt(0.21 * n));
  CHECK(std::abs(answered - 0.49 * n) < 4 * std::sqrt(0.49 * 0.51 * n));
}

TEST_CASE("whether a message gets lost depends on its luck alone") {
  LinkSettings way = link(5_ms);
  way.loss = Ratio{0.5};
  Office office(way);
  const auto fates = [&office] {
    Log all;
    const Duration begin = office.simulation.now() - Time();
    for (std::uint64_t luck = 1; luck <= 100; ++luck) {
      Request request = office.request(Office::there);
      request.luck = luck;
      office.send(request);
    }
    office.run(begin + 100_ms);
    for (std::size_t i = office.sent.size() - 100; i < office.sent.size(); ++i) {
      all.push_back(office.sent[i].reply.done() ? "answered" : "lost");
    }
    return all;
  };
  const Log first = fates();
  CHECK(fates() == first);
}

TEST_CASE("messages of one direction share the bandwidth of their link") {
  LinkSettings way = link(2_ms);
  way.bandwidth = Bandwidth{1e6};
  Office office(way);
  office.desk.length = 10_ms;
  office.desk.response_size = 3000;
  Request request = office.request(Office::there);
  request.size = 1000;  // 1 ms alone
  SECTION("both ways") {
    office.send(request);
    office.send(request);
    office.run(4_ms - 1_ns);
    CHECK(office.desk.came == 0);
    office.run(4_ms);
    CHECK(office.desk.came == 2);
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@22", "ok@22"});  // 4 + 10 + two times 3 + 2
  }
  SECTION("but not with those of the other one") {
    office.desk.length = 0_ms;
    office.send(request);
    office.run(4_ms);  // the answer is on the line from 3 to 6
    office.send(request);
    office.run(7_ms);
    CHECK(office.desk.came == 2);
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@8", "ok@12"});
  }
  SECTION("and what is empty takes none of it") {
    office.desk.response_size = 0;
    office.send();
    office.send(request);
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@14", "ok@15"});
  }
}

TEST_CASE("who has made too many hops finds nobody, whatever the way") {
  Office office;
  const PlaceId from = GENERATE(Office::here, Office::there);
  Request request = office.request(from);
  request.hops = max_hops;
  office.send(request);
  ++request.hops;
  office.send(request);
  office.run(1_s);
  CHECK(office.desk.came == 1);
  const std::string when = from == Office::here ? "0" : "10";
  CHECK(office.heard() == Log{"ok@" + when, "unreachable@" + when});
}

TEST_CASE("the error rate lets its share of the requests fail") {
  Office office;
  CHECK(office.send(Office::here).heard == "ok@0");
  const Knob::Hold all = office.desk.error_rate().hold(1);
  CHECK(office.send(Office::here).heard == "error@0");
  office.send();
  office.run(1_s);
  CHECK(office.heard().back() == "error@10");
}

// ---- Down -------------------------------------------------------------------------------------

TEST_CASE("who is on its way when the instance goes down finds it unreachable") {
  Office office;
  office.send();
  office.run(2_ms);
  SECTION("and hears so after the way back") {
    const Knob::Hold crash = office.desk.hold_down(KilledWork::answers_broken);
    office.run(10_ms - 1_ns);
    CHECK(office.heard() == Log{"nothing"});
    office.run(1_s);
    CHECK(office.heard() == Log{"unreachable@10"});
  }
  SECTION("or hears nothing, if that went down in silence") {
    const Knob::Hold crash = office.desk.hold_down(KilledWork::stays_silent);
    office.run(1_s);
    CHECK(office.heard() == Log{"lost@5"});
    CHECK_FALSE(office.sent[0].reply.done());
  }
  CHECK(office.desk.came == 0);
}

TEST_CASE("who is inside when the instance goes down hears of it after the way back") {
  Office office;
  office.desk.length = 10_ms;
  office.send();
  office.run(8_ms);
  CHECK(office.desk.inside == 1);
  const Knob::Hold crash = office.desk.hold_down(KilledWork::answers_broken);
  CHECK(office.desk.scope().empty());
  office.run(13_ms - 1_ns);
  CHECK(office.desk.inside == 0);
  CHECK(office.heard() == Log{"nothing"});
  office.run(1_s);
  CHECK(office.heard() == Log{"reset@13"});
  CHECK(office.diary.log == Log{"down@8"});
}

TEST_CASE("what was inside a silent crash is never answered, and its messages are gone") {
  Office office;
  office.desk.length = 10_ms;
  office.send();
  office.send(Office::here);
  office.run(8_ms);
  std::optional<Knob::Hold> crash = office.desk.hold_down(KilledWork::stays_silent);
  CHECK(office.heard() == Log{"lost@8", "lost@8"});
  CHECK(office.desk.scope().empty());
  office.run(20_ms);
  crash.reset();
  const std::uint64_t resumptions = office.simulation.resumption_count();
  office.run(1_s);
  CHECK(office.simulation.resumption_count() == resumptions);  // nobody is left to go on
  CHECK(office.desk.inside == 0);
  for (Sent& sent : office.sent) {
    CHECK(sent.heard == "lost@8");
    CHECK_FALSE(sent.reply.done());
    CHECK(sent.reply.work() == nullptr);
  }
}

TEST_CASE("nothing piles up at an instance that is down in silence") {
  // Frames and events of messages that nobody waits for would make a long run run out of memory.
  Office office;
  office.desk.length = 10_ms;
  const Knob::Hold crash = office.desk.hold_down(KilledWork::stays_silent);
  for (int i = 0; i < 1000; ++i) {
    office.send(i % 2 == 0 ? Office::there : Office::here);
    office.run(10_us * (i + 1));
  }
  office.run(1_s);
  CHECK(office.simulation.event_count() == 500);  // the ways in
  CHECK(office.simulation.resumption_count() == 500);
  for (Sent& sent : office.sent) {
    CHECK(sent.reply.work() == nullptr);
  }
}

TEST_CASE("an answer that is on its way arrives, though the instance is down since") {
  Office office;
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  office.desk.length = 10_ms;
  office.send();
  office.run(17_ms);
  const Knob::Hold crash = office.desk.hold_down(how);
  office.run(1_s);
  CHECK(office.heard() == Log{"ok@20"});
}

TEST_CASE("a draining instance goes on serving") {
  Office office;
  office.desk.become(InstanceState::draining);
  office.send();
  office.probe();
  office.run(1_s);
  CHECK(office.heard() == Log{"ok@10", "ok@10"});
}

TEST_CASE("what is gone is unreachable, and cannot crash any more") {
  Office office;
  office.restart(KilledWork::stays_silent);  // long ago
  office.desk.become(InstanceState::gone);
  office.send(Office::here);
  office.probe(Office::here);
  office.restart(KilledWork::stays_silent);
  office.send(Office::here);
  CHECK(office.heard() == Log{"unreachable@0", "unreachable@0", "unreachable@0"});
  CHECK(office.diary.log == Log{"down in silence@0", "up@0"});
  CHECK(office.desk.state() == InstanceState::gone);
}

TEST_CASE("who leaves takes what is inside along, and is nobody's instance any more") {
  Office office;
  office.desk.length = 10_ms;
  office.send(Office::here);
  office.run(5_ms);
  CHECK(office.observer.fleet == 1);
  office.desk.leave();
  office.desk.leave();
  office.send(Office::here);
  office.restart(KilledWork::answers_broken);
  office.run(1_s);
  CHECK(office.heard() == Log{"reset@5", "unreachable@5"});
  CHECK(office.desk.state() == InstanceState::gone);
  CHECK(office.observer.fleet == 0);
  CHECK(office.observer.instances == 0);
  CHECK(office.observer.workers == 0);
}

TEST_CASE("who is told to leave takes who still comes, then finishes, then is gone") {
  Office office;
  office.desk.length = 10_ms;
  office.send(Office::here);
  office.desk.drain(4_ms, 1_s);
  CHECK(office.desk.state() == InstanceState::draining);
  office.run(3_ms);
  office.send(Office::here);
  office.run(5_ms);
  CHECK(office.desk.state() == InstanceState::stopping);
  CHECK(office.observer.instances == 1);
  office.send(Office::here);
  office.run(12_ms);
  CHECK(office.desk.state() == InstanceState::stopping);
  office.run(1_s);
  CHECK(office.heard() == Log{"ok@10", "ok@13", "unreachable@5"});
  CHECK(office.desk.state() == InstanceState::gone);
  CHECK(office.diary.log == Log{"served@10", "served@13", "down@13"});
  CHECK(office.observer.fleet == 0);
  CHECK(office.observer.instances == 0);
}

TEST_CASE("what is inside when the grace period is over dies with the instance") {
  Office office;
  office.desk.length = 10_ms;
  office.send(Office::here);
  office.desk.drain(4_ms, 6_ms);
  office.run(1_s);
  CHECK(office.heard() == Log{"reset@6"});
  CHECK(office.desk.state() == InstanceState::gone);
}

TEST_CASE("who crashes on its way out does not come back") {
  Office office;
  office.desk.length = 10_ms;
  office.send(Office::here);
  office.desk.drain(4_ms, 1_s);
  const Duration moment = GENERATE(2_ms, 6_ms);
  office.run(moment);
  office.restart(KilledWork::answers_broken);
  office.run(1_s);
  CHECK(office.heard() == Log{"reset@" + ms(at(moment))});
  CHECK(office.desk.state() == InstanceState::gone);
  CHECK(office.observer.fleet == 0);
}

TEST_CASE("who is not up when it is told to leave is gone at once") {
  Office office;
  Knob::Hold crash = office.desk.hold_down(KilledWork::stays_silent);
  office.desk.drain(4_ms, 1_s);
  CHECK(office.desk.state() == InstanceState::gone);
  crash.release();
  office.run(1_s);
  CHECK(office.desk.state() == InstanceState::gone);
}

TEST_CASE("who leaves while it is down leaves nothing behind") {
  Office office;
  const Knob::Hold crash = office.desk.hold_down(KilledWork::stays_silent);
  office.desk.leave();
  office.send(Office::here);
  CHECK(office.heard() == Log{"unreachable@0"});
  CHECK(office.observer.fleet == 0);
  CHECK(office.observer.instances == 0);
}

// ---- Boot -------------------------------------------------------------------------------------

TEST_CASE("who arrives when the instance has booted meanwhile is served") {
  Office office(link(5_ms), 3_ms);
  office.send();
  SECTION("in time") {
    office.run(1_ms);
    office.restart(GENERATE(KilledWork::answers_broken, KilledWork::stays_silent));
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@10"});
  }
  SECTION("or not yet") {
    office.run(3_ms);
    office.restart();
    office.run(1_s);
    CHECK(office.heard() == Log{"unreachable@10"});
  }
  SECTION("or not yet, after a silent death") {
    office.run(3_ms);
    office.restart(KilledWork::stays_silent);
    office.run(1_s);
    CHECK(office.heard() == Log{"lost@5"});
  }
}

TEST_CASE("an instance is ready when its boot time is over, and not before") {
  Office office(link(5_ms), 30_ms);
  CHECK(office.desk.state() == InstanceState::ready);
  office.run(10_ms);
  office.restart();
  CHECK(office.desk.state() == InstanceState::boot);
  office.run(40_ms - 1_ns);
  CHECK(office.desk.state() == InstanceState::boot);
  CHECK(office.send(Office::here).heard.substr(0, 11) == "unreachable");
  office.run(40_ms);
  CHECK(office.desk.state() == InstanceState::ready);
  CHECK(office.send(Office::here).heard == "ok@40");
  CHECK(office.diary.log == Log{"down@10", "up@40"});
}

TEST_CASE("a crash during boot makes it begin anew") {
  Office office(link(5_ms), 30_ms);
  office.restart();
  office.run(20_ms);
  office.restart(KilledWork::stays_silent);
  office.run(1_s);
  CHECK(office.diary.log == Log{"down@0", "down in silence@20", "up@50"});
  CHECK(office.observer.instances == 1);
}

TEST_CASE("a boot without boot time is over at that instant") {
  Office office;
  office.restart();
  CHECK(office.desk.state() == InstanceState::ready);
  CHECK(office.send(Office::here).heard == "ok@0");
}

TEST_CASE("the observer hears of the capacity that is up, once for each change") {
  Office office(link(5_ms), 30_ms, CpuSettings{.cores = 3});
  const auto capacity = [&office] {
    return std::vector<std::int64_t>{office.observer.workers, office.observer.cores,
                                     office.observer.instances};
  };
  const std::vector<std::int64_t> all{7, 3, 1};
  const std::vector<std::int64_t> nothing{0, 0, 0};
  CHECK(capacity() == all);
  std::optional<Knob::Hold> crash = office.desk.hold_down(KilledWork::answers_broken);
  CHECK(capacity() == nothing);
  {
    const Knob::Hold again = office.desk.hold_down(KilledWork::stays_silent);
    CHECK(capacity() == nothing);
  }
  crash.reset();
  CHECK(capacity() == nothing);
  office.run(20_ms);
  office.restart();
  CHECK(capacity() == nothing);
  office.run(50_ms);
  CHECK(capacity() == all);
  office.desk.become(InstanceState::draining);
  office.restart();
  CHECK(capacity() == nothing);
}

TEST_CASE("a second crash kills nothing more and does not change how the first one sounds") {
  Office office;
  const Knob::Hold first = office.desk.hold_down(KilledWork::answers_broken);
  const Knob::Hold second = office.desk.hold_down(KilledWork::stays_silent);
  CHECK(office.send(Office::here).heard == "unreachable@0");
  CHECK(office.diary.log == Log{"down@0"});
}

// ---- Health checks ----------------------------------------------------------------------------

TEST_CASE("a probe says how it is, after both ways") {
  Office office;
  SECTION("ok") {
    office.probe(Office::here);
    office.probe();
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@0", "ok@10"});
    CHECK(office.desk.came == 0);  // it is no request
  }
  SECTION("unreachable") {
    const Knob::Hold crash = office.desk.hold_down(KilledWork::answers_broken);
    office.probe(Office::here);
    office.probe();
    office.run(1_s);
    CHECK(office.heard() == Log{"unreachable@0", "unreachable@10"});
  }
  SECTION("silent") {
    const Knob::Hold crash = office.desk.hold_down(KilledWork::stays_silent);
    office.probe(Office::here);
    office.probe();
    office.run(1_s);
    CHECK(office.heard() == Log{"nothing", "lost@5"});
    CHECK_FALSE(office.sent[0].reply.done());
    CHECK(office.sent[0].reply.work() == nullptr);
  }
}

TEST_CASE("a probe during boot finds what one found before") {
  Office office(link(5_ms), 30_ms);
  office.restart(KilledWork::answers_broken);
  office.probe(Office::here);
  office.run(30_ms);
  office.probe(Office::here);
  office.restart(KilledWork::stays_silent);
  office.probe(Office::here);
  office.run(60_ms);
  office.probe(Office::here);
  CHECK(office.heard() == Log{"unreachable@0", "ok@30", "nothing", "ok@60"});
}

TEST_CASE("a paused instance answers probes when it goes on") {
  Office office;
  std::optional<Knob::Hold> pause = office.desk.speed().hold(0);
  office.probe(Office::here);
  office.probe();
  office.run(30_ms);
  CHECK(office.heard() == Log{"nothing", "nothing"});
  SECTION("at whatever speed") {
    const Knob::Hold slow = office.desk.speed().hold(0.1);
    pause.reset();
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@30", "ok@35"});
  }
  SECTION("for more than no time") {
    pause.reset();
    pause = office.desk.speed().hold(0);
    office.run(50_ms);
    CHECK(office.heard() == Log{"nothing", "nothing"});
    pause.reset();
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@50", "ok@55"});
  }
  SECTION("even if another pause begins while the answer is under way") {
    pause.reset();
    office.run(31_ms);
    pause = office.desk.speed().hold(0);
    office.run(1_s);
    CHECK(office.heard() == Log{"ok@30", "ok@35"});
  }
}

TEST_CASE("a slow instance answers probes at once") {
  Office office;
  const Knob::Hold slow = office.desk.speed().hold(0.001);
  office.probe(Office::here);
  office.probe();
  office.run(1_s);
  CHECK(office.heard() == Log{"ok@0", "ok@10"});
}

TEST_CASE("a probe of a paused instance that crashes ends like the work there") {
  Office office;
  std::optional<Knob::Hold> pause = office.desk.speed().hold(0);
  office.probe(Office::here);
  office.probe();
  office.run(20_ms);
  SECTION("reset, after the way back") {
    office.restart(KilledWork::answers_broken);
    pause.reset();
    office.run(1_s);
    CHECK(office.heard() == Log{"reset@20", "reset@25"});
  }
  SECTION("in silence") {
    office.restart(KilledWork::stays_silent);
    pause.reset();
    office.run(1_s);
    CHECK(office.heard() == Log{"lost@20", "lost@20"});
  }
}

TEST_CASE("a paused instance that is down is no longer asked whether it is awake") {
  Office office;
  const Knob::Hold pause = office.desk.speed().hold(0);
  const Knob::Hold crash = office.desk.hold_down(KilledWork::answers_broken);
  CHECK(office.probe(Office::here).heard == "unreachable@0");
}

// ---- Laws and ends ----------------------------------------------------------------------------

TEST_CASE("work done equals work received, whatever happens to the instance") {
  Office office(link(5_ms), Duration(), CpuSettings{.cores = 1});
  office.desk.length = 10_ms;
  for (int i = 0; i < 5; ++i) {
    office.send(i % 2 == 0 ? Office::there : Office::here);
  }
  CHECK(office.desk.broken_law() == "");
  office.run(3_ms);
  CHECK(office.observer.busy_cores == 1);
  std::optional<Knob::Hold> slow = office.desk.speed().hold(0.3);
  office.run(9_ms);
  CHECK(office.desk.broken_law() == "");
  office.restart();
  office.run(10_ms);
  CHECK(office.observer.busy_cores == 0);
  slow.reset();
  office.send(Office::here);
  office.run(15_ms);
  CHECK(office.observer.busy_cores == 1);
  office.run(1_s);
  CHECK(office.desk.broken_law() == "");
  CHECK(office.heard().back() == "ok@20");
}

TEST_CASE("a world may end with messages and work everywhere, whoever still waits for them") {
  const bool someone_waits = GENERATE(true, false);
  const KilledWork how = GENERATE(KilledWork::answers_broken, KilledWork::stays_silent);
  LinkSettings way = link(5_ms);
  way.bandwidth = Bandwidth{1e6};
  Office office(way, 100_ms, CpuSettings{.cores = 1});
  office.desk.length = 3_ms;
  office.desk.response_size = 4000;
  const auto send_all = [&office, someone_waits](int from_ms) {
    for (int i = 1; i <= 20; ++i) {
      Request request = office.request(i % 5 == 0 ? Office::here : Office::there);
      request.size = 1000;
      office.send(request);
      office.run(1_ms * (from_ms + i));
    }
    if (!someone_waits) {
      office.sent.clear();
    }
  };
  SECTION("inside, in line, on the line and on the wire, both ways") { send_all(0); }
  SECTION("just before a boot is over") {
    office.restart(how);
    send_all(70);
  }
  SECTION("during a pause") {
    const Knob::Hold pause = office.desk.speed().hold(0);
    office.probe();
    office.probe(Office::here);
    send_all(0);
  }
  SECTION("after a crash in the middle of it") {
    send_all(0);
    office.restart(how);
    send_all(20);
  }
}

// ---- Interference -----------------------------------------------------------------------------

/// Treats every second request.
struct Meddler final : Interference {
  Duration meet(const Request& request) override {
    ++met;
    return request.id % 2 == 0 ? delay : Duration();
  }
  double error_rate(const Request& request) override { return request.id % 2 == 0 ? errors : 0; }
  Duration delay;
  double errors = 0;
  int met = 0;
};

TEST_CASE("who interferes holds some requests back, and health checks see nothing of it") {
  Office office;
  office.desk.length = 10_ms;
  {
    Meddler one;
    Meddler other;
    one.delay = 3_ms;
    other.delay = 4_ms;
    office.desk.interfere(one);
    office.desk.interfere(other);
    office.send(Office::here);
    office.send(Office::here);
    CHECK(office.desk.met_in_flight() == 2);
    CHECK(office.probe(Office::here).heard == "ok@0");
    office.run(50_ms);
    CHECK(office.heard() == Log{"ok@17", "ok@10", "ok@0"});
    CHECK(office.desk.met_in_flight() == 0);
    CHECK(one.met == 2);
  }
  office.send(office.request(Office::here));
  office.send(office.request(Office::here));
  office.run(100_ms);
  CHECK(office.sent[4].heard == "ok@60");
}

TEST_CASE("who interferes lets some requests fail") {
  Office office;
  Meddler meddler;
  meddler.errors = 1;
  office.desk.interfere(meddler);
  office.send(Office::here);
  office.send(Office::here);
  office.run(1_s);
  CHECK(office.heard() == Log{"error@0", "ok@0"});
}

TEST_CASE("who is held back at the door dies with the instance") {
  Office office;
  office.desk.length = 10_ms;
  Meddler meddler;
  meddler.delay = 20_ms;
  office.desk.interfere(meddler);
  office.send(Office::here);
  office.run(5_ms);
  office.restart();
  office.run(1_s);
  CHECK(office.heard() == Log{"reset@5"});
  CHECK(office.desk.came == 0);
  CHECK(office.desk.met_in_flight() == 0);
}

TEST_CASE("cores that others take are given back") {
  Office office(link(5_ms), Duration(), CpuSettings{.cores = 2});
  office.desk.length = 10_ms;
  Knob::Hold taken = office.desk.cores_taken().hold(1);
  for (int i = 0; i < 4; ++i) {
    office.send(Office::here);
  }
  office.run(20_ms);
  CHECK(office.heard() == Log{"ok@10", "ok@20", "nothing", "nothing"});
  taken.release();
  office.run(1_s);
  CHECK(office.heard() == Log{"ok@10", "ok@20", "ok@30", "ok@30"});
  CHECK(office.desk.broken_law().empty());
}

}  // namespace
}  // namespace stampede
