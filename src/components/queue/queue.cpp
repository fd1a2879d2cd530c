#include <memory>

#include "components/queue/broker.hpp"

namespace stampede {
namespace {

const QueueMeasures measures{"queue"};

class MessageQueue final : public Component {
 public:
  MessageQueue(const MessageQueueSettings& settings, const Context& context) : settings_(settings) {
    const PlaceId place = places_of(settings.placement(), context.network.geography()).front();
    fleet_.add(std::make_unique<Broker>(settings_, context, measures, place));
  }

  /// Of publishing; how long messages wait for consumers is these consumers' theory.
  static Theory theory(const MessageQueueSettings& settings) {
    Theory theory;
    if (settings.cpu) {
      theory.cores = settings.cpu->cores;
      theory.scheduling = settings.cpu->scheduling;
    }
    theory.handlers = {{.flow = Flow::compute(settings.publish)}};
    return theory;
  }

  void connect(Directory& directory) override {
    if (!settings_.dead_letter_queue.empty()) {
      auto* other = dynamic_cast<MessageQueue*>(&directory.component(settings_.dead_letter_queue));
      require(other != nullptr, "a checked scenario names a dead-letter queue that is none");
      broker().connect(other->broker());
    }
  }

  Fleet& fleet() override { return fleet_; }
  MessageSource* messages() override { return &broker(); }

 private:
  Broker& broker() { return static_cast<Broker&>(fleet_[0]); }

  MessageQueueSettings settings_;
  Fleet fleet_;
};

const Register<Component, MessageQueue, MessageQueueSettings> registered{
    "queue", "keeps messages until consumers have processed them"};

}  // namespace
}  // namespace stampede
