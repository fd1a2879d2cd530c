#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stampede/base/intrusive_list.hpp"
#include "stampede/kernel/cpu.hpp"
#include "stampede/kernel/signal.hpp"
#include "stampede/model/knob.hpp"
#include "stampede/model/request.hpp"
#include "stampede/random/distribution.hpp"
#include "stampede/random/stream.hpp"
#include "stampede/schema/schema.hpp"
#include "stampede/stats/queueing.hpp"

namespace stampede {

/// The name of a zone or region in settings. Its reading declares it as a fact, so that names of
/// places that do not exist are found wherever they stand.
struct ZoneName {
  std::string name;
  Place place;

  bool empty() const { return name.empty(); }
};
template <>
struct Codec<ZoneName> {
  static void read(const Value& from, ZoneName& to, Reader& reader);
  static Json echo(const ZoneName& zone);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
  static std::string reference_text();
};
extern template class CodecType<ZoneName>;

/// What one class of links does to a message, each way.
struct LinkSettings {
  Distribution<Duration> latency;
  std::optional<Bandwidth> bandwidth;
  Ratio loss;
};
void describe(Visitor& v, LinkSettings& s);

/// An override for the links between two regions or zones.
struct LinkOverride {
  std::vector<ZoneName> between;
  LinkSettings link;
};
void describe(Visitor& v, LinkOverride& s);

struct NetworkSettings {
  std::optional<LinkSettings> within_zone;
  std::optional<LinkSettings> between_zones;
  std::optional<LinkSettings> between_regions;
  std::optional<LinkSettings> to_users;
  std::vector<LinkOverride> links;
};
void describe(Visitor& v, NetworkSettings& s);

struct RegionSettings {
  std::vector<std::string> zones;
};
void describe(Visitor& v, RegionSettings& s);

/// Where things are: regions, their zones, and in each region a place where its users sit.
class Geography {
 public:
  /// Without regions there is one, called "default", of one zone, called "default".
  explicit Geography(const Named<RegionSettings>& regions);

  struct Place {
    std::string name;  ///< of the zone, or of the region for a place of users
    std::size_t region = 0;
    bool of_users = false;
  };

  const std::vector<Place>& places() const { return places_; }
  const std::vector<std::string>& regions() const { return regions_; }
  std::size_t zone_count() const { return zone_count_; }
  std::optional<PlaceId> zone(std::string_view name) const;
  std::optional<std::size_t> region(std::string_view name) const;
  PlaceId users_of(std::size_t region) const { return static_cast<PlaceId>(zone_count_ + region); }
  /// The zones of a region, or the zone of that name; empty if there is neither.
  std::vector<PlaceId> zones_in(std::string_view region_or_zone) const;

 private:
  std::vector<Place> places_;  ///< zones first
  std::vector<std::string> regions_;
  std::size_t zone_count_ = 0;
};

/// How long a message is on its way between two places, for predictions: mean in seconds and
/// variability. Without the time that its payload takes on a line.
TwoMoments latency_between(const Geography& geography, const NetworkSettings& settings,
                           PlaceId from, PlaceId to);

/// Adds to the time that messages are on their way, while it lives.
class AddedLatency : public ListHook {
 public:
  /// Of one message, by its luck.
  virtual Duration of(std::uint64_t luck) = 0;

 protected:
  ~AddedLatency() = default;
};

/// What faults do to one direction between two places.
class PathControls {
 public:
  explicit PathControls(const Knob::Changed& changed)
      : loss_(Combine::any_of, 0, changed),
        cuts_(Combine::sum, 0, changed),
        bandwidth_(Combine::minimum, unlimited, changed),
        delay_count_(Combine::sum, 0, changed) {}

  static constexpr double unlimited = std::numeric_limits<double>::infinity();

  Knob& loss() { return loss_; }            ///< share of messages that are lost, besides its own
  Knob& cuts() { return cuts_; }            ///< as long as there is one, nothing gets through
  Knob& bandwidth() { return bandwidth_; }  ///< bytes per second, at most
  /// Messages that are sent from now on take longer, as long as both it and the hold live. Several
  /// add up.
  [[nodiscard]] Knob::Hold delay(AddedLatency& by) {
    delays_.push_back(by);
    return delay_count_.hold(1);
  }

  bool is_cut() const { return cuts_.value() > 0; }
  bool is_limited() const { return bandwidth_.value() < unlimited; }
  /// Whether a message may not pass as it always does.
  bool is_disturbed() const {
    return loss_.value() > 0 || is_cut() || is_limited() || delay_count_.value() > 0;
  }

 private:
  friend class Network;

  Knob loss_;
  Knob cuts_;
  Knob bandwidth_;
  Knob delay_count_;
  IntrusiveList<AddedLatency> delays_;
  std::unique_ptr<Cpu> line_;  ///< of a path without a bandwidth of its own, while it has one
};

/// Carries messages between places: latency, loss, and a bandwidth that all messages of a link
/// share at once (processor sharing, the fluid limit of fair TCP flows). The two directions of a
/// link are two links; within one place there is but one.
class Network {
 public:
  Network(Simulation& simulation, const Geography& geography, const NetworkSettings& settings,
          std::uint64_t seed, std::uint64_t replication);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const Geography& geography() const { return geography_; }
  /// As `stampede::latency_between`, of these settings: nobody's faults are in it.
  TwoMoments latency_between(PlaceId from, PlaceId to) const {
    return stampede::latency_between(geography_, settings_, from, to);
  }

  /// True when every message between these places arrives at the instant that it is sent.
  bool is_instant(PlaceId from, PlaceId to) const { return path(from, to).instant; }

  /// For faults.
  PathControls& controls(PlaceId from, PlaceId to);
  /// Whether no message gets through now.
  bool is_cut(PlaceId from, PlaceId to) const {
    const Path& way = path(from, to);
    return way.controls != nullptr && way.controls->is_cut();
  }
  /// Waits until faults do something else to some path than now. A stream whose sender repeats what
  /// was lost (TCP) goes on when its path is not cut any more.
  auto disturbed_otherwise() { return disturbed_otherwise_.wait(); }
  /// For faults that stop such streams without touching a path: they do so, or do so no more.
  void streams_changed() { disturbed_otherwise_.raise(); }

  /// What becomes of one message, from the moment that it is sent.
  struct Transit {
    bool lost = false;    ///< for good; its receiver never learns of it
    Cpu* line = nullptr;  ///< first it takes its turn on the line, if the link has a bandwidth:
    Duration transfer;    ///< the time that it takes alone on it
    Duration latency;     ///< then it is this long on its way
  };
  /// Drawn for (direction, luck).
  Transit transit(PlaceId from, PlaceId to, std::uint32_t bytes, std::uint64_t luck) const;

 private:
  /// One direction between two places.
  struct Path {
    bool instant = true;
    std::vector<const LinkSettings*> links;  ///< crossed one after the other
    double loss = 0;
    double bytes_per_ns = 0;
    Cpu* line = nullptr;
    std::uint64_t id = 0;
    std::unique_ptr<PathControls> controls;  ///< null as long as no fault has asked for them
    bool takes_no_time = true;               ///< while nobody disturbs it
  };
  void disturb(const Path& way, std::uint64_t message, std::uint32_t bytes, Transit& transit) const;
  void controls_changed(Path& way);
  const Path& path(PlaceId from, PlaceId to) const { return paths_[from * place_count_ + to]; }

  Simulation& simulation_;
  const Geography& geography_;
  std::size_t place_count_;
  NetworkSettings settings_;
  Stream latency_;
  Stream loss_;
  Stream added_loss_;
  std::vector<Path> paths_;
  std::vector<std::unique_ptr<Cpu>> lines_;
  Signal disturbed_otherwise_;
};

}  // namespace stampede
