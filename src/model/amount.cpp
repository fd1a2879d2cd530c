#include "stampede/model/amount.hpp"

#include "stampede/base/json.hpp"
#include "stampede/base/text.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

void Codec<Amount>::read(const Value& from, Amount& to, Reader& reader) {
  constexpr std::int64_t most = 1'000'000;
  if (from.is_scalar() && !from.text.empty() && from.text.back() == '%') {
    const std::optional<Ratio> share = parse_ratio(from.text).value;
    if (share && share->value >= 0) {
      to = {.count = std::nullopt, .share = *share};
      return;
    }
  } else if (from.is_scalar() && !from.quoted) {
    const std::optional<double> number = parse_number(from.text).value;
    if (number && *number >= 0 && *number <= most && *number == std::floor(*number)) {
      to = {.count = static_cast<int>(*number), .share = {}};
      return;
    }
  }
  reader.mismatch(from, type_text());
}

Json Codec<Amount>::echo(const Amount& amount) {
  return amount.count ? Json(*amount.count) : type_of<Ratio>().echo(&amount.share);
}

Json Codec<Amount>::schema(SchemaWriter& writer) {
  return {{"anyOf", Json::array({Json{{"type", "integer"}, {"minimum", 0}}, writer.of<Ratio>()})}};
}

template class CodecType<Amount>;

}  // namespace stampede
