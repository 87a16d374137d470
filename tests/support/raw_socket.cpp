#include "support/raw_socket.hpp"

#include <stdexcept>

namespace scalectl::test {
namespace {

constexpr char kMask[] = {0x12, 0x34, 0x56, 0x78};

std::string big_endian(std::uint64_t number, int width) {
  std::string bytes;
  for (int i = width; i-- > 0;) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

std::uint64_t number_in(const std::string& bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

std::string RawFrame::bytes() const {
  std::string made(1, static_cast<char>((fin ? 0x80 : 0) | reserved << 4 | opcode));
  const std::size_t size = payload.size();
  const int mask = masked ? 0x80 : 0;
  if (size <= 125) {
    made += static_cast<char>(mask | static_cast<int>(size));
  } else if (size <= 0xFFFF) {
    made += static_cast<char>(mask | 126);
    made += big_endian(size, 2);
  } else {
    made += static_cast<char>(mask | 127);
    made += big_endian(size, 8);
  }
  if (!masked) return made + payload;
  made.append(kMask, sizeof kMask);
  for (std::size_t i = 0; i < size; ++i) made += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return made;
}

int RawFrame::code() const {
  return payload.size() < 2 ? 1005 : static_cast<int>(number_in(payload.substr(0, 2)));
}

std::string ws_request(const std::string& path, const std::string& more) {
  return "GET " + path +
         " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}

std::string close_payload(int code, const std::string& reason) {
  return big_endian(static_cast<std::uint64_t>(code), 2) + reason;
}

RawSocket::RawSocket(int port, const std::string& path) : client_(port) {
  const RawResponse answer = client_.ask(ws_request(path));
  if (answer.status != 101) {
    throw std::runtime_error("RawSocket: status " + std::to_string(answer.status));
  }
}

RawFrame RawSocket::receive() {
  const std::string head = client_.take(2);
  const int first = static_cast<unsigned char>(head[0]);
  const int second = static_cast<unsigned char>(head[1]);
  if ((second & 0x80) != 0) throw std::runtime_error("RawSocket: a server's frame is masked");
  std::size_t size = static_cast<std::size_t>(second);
  if (size == 126) {
    size = number_in(client_.take(2));
  } else if (size == 127) {
    size = number_in(client_.take(8));
  }
  return {.fin = (first & 0x80) != 0,
          .opcode = first & 0x0F,
          .payload = client_.take(size),
          .masked = false,
          .reserved = first >> 4 & 7};
}

std::vector<std::string> RawSocket::hear(std::size_t count) {
  std::vector<std::string> heard;
  while (heard.size() < count) {
    const RawFrame frame = receive();
    if (!frame.fin || frame.opcode != kText) {
      throw std::runtime_error("RawSocket: no text, but opcode " + std::to_string(frame.opcode));
    }
    heard.push_back(frame.payload);
  }
  return heard;
}

int RawSocket::closed_with() {
  if (client_.closed()) return 1006;
  const RawFrame frame = receive();
  if (frame.opcode != kClose) {
    throw std::runtime_error("RawSocket: no close, but opcode " + std::to_string(frame.opcode));
  }
  send({.opcode = kClose, .payload = frame.payload.substr(0, 2)});
  if (!client_.closed()) throw std::runtime_error("RawSocket: more after the close");
  return frame.code();
}

}  // namespace scalectl::test
