#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stampede/measure/result.hpp"
#include "stampede/model/observer.hpp"
#include "stampede/stats/slices.hpp"

namespace stampede {

class PopulationRecorder;
class ComponentRecorder;

/// Names of what a population's users are divided into, besides request types. `part_of` gives the
/// part that a user belongs to, or -1.
struct UserDivision {
  std::string kind;                ///< "region", "segment", "tenant"
  std::vector<std::string> names;
};

/// All that one world recorded, in time slices; becomes a part of a Result.
///
/// The world makes one, adds its subjects, hands out the observers, closes each slice at its
/// boundary and, at the end, `finish`es.
class Recording {
 public:
  explicit Recording(const SliceGrid& grid);
  ~Recording();
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;

  const SliceGrid& grid() const;

  /// `types` are the request types of this population by name with their global ids.
  PopulationObserver& add_population(const std::string& name,
                                     std::vector<std::pair<RequestTypeId, std::string>> types,
                                     std::vector<UserDivision> divisions,
                                     std::function<int(std::uint64_t user, std::size_t division)> part_of,
                                     Duration deadline /* Duration::max() if none */);
  ComponentObserver& add_component(const std::string& name, const std::string& kind,
                                   std::size_t instances);

  void close_slice(Time boundary);
  /// Ends the recording at the run's end; the text of an exact law that does not hold, else empty.
  std::string finish(Time end);

  /// Changes with every user request that ends, and with nothing else: (population, request,
  /// outcome, time).
  std::uint64_t fingerprint() const;

 private:
  friend class Summarizer;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stampede
