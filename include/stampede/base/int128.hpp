#pragma once

namespace stampede {

/// Sums that 64 bits cannot hold: levels times nanoseconds, squared nanoseconds. Exact integers, so
/// that laws such as Little's are identities and no order of adding changes a result.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

}  // namespace stampede
