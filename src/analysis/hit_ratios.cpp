#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "traffic.hpp"

namespace stampede {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Whether a flow looks into the component's own copies.
bool looks_inside(const Flow& flow) {
  return (flow.kind == Flow::Kind::on_miss && flow.whom.target.empty()) ||
         std::any_of(flow.parts.begin(), flow.parts.end(), looks_inside);
}

/// Reads of one space of keys, by ranges in which none of their laws changes.
class KeySpace {
 public:
  KeySpace(const Traffic& traffic, const std::vector<std::size_t>& reads) {
    std::set<double> ends;
    for (const std::size_t read : reads) {
      double end = 0;
      for (const KeyRange& range : traffic.keys(traffic.streams()[read].keys)) {
        ends.insert(end += range.count);
      }
    }
    double begin = 0;
    for (const double end : ends) {
      classes_.push_back({.count = end - begin, .rate = 0});
      begin = end;
    }
    for (const std::size_t read : reads) {
      const RequestStream& stream = traffic.streams()[read];
      const std::vector<KeyRange>& law = traffic.keys(stream.keys);
      std::vector<Piece>& pieces = pieces_[read];
      double left = 0;
      std::size_t range = 0;
      for (std::size_t c = 0; c < classes_.size() && range < law.size(); ++c) {
        const double part = classes_[c].count / law[range].count;
        pieces.push_back({c, range, part});
        classes_[c].rate += stream.rate * stream.popularity[range] / law[range].count;
        left += classes_[c].count;
        if (left >= law[range].count) {
          left = 0;
          ++range;
        }
      }
      if (law.empty() && stream.rate > 0) {
        // Each its own item, for nobody else: they take room and are never hit.
        constexpr double endless = 1e15;
        classes_.push_back({.count = endless, .rate = stream.rate / endless});
      }
    }
  }

  const std::vector<KeyClass>& classes() const { return classes_; }
  /// Adds to the hits of a read, by range of its law, those of the classes.
  void add_hits(std::size_t read, std::span<const double> of_classes, double weight,
                std::vector<double>& by_range) const {
    for (const Piece& piece : pieces_.at(read)) {
      by_range[piece.range] += weight * piece.part * of_classes[piece.of_class];
    }
  }

 private:
  /// Of a range of a law, the part that lies in a class.
  struct Piece {
    std::size_t of_class;
    std::size_t range;
    double part;
  };
  std::vector<KeyClass> classes_;
  std::map<std::size_t, std::vector<Piece>> pieces_;
};

}  // namespace

double Traffic::users_behind(std::size_t part) const {
  std::set<std::size_t> populations;
  double users = 0;
  for (const RequestStream& stream : streams_) {
    if (stream.part == part && stream.rate > 0 && populations.insert(stream.population).second) {
      users += user_counts_[stream.population] > 0 ? user_counts_[stream.population] : infinite;
    }
  }
  return users;
}

bool Traffic::keeps(const RequestStream& stream) const {
  // A cache with an origin does not keep what it only passes on; one without keeps all reads.
  const bool is_looked_aside = parts_[stream.part].theory.handlers.size() == 1;
  return stream.operation == Operation::read && (is_looked_aside || looks_inside(*stream.flow));
}

bool Traffic::find_hits_of(std::size_t part) {
  const CopiesTheory& copies = *parts_[part].theory.copies;
  std::vector<std::size_t> reads;
  double drops = 0;
  double bytes = 0;
  double rate = 0;
  unknown_hits_[part] = copies.unknown;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const RequestStream& stream = streams_[i];
    if (stream.part != part) {
      continue;
    }
    const bool is_drop = stream.operation == Operation::invalidate ||
                         stream.operation == Operation::remove ||
                         (stream.operation == Operation::write && copies.drops_written);
    drops += is_drop ? stream.rate : 0;
    if (keeps(stream)) {
      reads.push_back(i);
      rate += stream.rate;
      bytes += stream.rate * stream.bytes;
      if (!law_is_known_[stream.keys] && !copies.hit_ratio) {
        unknown_hits_[part] = "keys that are asked for in an order";
      }
    }
  }
  if (!unknown_hits_[part].empty()) {
    return false;
  }
  std::map<std::size_t, std::vector<double>> hits;  // of each read, by range
  for (const std::size_t read : reads) {
    hits[read].assign(std::max<std::size_t>(1, laws_[streams_[read].keys].size()), 0);
  }
  if (copies.hit_ratio) {
    for (auto& [read, by_range] : hits) {
      std::fill(by_range.begin(), by_range.end(), *copies.hit_ratio);
    }
  } else if (rate > 0) {
    // What each table sees of the requests, and how many tables share the items.
    std::vector<double> seen{1};
    double tables = 1;
    if (copies.whom == CopiesTheory::For::user) {
      seen = {1 / users_behind(part)};
    } else if (copies.whom == CopiesTheory::For::all) {
      tables = parts_[part].instances;
    } else if (!parts_[part].shares.empty()) {
      seen = parts_[part].shares;
    } else {
      seen = {1 / parts_[part].instances};
    }
    double capacity = tables * copies.capacity_entries;
    if (bytes > 0) {
      capacity = std::min(capacity, tables * std::floor(copies.capacity_bytes / (bytes / rate)));
    }
    // Items of different types may be items of their own; they share the room all the same.
    std::map<std::string, std::vector<std::size_t>> by_space;
    for (const std::size_t read : reads) {
      by_space[copies.tells_types_apart ? streams_[read].type : std::string()].push_back(read);
    }
    double weights = 0;
    for (const double share : seen) {
      weights += share;
    }
    for (const double share : seen) {
      if (share > 0) {
        add_hits(part, by_space, capacity, share, share / weights, hits);
      }
    }
  }
  // What was dropped since it came is missed: of the last two events of an item, one was a drop.
  const double left = rate + drops > 0 ? rate / (rate + drops) : 1;
  bool has_changed = false;
  for (auto& [read, by_range] : hits) {
    RequestStream& stream = streams_[read];
    double hit = copies.hit_ratio && laws_[stream.keys].empty() ? left * *copies.hit_ratio : 0;
    for (std::size_t r = 0; r < by_range.size(); ++r) {
      by_range[r] *= left;
      hit += r < stream.popularity.size() ? stream.popularity[r] * by_range[r] : 0;
    }
    has_changed = has_changed || std::abs(stream.hit - hit) > 1e-9;
    stream.hit = hit;
    stream.range_hits = std::move(by_range);
  }
  return has_changed;
}

void Traffic::add_hits(std::size_t part,
                       const std::map<std::string, std::vector<std::size_t>>& by_space,
                       double capacity, double seen, double weight,
                       std::map<std::size_t, std::vector<double>>& hits) const {
  const CopiesTheory& copies = *parts_[part].theory.copies;
  std::vector<KeySpace> spaces;
  std::vector<KeyClass> classes;
  for (const auto& [type, reads] : by_space) {
    spaces.emplace_back(*this, reads);
    for (KeyClass of : spaces.back().classes()) {
      of.rate *= seen;
      classes.push_back(of);
    }
  }
  const std::vector<double> of_classes =
      cache_hits(classes, capacity, copies.ttl, copies.renew_on_hit,
                 copies.forgetting.value_or(Forgetting::lru));
  std::size_t first = 0;
  std::size_t space = 0;
  for (const auto& [type, reads] : by_space) {
    const std::span<const double> own(of_classes.data() + first, spaces[space].classes().size());
    for (const std::size_t read : reads) {
      spaces[space].add_hits(read, own, weight, hits[read]);
    }
    first += own.size();
    ++space;
  }
}

std::optional<double> Traffic::hit_ratio(std::size_t part) const {
  if (!parts_[part].theory.copies || !unknown_hits_[part].empty()) {
    return std::nullopt;
  }
  double reads = 0;
  double hits = 0;
  for (const RequestStream& stream : streams_) {
    if (stream.part == part && keeps(stream)) {
      reads += stream.rate;
      hits += stream.rate * stream.hit;
    }
  }
  return reads > 0 ? std::optional(hits / reads) : std::nullopt;
}

}  // namespace stampede
