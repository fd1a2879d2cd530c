#include "stampede/model/admission.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {
namespace {

struct MaxSizeSettings {
  Bytes limit;
};

void describe(Visitor& v, MaxSizeSettings& s) {
  v.field("limit", s.limit, "the largest item that is kept", required(), more_than(Bytes{0}));
  v.shorthand("limit");
}

/// One large item does not put out a thousand small ones: memcached's item_size_max, which is 1 MB
/// there.
class MaxSize final : public AdmissionFilter {
 public:
  MaxSize(const MaxSizeSettings& settings, const Context&) : limit_(settings.limit.count) {}

  bool admits(std::uint64_t, std::uint32_t size) override { return size <= limit_; }

 private:
  std::uint64_t limit_;
};

const Register<AdmissionFilter, MaxSize, MaxSizeSettings> registered{"max_size",
                                                                     "keeps items up to a size"};

}  // namespace
}  // namespace stampede
