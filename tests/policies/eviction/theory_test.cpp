#include <map>

#include "fake_cache.hpp"
#include "sequences.hpp"

namespace stampede {
namespace {

// 1000 keys of equal size, popular as 1 / rank^0.8, room for 100. LRU by King's formula (Analysis
// of Demand Paging Algorithms, IFIP Congress 1971), FIFO and random by Gelenbe's (IEEE Transactions
// on Computers C-22(6), 1973), perfect LFU is the popularity of the first 100 ranks.
TEST_CASE("hit ratios under independent requests are those of theory", "[once]") {
  const std::map<std::string, double> exact{{"lru", 0.377789957484},
                                            {"fifo", 0.334110823397},
                                            {"random", 0.334110823397},
                                            {"perfect_lfu", 0.525826511577}};
  const std::size_t warm_up = 200'000;
  const Keys keys = zipf_keys(2'000'000 + warm_up, 1000, 0.8, Draw(5, 5));
  for (const auto& [kind, ratio] : exact) {
    CAPTURE(kind);
    FakeCache cache(kind, 100);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      before = i == warm_up ? cache.hits() : before;
      cache.access(keys[i]);
    }
    const double hits = static_cast<double>(cache.hits() - before);
    CHECK(hits / static_cast<double>(keys.size() - warm_up) == Approx(ratio).margin(0.002));
  }
}

}  // namespace
}  // namespace stampede
