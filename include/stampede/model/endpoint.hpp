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

}  // namespace stampede
