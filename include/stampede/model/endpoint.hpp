#pragma once

#include "stampede/kernel/job.hpp"
#include "stampede/model/request.hpp"

namespace stampede {

/// A call in progress: the slot that its Response will fill.
using Reply = Job<Response>;
using ReplyListener = JobListener<Response>;

/// Whatever takes requests and answers each: "your server as a function" (Eriksen, PLOS 2013).
///
/// The callee owns the work from the moment of the call, network transit included; the caller owns
/// only its wait. An endpoint through which no time passes just hands the call on.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual Reply call(const Request& request) = 0;
};

/// Takes a call back, when this dies, unless it is over or `is_on` is false: what the callee still
/// does for it ends at that instant. (That the news has to travel is left out.)
class Withdrawal {
 public:
  Withdrawal(Reply& reply, bool is_on) : reply_(reply), is_on_(is_on) {}
  Withdrawal(const Withdrawal&) = delete;
  ~Withdrawal() {
    if (is_on_) {
      reply_.withdraw();
    }
  }
  void call_off() { is_on_ = false; }

 private:
  Reply& reply_;
  bool is_on_;
};

/// The way of callers to a component that finds out by itself which of its instances to ask:
/// `Host::call(const Request&)`.
template <class Host>
class ClientOf final : public Endpoint {
 public:
  explicit ClientOf(Host& host) : host_(host) {}
  Reply call(const Request& request) override { return host_.call(request); }

 private:
  Host& host_;
};

}  // namespace stampede
