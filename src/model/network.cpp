#include "stampede/model/network.hpp"

#include <algorithm>

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

void Codec<ZoneName>::read(const Value& from, ZoneName& to, Reader& reader) {
  if (!from.is_scalar() || !is_valid_name(from.text)) {
    reader.mismatch(from, type_text(),
                    from.is_scalar() ? "names match [a-z][a-z0-9_-]*" : std::string());
    return;
  }
  to = {from.text, from.place};
  reader.declare(to, from.place);
}

Json Codec<ZoneName>::echo(const ZoneName& zone) {
  return zone.empty() ? Json(nullptr) : Json(zone.name);
}

Json Codec<ZoneName>::schema(SchemaWriter&) {
  return {{"type", "string"}, {"pattern", "^[a-z][a-z0-9_-]*$"}};
}

std::string Codec<ZoneName>::type_text() { return "the name of a zone or region"; }

std::string Codec<ZoneName>::reference_text() { return "zone or region"; }

template class CodecType<ZoneName>;

void describe(Visitor& v, LinkSettings& s) {
  v.shorthand("latency");
  v.field("latency", s.latency, "time that a message takes, one way");
  v.field("bandwidth", s.bandwidth, "shared by all messages that cross the link in one direction",
          more_than(Bandwidth{0}));
  v.field("loss", s.loss, "share of messages that never arrive; only a timeout notices",
          less_than(Ratio{1}));
}

void describe(Visitor& v, LinkOverride& s) {
  v.field("between", s.between, "two zones or regions", required());
  describe(v, s.link);
  v.check(s.between.size() == 2, "between", "must name exactly two zones or regions",
          "such as [eu, us]");
}

void describe(Visitor& v, NetworkSettings& s) {
  v.field("within_zone", s.within_zone, "links between instances in one zone");
  v.field("between_zones", s.between_zones, "links between the zones of a region");
  v.field("between_regions", s.between_regions, "links between regions");
  v.field("to_users", s.to_users,
          "links between users and the zones of their region; to another region add its link");
  v.field("links", s.links, "links between two named places that differ from their class");
}

void describe(Visitor& v, RegionSettings& s) {
  v.shorthand("zones");
  v.field("zones", s.zones, "names of its zones", required(), not_empty());
}

Geography::Geography(const Named<RegionSettings>& regions) {
  if (regions.empty()) {
    regions_ = {"default"};
    places_.push_back({"default", 0, false});
  }
  for (const auto& region : regions) {
    regions_.push_back(region.name);
    for (const std::string& zone : region.value.zones) {
      places_.push_back({zone, regions_.size() - 1, false});
    }
  }
  zone_count_ = places_.size();
  for (std::size_t region = 0; region < regions_.size(); ++region) {
    places_.push_back({regions_[region], region, true});
  }
}

std::optional<PlaceId> Geography::zone(std::string_view name) const {
  for (std::size_t i = 0; i < zone_count_; ++i) {
    if (places_[i].name == name) {
      return static_cast<PlaceId>(i);
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Geography::region(std::string_view name) const {
  const auto at = std::find(regions_.begin(), regions_.end(), name);
  if (at == regions_.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(at - regions_.begin());
}

std::vector<PlaceId> Geography::zones_in(std::string_view region_or_zone) const {
  if (const auto single = zone(region_or_zone)) {
    return {*single};
  }
  std::vector<PlaceId> zones;
  if (const auto wanted = region(region_or_zone)) {
    for (std::size_t i = 0; i < zone_count_; ++i) {
      if (places_[i].region == *wanted) {
        zones.push_back(static_cast<PlaceId>(i));
      }
    }
  }
  return zones;
}

namespace {

/// How well an override's name fits a place: 2 for its zone, 1 for its region, 0 not at all.
int fit(const Geography& geography, const Geography::Place& place, const std::string& name) {
  if (!place.of_users && place.name == name) {
    return 2;
  }
  return geography.regions()[place.region] == name ? 1 : 0;
}

/// The override that names these two places most closely, or null.
const LinkSettings* override_between(const Geography& geography, const NetworkSettings& settings,
                                     const Geography::Place& a, const Geography::Place& b) {
  const LinkSettings* best = nullptr;
  int best_fit = 0;
  for (const LinkOverride& candidate : settings.links) {
    for (const auto& [first, second] : {std::pair(0, 1), std::pair(1, 0)}) {
      const int fit_a = fit(geography, a, candidate.between[static_cast<std::size_t>(first)].name);
      const int fit_b = fit(geography, b, candidate.between[static_cast<std::size_t>(second)].name);
      if (fit_a > 0 && fit_b > 0 && fit_a + fit_b > best_fit) {
        best = &candidate.link;
        best_fit = fit_a + fit_b;
      }
    }
  }
  return best;
}

const LinkSettings* or_null(const std::optional<LinkSettings>& link) {
  return link ? &*link : nullptr;
}

/// The links that a message crosses from place a to place b.
std::vector<const LinkSettings*> links_between(const Geography& geography,
                                               const NetworkSettings& settings, PlaceId from,
                                               PlaceId to) {
  const Geography::Place& a = geography.places()[from];
  const Geography::Place& b = geography.places()[to];
  std::vector<const LinkSettings*> links;
  const auto cross = [&](const std::optional<LinkSettings>& of_class) {
    const LinkSettings* special = override_between(geography, settings, a, b);
    links.push_back(special != nullptr ? special : or_null(of_class));
  };
  if (a.of_users || b.of_users) {
    links.push_back(or_null(settings.to_users));
    if (a.region != b.region) {
      cross(settings.between_regions);
    }
  } else if (from == to) {
    cross(settings.within_zone);
  } else {
    cross(a.region == b.region ? settings.between_zones : settings.between_regions);
  }
  std::erase(links, nullptr);
  return links;
}

}  // namespace

TwoMoments latency_between(const Geography& geography, const NetworkSettings& settings,
                           PlaceId from, PlaceId to) {
  double mean = 0;
  double variance = 0;
  for (const LinkSettings* link : links_between(geography, settings, from, to)) {
    mean += link->latency.mean();
    variance += link->latency.variance();
  }
  return {.mean = mean * 1e-9, .scv = mean > 0 ? variance / (mean * mean) : 0};
}

Network::Network(Simulation& simulation, const Geography& geography,
                 const NetworkSettings& settings, std::uint64_t seed, std::uint64_t replication)
    : simulation_(simulation),
      geography_(geography),
      place_count_(geography.places().size()),
      settings_(settings),
      latency_(seed, replication, "network", "latency"),
      loss_(seed, replication, "network", "loss"),
      added_loss_(seed, replication, "network", "added loss"),
      disturbed_otherwise_(simulation) {
  paths_.resize(place_count_ * place_count_);
  for (std::size_t from = 0; from < place_count_; ++from) {
    for (std::size_t to = 0; to < place_count_; ++to) {
      Path& path = paths_[from * place_count_ + to];
      path.links =
          links_between(geography, settings_, static_cast<PlaceId>(from), static_cast<PlaceId>(to));
      path.id = combine(
          hash_bytes(geography.places()[from].name + (from < geography.zone_count() ? "" : "*")),
          hash_bytes(geography.places()[to].name + (to < geography.zone_count() ? "" : "*")));
      double arrives = 1;
      double bytes_per_second = 0;
      for (const LinkSettings* link : path.links) {
        arrives *= 1 - link->loss.value;
        path.instant =
            path.instant && link->latency.is_zero() && !link->bandwidth && link->loss.value == 0;
        if (link->bandwidth &&
            (bytes_per_second == 0 || link->bandwidth->bytes_per_second < bytes_per_second)) {
          bytes_per_second = link->bandwidth->bytes_per_second;
        }
      }
      path.takes_no_time = path.instant;
      path.loss = 1 - arrives;
      if (bytes_per_second > 0) {
        path.bytes_per_ns = bytes_per_second * 1e-9;
        path.line = lines_
                        .emplace_back(
                            std::make_unique<Cpu>(simulation, 1, CpuScheduling::processor_sharing))
                        .get();
      }
    }
  }
}

Network::Transit Network::transit(PlaceId from, PlaceId to, std::uint32_t bytes,
                                  std::uint64_t luck) const {
  const Path& way = path(from, to);
  const std::uint64_t message = combine(way.id, luck);
  Transit transit;
  if (way.loss > 0) {
    Draw draw = loss_.at(message);
    transit.lost = draw.chance(way.loss);
  }
  if (way.line != nullptr) {
    transit.line = way.line;
    transit.transfer = Duration::from_nanoseconds(static_cast<double>(bytes) / way.bytes_per_ns);
  }
  Draw draw = latency_.at(message);
  for (const LinkSettings* link : way.links) {
    transit.latency += link->latency.sample(draw);
  }
  if (way.controls != nullptr) [[unlikely]] {
    disturb(way, message, bytes, transit);
  }
  return transit;
}

// ---- Faults -----------------------------------------------------------------------------------

PathControls& Network::controls(PlaceId from, PlaceId to) {
  Path& way = paths_[from * place_count_ + to];
  if (way.controls == nullptr) {
    way.controls = std::make_unique<PathControls>([this, &way](double) { controls_changed(way); });
  }
  return *way.controls;
}

/// What is on a line goes on at the new speed.
void Network::controls_changed(Path& way) {
  constexpr double drained_at_once = 1e9;
  PathControls& controls = *way.controls;
  const double bytes_per_ns = controls.bandwidth().value() * 1e-9;
  if (way.line != nullptr) {
    way.line->set_speed(std::min(bytes_per_ns / way.bytes_per_ns, 1.0));
  } else if (controls.is_limited() || controls.line_ != nullptr) {
    if (controls.line_ == nullptr) {
      controls.line_ = std::make_unique<Cpu>(simulation_, 1, CpuScheduling::processor_sharing);
    }
    controls.line_->set_speed(std::min(bytes_per_ns, drained_at_once));
  }
  // Who asks over a path is answered over its opposite: what is done to one of them concerns both.
  const auto index = static_cast<std::size_t>(&way - paths_.data());
  Path& opposite = paths_[index % place_count_ * place_count_ + index / place_count_];
  const bool is_answer_disturbed =
      opposite.controls != nullptr && opposite.controls->is_disturbed();
  way.instant = way.takes_no_time && !controls.is_disturbed() && !is_answer_disturbed;
  opposite.instant = way.instant && opposite.takes_no_time;
  disturbed_otherwise_.raise();
}

void Network::disturb(const Path& way, std::uint64_t message, std::uint32_t bytes,
                      Transit& transit) const {
  PathControls& controls = *way.controls;
  const double loss = controls.loss().value();
  if (loss > 0) {
    Draw draw = added_loss_.at(message);
    transit.lost = draw.chance(loss) || transit.lost;
  }
  transit.lost = transit.lost || controls.is_cut();
  if (transit.line == nullptr && controls.is_limited()) {
    transit.line = controls.line_.get();
    transit.transfer = Duration::nanoseconds(bytes);  // at one byte per ns when the speed is 1
  }
  controls.delays_.for_each([&](AddedLatency& delay) { transit.latency += delay.of(message); });
}

}  // namespace stampede
