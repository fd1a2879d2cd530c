#pragma once

#include "stampede/schema/schema.hpp"

namespace stampede {

/// What keeps what was assigned to it, a variant of a flag or a version of a component, while the
/// shares stay.
enum class Stickiness {
  user,     ///< all requests of a user
  request,  ///< nothing: each request is a draw of its own
};
const EnumNames<Stickiness>& names(Stickiness);

}  // namespace stampede
