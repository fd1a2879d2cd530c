#include "stampede/model/admission.hpp"
#include "policies/eviction/fake_cache.hpp"

namespace stampede {
namespace {

std::unique_ptr<AdmissionFilter> make_filter(const std::string& kind,
                                             const SettingsText& settings) {
  Problems problems;
  const auto choice = read_choice<AdmissionFilter>(kind, settings, problems);
  REQUIRE(problems.empty());
  return choice.make({Draw(1, 1)});
}

TEST_CASE("min_uses keeps an item when it is fetched for the given time, and from then on") {
  const auto filter = make_filter("min_uses", {{"uses", "3"}});
  CHECK_FALSE(filter->admits(7, 1));
  CHECK_FALSE(filter->admits(7, 1));
  CHECK_FALSE(filter->admits(8, 1));
  CHECK(filter->admits(7, 1));
  CHECK(filter->admits(7, 1));
}

TEST_CASE("min_uses of 1, the default, keeps everything") {
  const auto filter = make_filter("min_uses", {});
  for (std::uint64_t key = 0; key < 100; ++key) {
    CHECK(filter->admits(key % 10, 1));
  }
}

TEST_CASE("min_uses forgets the key that was fetched longest ago when its memory is full") {
  const auto filter = make_filter("min_uses", {{"uses", "3"}, {"remembered", "2"}});
  filter->admits(1, 1);
  filter->admits(2, 1);
  filter->admits(1, 1);  // 2 is now the one fetched longest ago
  filter->admits(3, 1);
  CHECK(filter->admits(1, 1));
  filter->admits(2, 1);  // a first time once more
  CHECK_FALSE(filter->admits(2, 1));
  CHECK(filter->admits(2, 1));
}

TEST_CASE("probability keeps its share of whatever comes") {
  const auto filter = make_filter("probability", {{"chance", "20%"}});
  int kept = 0;
  for (std::uint64_t key = 0; key < 100000; ++key) {
    kept += filter->admits(key % 3, 1) ? 1 : 0;
  }
  CHECK(kept == Approx(20000).margin(3.3 * 126.5));  // standard deviation 126.5
}

TEST_CASE("probability of one keeps everything") {
  const auto filter = make_filter("probability", {{"chance", "100%"}});
  for (int i = 0; i < 1000; ++i) {
    CHECK(filter->admits(1, 1));
  }
}

TEST_CASE("max_size keeps what is not larger") {
  const auto filter = make_filter("max_size", {{"limit", "1KB"}});
  CHECK(filter->admits(1, 0));
  CHECK(filter->admits(1, 1000));
  CHECK_FALSE(filter->admits(1, 1001));
}

TEST_CASE("an admission filter can be written with its one number") {
  Problems problems;
  const auto read = [&problems](const char* kind, const char* number) {
    Choice<AdmissionFilter> choice;
    Reader reader(problems);
    reader.read(Value::map({{kind, {}, Value::scalar(number)}}), choice);
    return choice.kind();
  };
  CHECK(read("min_uses", "2") == "min_uses");
  CHECK(read("probability", "0.1") == "probability");
  CHECK(read("max_size", "1MB") == "max_size");
  CHECK(problems.empty());
}

}  // namespace
}  // namespace stampede
