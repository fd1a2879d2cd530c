#include "stampede/model/capacity.hpp"

#include <limits>

#include "stampede/base/json.hpp"
#include "stampede/schema/json_schema.hpp"

namespace stampede {

void Codec<Capacity>::read(const Value& from, Capacity& to, Reader& reader) {
  if (from.is_scalar() && from.text == "unbounded") {
    to.value = Capacity::unbounded;
    return;
  }
  if (!from.is_scalar() || from.quoted) {
    reader.mismatch(from, type_text());
    return;
  }
  const Reader::Expecting expecting(reader, {}, "unbounded");
  reader.read(from, to.value);
}

Json Codec<Capacity>::echo(const Capacity& capacity) {
  if (capacity.value == Capacity::unbounded) {
    return "unbounded";
  }
  return type_of<std::uint64_t>().echo(&capacity.value);
}

Json Codec<Capacity>::schema(SchemaWriter& writer) {
  return {{"anyOf", Json::array({writer.of<std::uint64_t>(), {{"const", "unbounded"}}})}};
}

std::string Codec<Capacity>::type_text() { return "a whole number, such as 64, or unbounded"; }

template class CodecType<Capacity>;

const EnumNames<QueueDiscipline>& names(QueueDiscipline) {
  static const EnumNames<QueueDiscipline> table{{{QueueDiscipline::fifo, "fifo"},
                                                 {QueueDiscipline::lifo, "lifo"},
                                                 {QueueDiscipline::priority, "priority"}}};
  return table;
}

const EnumNames<CpuScheduling>& names(CpuScheduling) {
  static const EnumNames<CpuScheduling> table{
      {{CpuScheduling::fifo, "fifo"}, {CpuScheduling::processor_sharing, "processor_sharing"}}};
  return table;
}

void describe(Visitor& v, QueueSettings& s) {
  v.shorthand("capacity");
  v.field("capacity", s.capacity, "places to wait in, besides those at the workers");
  v.field("discipline", s.discipline,
          "who goes next: first come, last come, or the smallest priority number");
}

void describe(Visitor& v, CpuSettings& s) {
  v.shorthand("cores");
  v.field("cores", s.cores, "cores of each instance", required(), at_least(1), at_most(100'000));
  v.field("scheduling", s.scheduling,
          "fifo: a core does one piece of work to its end; processor_sharing: all advance at once");
  v.declare(HasCores{});
}

double theory_of(const Capacity& capacity) {
  return capacity.value == Capacity::unbounded ? std::numeric_limits<double>::infinity()
                                               : static_cast<double>(capacity.value);
}

}  // namespace stampede
