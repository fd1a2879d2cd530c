#pragma once

#include <cstdint>
#include <string>

#include "stampede/kernel/cpu.hpp"
#include "stampede/kernel/slots.hpp"
#include "stampede/schema/schema.hpp"

namespace stampede {

/// A number of places, or `unbounded`.
struct Capacity {
  static constexpr std::uint64_t unbounded = UINT64_MAX;
  std::uint64_t value = 0;
};
template <>
struct Codec<Capacity> {
  static void read(const Value& from, Capacity& to, Reader& reader);
  static Json echo(const Capacity& capacity);
  static Json schema(SchemaWriter& writer);
  static std::string type_text();
};
extern template class CodecType<Capacity>;
/// As formulas take it: without a bound, infinite.
double theory_of(const Capacity& capacity);

const EnumNames<QueueDiscipline>& names(QueueDiscipline);
const EnumNames<CpuScheduling>& names(CpuScheduling);

/// A line in front of workers.
struct QueueSettings : QueueRules {
  Capacity capacity{100};
};
void describe(Visitor& v, DelayTarget& s);
void describe(Visitor& v, QueueSettings& s);
/// What theory leaves out of such a line; empty if it knows it.
std::string remark_on(const QueueSettings& queue);

/// Cores that computing contends for.
struct CpuSettings {
  int cores = 1;
  CpuScheduling scheduling = CpuScheduling::fifo;
};
void describe(Visitor& v, CpuSettings& s);
/// Declared by whoever has such settings (Visitor::declare).
struct HasCores {};

}  // namespace stampede
