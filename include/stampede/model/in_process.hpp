#pragma once

#include <string>

#include "stampede/base/problem.hpp"

namespace stampede {

// What a component may declare of itself (Visitor::declare).

/// Others may live in its instances: it is a program.
struct HostsInProcess {};
/// It lives in the instances of the component of that name, and dies with them.
struct LivesIn {
  std::string host;
  Place place;  ///< where the name stands
};

}  // namespace stampede
