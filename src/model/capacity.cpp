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
  static const EnumNames<QueueDiscipline> table{
      {{QueueDiscipline::fifo, "fifo"},
       {QueueDiscipline::lifo, "lifo"},
       {QueueDiscipline::priority, "priority"},
       {QueueDiscipline::adaptive_lifo, "adaptive_lifo"}}};
  return table;
}

const EnumNames<CpuScheduling>& names(CpuScheduling) {
  static const EnumNames<CpuScheduling> table{
      {{CpuScheduling::fifo, "fifo"}, {CpuScheduling::processor_sharing, "processor_sharing"}}};
  return table;
}

void describe(Visitor& v, DelayTarget& s) {
  v.field("target", s.target, "how long one may wait in a line that stands", more_than(Duration()));
  v.field("interval", s.interval, "for how long a line must have stood to count as one that does",
          more_than(Duration()));
  v.check(s.target <= s.interval, "target", "is more than interval");
}

void describe(Visitor& v, QueueSettings& s) {
  v.shorthand("capacity");
  v.field("capacity", s.capacity, "places to wait in, besides those at the workers");
  v.field("discipline", s.discipline,
          "who goes next: first come, last come, the smallest priority number, or last come while "
          "the line has not been empty for lifo_after, and first come otherwise (adaptive_lifo)");
  v.field("lifo_after", s.lifo_after, "when adaptive_lifo takes a line for overloaded");
  v.field("max_age", s.max_age,
          "whoever has waited for longer when a worker becomes free is rejected (shed)",
          more_than(Duration()));
  v.field("codel", s.codel,
          "shed by CoDel (RFC 8289): when all who left the line within interval had waited for "
          "more than target, ever more of them until one has waited less");
  v.field("controlled_delay", s.controlled_delay,
          "shed as Facebook does (Fail at Scale, 2015): whoever joins a line that has not been "
          "empty for interval may wait for target only, others for interval");
  const int laws = (s.max_age ? 1 : 0) + (s.codel ? 1 : 0) + (s.controlled_delay ? 1 : 0);
  v.check(laws <= 1, s.codel ? "codel" : "controlled_delay",
          "stands beside another rule of shedding", "give one of max_age, codel, controlled_delay");
  v.check(!s.codel || s.discipline == QueueDiscipline::fifo, "codel",
          "needs a line that is served first come, first served",
          "controlled_delay goes with every discipline");
}

std::string remark_on(const QueueSettings& queue) {
  return queue.max_age || queue.codel || queue.controlled_delay
             ? "shedding those who waited too long is left out"
             : "";
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
