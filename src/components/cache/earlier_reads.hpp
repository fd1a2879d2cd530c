#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stampede/model/component.hpp"
#include "stampede/random/keys.hpp"

namespace stampede {

/// Reads that a cache answered before the first instant of traffic, so that it begins warm.
struct EarlierReads {
  std::uint64_t reads = 0;
  Choice<KeyLaw> keys;
  Bytes size{1};
  std::string request;
};
inline void describe(Visitor& v, EarlierReads& s) {
  v.field("reads", s.reads, "how many there were", required(), at_least(1), at_most(1'000'000'000));
  v.field("keys", s.keys, "whose keys they asked for, as under traffic", required());
  v.field("size", s.size, "of the items, where the capacity is one of bytes", more_than(Bytes{0}));
  v.field("request", s.request, "their type, where a cache tells types apart (a cdn does)");
}

/// Tells `read` of each of them, those of several kinds mixed as they would have come.
template <class Read>
void repeat_earlier_reads(const std::vector<EarlierReads>& kinds, const Component::Context& context,
                          Read read) {
  std::uint64_t total = 0;
  std::vector<std::unique_ptr<KeyLaw>> laws;
  for (const EarlierReads& kind : kinds) {
    total += kind.reads;
    laws.push_back(kind.keys.make({}));
  }
  Draw draw = context.stream("earlier reads").sequence();
  for (std::uint64_t n = 0; n < total; ++n) {
    std::size_t kind = 0;
    for (std::uint64_t left = draw.below(total); left >= kinds[kind].reads; ++kind) {
      left -= kinds[kind].reads;
    }
    Request request;
    request.id = n;
    request.luck = combine(n, 0x6561726c6965U);
    request.key = laws[kind]->sample(draw);
    request.response_size = static_cast<std::uint32_t>(kinds[kind].size.count);
    request.type = context.request_types.find(kinds[kind].request).value_or(0);
    read(request);
  }
}

}  // namespace stampede
