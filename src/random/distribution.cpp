#include "stampede/random/distribution.hpp"

#include <fmt/format.h>

#include <utility>

#include "stampede/base/json.hpp"

namespace stampede {
AnyDistribution::AnyDistribution() {
  static const AnyDistribution zero{constant_law(0)};
  *this = zero;
}

AnyDistribution::AnyDistribution(Choice<Law> choice)
    : choice_(std::move(choice)), law_(choice_.make({})) {}

const Choice<Law>& DistributionType::choice(const void* distribution) const {
  return any_(const_cast<void*>(distribution)).choice_;
}

void DistributionType::read(const Value& from, void* to, Reader& reader) const {
  const DimensionScope scope(dimension_);
  const std::size_t errors_before = reader.errors();
  Choice<Law> choice;
  reader.read(from, choice);
  // A law is made only of settings that are right: laws do not check them again.
  if (reader.errors() == errors_before && choice.has_value()) {
    any_(to) = AnyDistribution(std::move(choice));
  }
}

Json DistributionType::echo(const void* from) const {
  const DimensionScope scope(dimension_);
  return type_of<Choice<Law>>().echo(&choice(from));
}

Json DistributionType::brief(const void* from) const {
  const DimensionScope scope(dimension_);
  return type_of<Choice<Law>>().brief(&choice(from));
}

Json DistributionType::schema(SchemaWriter& writer) const {
  const DimensionScope scope(dimension_);
  return type_of<Choice<Law>>().schema(writer);
}

std::string DistributionType::text() const {
  const DimensionScope scope(dimension_);
  return type_of<Choice<Law>>().text();
}

// Not the text of the choice, which knows no dimension: the reference describes a law only once.
std::string DistributionType::reference_text() const {
  return fmt::format("{}, or [{}]({}.md)", unit_.reference_text(), Law::registry,
                     Registry<Law>::instance().slug());
}

}  // namespace stampede
