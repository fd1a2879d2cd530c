#include "hash_on.hpp"
#include "stampede/model/load_balancing.hpp"

namespace stampede {
namespace {

struct ModuloSettings {
  HashOn hash_on = HashOn::key;
};
void describe(Visitor& v, ModuloSettings& s) { v.field("hash_on", s.hash_on, hash_on_meaning); }

/// The hash modulo the number of backends, as the plain clients of memcached do it (twemproxy's
/// "modula"): even, whatever the weights, and nearly every key moves when that number changes.
class Modulo final : public LoadBalancingPolicy {
 public:
  Modulo(const ModuloSettings& settings, const Context& context)
      : hash_on_(settings.hash_on), seed_(context.seed) {}

  BackendSlot choose(const BackendView& view, const Request& request, Time) override {
    return view.eligible()[hash_of(request, hash_on_, seed_) % view.eligible().size()];
  }

 private:
  HashOn hash_on_;
  std::uint64_t seed_;
};

const Register<LoadBalancingPolicy, Modulo, ModuloSettings> registered{
    "modulo", "a hash modulo the number of backends: equal keys to the same one until one goes"};

}  // namespace
}  // namespace stampede
