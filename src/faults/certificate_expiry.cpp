#include <deque>

#include "stampede/model/fault.hpp"

namespace stampede {
namespace {

struct CertificateExpirySettings {
  FaultSettings common;
};
void describe(Visitor& v, CertificateExpirySettings& s) { describe_fault(v, s.common); }

/// Lets no handshake with one instance succeed.
class Expired final : public Interference {
 public:
  bool refuses(const Request&) override { return true; }
};

/// The certificate of instances has expired, or a secret was rotated on one side only: every call
/// makes a handshake, which fails, and comes to nothing at once. What is inside goes on, and health
/// checks see nothing of it, as those that do not verify certificates. It ends with the rotation.
class CertificateExpiry final : public Fault {
 public:
  CertificateExpiry(const CertificateExpirySettings& settings, const Context&)
      : Fault(settings.common) {}

  std::unique_ptr<Disturbance> strike(const Strike& strike) override {
    auto expiry = std::make_unique<Expiry>();
    for (Instance* target : strike.targets) {
      target->interfere(expiry->certificates.emplace_back());
    }
    return expiry;
  }

 private:
  struct Expiry final : Disturbance {
    std::deque<Expired> certificates;
  };
};

const Register<Fault, CertificateExpiry, CertificateExpirySettings> registered{
    "certificate_expiry",
    "every call fails at the handshake, though instances are well and their probes good"};

}  // namespace
}  // namespace stampede
