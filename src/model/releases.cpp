#include "stampede/model/releases.hpp"

#include "stampede/base/json.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

namespace {

/// Which keys a fault has is found out once, and must not be found out of a defect.
void outline_faults() {
  for (const Kind* kind : Registry<Fault>::instance().kinds()) {
    kind->settings->outline();
  }
}

}  // namespace

void Codec<Defect>::read(const Value& from, Defect& to, Reader& reader) {
  outline_faults();
  const DefectScope of_a_version;
  const std::size_t errors = reader.errors();
  type_of<Choice<Fault>>().read(from, &to.fault, reader);
  if (reader.errors() == errors && !DefectScope::has_met_instances()) {
    reader.mismatch(from, "a fault of instances, such as error_burst, slow_down or memory_leak");
  }
}

Json Codec<Defect>::echo(const Defect& defect) {
  const DefectScope of_a_version;
  return type_of<Choice<Fault>>().echo(&defect.fault);
}

/// Any fault, without saying which of its settings must be given: its time and target must not.
Json Codec<Defect>::schema(SchemaWriter&) {
  Json kinds = Json::array();
  for (const std::string& kind : Registry<Fault>::instance().kind_names()) {
    kinds.push_back(kind);
  }
  return {{"anyOf", Json::array({Json{{"enum", kinds}}, Json{{"type", "object"}}})}};
}

std::string Codec<Defect>::type_text() {
  return "a fault without a time and a target, such as error_burst: {error_rate: 2%}";
}

std::string Codec<Defect>::reference_text() { return "[fault](fault.md) without time and target"; }

template class CodecType<Defect>;

}  // namespace stampede
