#pragma once

#include <string>
#include <vector>

#include "stampede/model/fault.hpp"
#include "stampede/model/fleet.hpp"
#include "stampede/model/traffic_split.hpp"

namespace stampede {

/// The versions of a component, and what a rollout may do to its fleet.
class Releases {
 public:
  virtual ~Releases() = default;

  /// Their names, in the order of their numbers (Instance::version).
  virtual const std::vector<std::string>& versions() const = 0;
  /// A new instance, which boots and is ready after its boot time.
  virtual Instance& launch(std::uint16_t version, PlaceId place) = 0;
  /// Tells an instance to leave, as the component's settings say (see Instance::drain).
  virtual void drain(Instance& instance) = 0;
  virtual TrafficSplit& split() = 0;
};

/// What is wrong with a version: a fault that every instance of it has for as long as it lives.
/// Written as a fault without a time and without a target.
struct Defect {
  Choice<Fault> fault;
};
template <>
struct Codec<Defect> {
  static void read(const Value& from, Defect& to, Reader& reader);
  static Json echo(const Defect& defect);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
  static std::string reference_text();
};
extern template class CodecType<Defect>;

/// What a component declares of itself (Visitor::declare): the versions that it has, in the order
/// of their numbers.
struct HasVersions {
  std::vector<std::string> names;
  std::vector<std::vector<Defect>> defects;  ///< of each
};

}  // namespace stampede
