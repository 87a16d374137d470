// Rooms: what the WebSockets of `scalectl serve` do. An echo gives its messages back to whom they
// came from; in a room, what one says reaches everyone in it, the speaker too, in the one order in
// which the room took it.
//
// A room spans the server's threads: a message is encoded once, ordered under the room's lock, and
// put into the inbox of each thread that has members there; each thread delivers to its own. A
// client is in a room before it can have read the answer to its handshake, and receives exactly
// what is said from then on. A room lives while somebody is in it; an echo is a room of one.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/disorder.hpp"
#include "net/http_server.hpp"

namespace scalectl::gateway {

struct RoomOptions {
  DisorderOptions disorder;       ///< counted for each room, and each echo, by its messages
  std::uint64_t close_after = 0;  ///< closes a connection with 1001 after so many from it; 0: never
  std::string subprotocol;        ///< taken where it is offered
  bool deflate = false;           ///< permessage-deflate, likewise
};

/// What was done on purpose, over all rooms and echoes.
struct RoomCounters {
  std::uint64_t dropped = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t withheld = 0;  ///< to be reordered, and no successor has come
};

class Rooms {
 public:
  /// `threads` as in the server's options.
  Rooms(int threads, RoomOptions options);
  ~Rooms();
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  /// Whose threads they are. Call before the server starts; Rooms must outlive it.
  void watch(net::HttpServer& server) { server_ = &server; }
  const RoomOptions& options() const { return options_; }

  /// For a connection of `thread`.
  std::unique_ptr<net::WsPeer> echo();
  std::unique_ptr<net::WsPeer> join(int thread, std::string_view name);

  /// Any thread may ask.
  RoomCounters counters() const;

 private:
  class Echo;
  class Member;
  struct Room;
  struct Inbox;
  /// Said in a room, the `number`th.
  struct Message {
    std::shared_ptr<Room> room;
    std::uint64_t number;
    net::WsFramePtr frame;
  };

  std::shared_ptr<Room> enter(Member& member, std::string_view name);
  void leave(Member& member, Room& room);
  void say(const std::shared_ptr<Room>& room, net::WsFramePtr frame);
  /// On `thread`: delivers what came for it.
  void deliver(std::size_t thread);

  const RoomOptions options_;
  net::HttpServer* server_ = nullptr;
  DisorderCounts counts_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;  ///< one for each thread
  std::mutex mutex_;                             ///< of rooms_; taken before a room's
  std::unordered_map<std::string, std::shared_ptr<Room>> rooms_;
};

}  // namespace scalectl::gateway
