#include "gateway/rooms.hpp"

#include <utility>

namespace scalectl::gateway {
namespace {

constexpr int kGoingAway = 1001;

}  // namespace

struct Rooms::Inbox {
  std::mutex mutex;
  std::vector<Message> messages;
  std::vector<Message> batch;  ///< being delivered; the thread's own
};

struct Rooms::Room {
  std::string name;
  std::mutex mutex;
  Disorder disorder;
  std::uint64_t said = 0;                     ///< deliveries to everyone so far
  std::size_t population = 0;                 ///< under the mutex of Rooms
  std::vector<std::size_t> present;           ///< on each thread, under `mutex`
  std::vector<std::vector<Member*>> members;  ///< of each thread, and touched only by it
  std::vector<net::WsFramePtr> now;           ///< room for what a message leads to
};

/// Gives back what it is told.
class Rooms::Echo final : public net::WsPeer {
 public:
  explicit Echo(Rooms& rooms) : rooms_(rooms) {}

  void on_open(net::WsSocket& socket) override { socket_ = &socket; }
  void on_close() override { socket_ = nullptr; }
  bool paced() const override { return true; }

  void on_message(std::string_view message, bool text) override {
    disorder_.take(net::encode_ws(message, text), rooms_.options_.disorder, rooms_.counts_, now_);
    for (net::WsFramePtr& frame : now_) socket_->send(std::move(frame));
    now_.clear();
    if (++heard_ == rooms_.options_.close_after) socket_->close_soon(kGoingAway, "close-after");
  }

 private:
  Rooms& rooms_;
  net::WsSocket* socket_ = nullptr;
  Disorder disorder_;
  std::uint64_t heard_ = 0;
  std::vector<net::WsFramePtr> now_;
};

class Rooms::Member final : public net::WsPeer {
 public:
  Member(Rooms& rooms, int thread, std::string_view name)
      : rooms_(rooms), thread_(static_cast<std::size_t>(thread)), room_(rooms.enter(*this, name)) {}
  ~Member() override { on_close(); }

  void on_open(net::WsSocket& socket) override {
    socket_ = &socket;
    for (net::WsFramePtr& frame : std::exchange(early_, {})) socket.send(std::move(frame));
  }

  void on_message(std::string_view message, bool text) override {
    rooms_.say(room_, net::encode_ws(message, text));
    if (++heard_ == rooms_.options_.close_after) socket_->close_soon(kGoingAway, "close-after");
  }

  void on_close() override {
    if (const auto room = std::exchange(room_, nullptr)) rooms_.leave(*this, *room);
    socket_ = nullptr;
  }

  /// Queues; the caller flushes.
  void take(const Message& message) {
    if (message.number < from_) return;
    socket_ != nullptr ? socket_->send(message.frame) : early_.push_back(message.frame);
  }
  void flush() {
    if (socket_ != nullptr) socket_->flush();
  }

  std::size_t thread() const { return thread_; }

  std::size_t place = 0;    ///< among the room's members of the thread
  std::uint64_t from_ = 0;  ///< the first message that is for it

 private:
  Rooms& rooms_;
  const std::size_t thread_;
  std::shared_ptr<Room> room_;
  net::WsSocket* socket_ = nullptr;
  std::uint64_t heard_ = 0;
  std::vector<net::WsFramePtr> early_;  ///< said before the handshake was answered
};

Rooms::Rooms(int threads, RoomOptions options) : options_(std::move(options)) {
  for (int i = 0; i < threads; ++i) inboxes_.push_back(std::make_unique<Inbox>());
}

Rooms::~Rooms() = default;

std::unique_ptr<net::WsPeer> Rooms::echo() { return std::make_unique<Echo>(*this); }

std::unique_ptr<net::WsPeer> Rooms::join(int thread, std::string_view name) {
  return std::make_unique<Member>(*this, thread, name);
}

std::shared_ptr<Rooms::Room> Rooms::enter(Member& member, std::string_view name) {
  const std::lock_guard all(mutex_);
  std::shared_ptr<Room>& room = rooms_[std::string(name)];
  if (room == nullptr) {
    room = std::make_shared<Room>();
    room->name = name;
    room->present.resize(inboxes_.size());
    room->members.resize(inboxes_.size());
  }
  ++room->population;
  const std::lock_guard lock(room->mutex);
  ++room->present[member.thread()];
  member.from_ = room->said;
  std::vector<Member*>& members = room->members[member.thread()];
  member.place = members.size();
  members.push_back(&member);
  return room;
}

void Rooms::leave(Member& member, Room& room) {
  std::vector<Member*>& members = room.members[member.thread()];
  members[member.place] = members.back();
  members[member.place]->place = member.place;
  members.pop_back();
  const std::lock_guard all(mutex_);
  {
    const std::lock_guard lock(room.mutex);
    --room.present[member.thread()];
  }
  if (--room.population == 0) rooms_.erase(room.name);
}

void Rooms::say(const std::shared_ptr<Room>& room, net::WsFramePtr frame) {
  const std::lock_guard lock(room->mutex);
  room->disorder.take(std::move(frame), options_.disorder, counts_, room->now);
  if (room->now.empty()) return;
  for (std::size_t thread = 0; thread < inboxes_.size(); ++thread) {
    if (room->present[thread] == 0) continue;
    Inbox& inbox = *inboxes_[thread];
    const std::lock_guard open(inbox.mutex);
    if (inbox.messages.empty()) {
      server_->post(static_cast<int>(thread), [this, thread] { deliver(thread); });
    }
    for (std::size_t i = 0; i < room->now.size(); ++i) {
      inbox.messages.push_back({room, room->said + i, room->now[i]});
    }
  }
  room->said += room->now.size();
  room->now.clear();
}

void Rooms::deliver(std::size_t thread) {
  Inbox& inbox = *inboxes_[thread];
  {
    const std::lock_guard open(inbox.mutex);
    inbox.messages.swap(inbox.batch);
  }
  const std::vector<Message>& batch = inbox.batch;
  for (std::size_t begin = 0, end = 0; begin < batch.size(); begin = end) {
    Room& room = *batch[begin].room;
    while (end < batch.size() && batch[end].room.get() == &room) ++end;
    // Backwards: a flush may end a connection, and the last member, which has been served, takes
    // the place of the one that leaves.
    std::vector<Member*>& members = room.members[thread];
    for (std::size_t i = members.size(); i-- > 0;) {
      Member& member = *members[i];
      for (std::size_t at = begin; at < end; ++at) member.take(batch[at]);
      member.flush();
    }
  }
  inbox.batch.clear();
}

RoomCounters Rooms::counters() const {
  const std::uint64_t reordered = counts_.reordered;
  return {.dropped = counts_.dropped,
          .duplicated = counts_.duplicated,
          .reordered = reordered,
          .withheld = counts_.held - reordered};
}

}  // namespace scalectl::gateway
