// The steps that talk to a server: http, connect, send, expect, close, join.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/json_pointer.hpp"
#include "core/text.hpp"
#include "load/checks.hpp"
#include "load/scenario/reading.hpp"

namespace scalectl::load::scenario {
namespace {

using Pieces = std::vector<Template::Piece>;

/// Where a request goes: a server, and what is asked of it.
struct Address {
  int origin = 0;
  Template target;
};

/// Refuses what cannot stand in a URL as it is.
void require_plain(const Reading& reading, const Spot& spot, const Pieces& pieces) {
  for (const Template::Piece& piece : pieces) {
    const auto* text = std::get_if<std::string>(&piece);
    if (text == nullptr) continue;
    for (const char c : *text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte > ' ' && byte < 0x7f && c != '#') continue;
      reading.refuse(spot, "a character in the URL that must be written as %XX",
                     c == '#' ? "a fragment is never sent" : "a space is %20");
    }
  }
}

net::Url server_of(const Reading& reading, const Spot& spot, const std::string& text,
                   bool websocket) {
  const std::string scheme = text.substr(0, text.find("://"));
  const bool is_ws = scheme == "ws" || scheme == "wss";
  const bool is_http = scheme == "http" || scheme == "https";
  if (websocket ? is_http : is_ws) {
    reading.refuse(spot, fmt::format("\"{}://\" is for {}", scheme, is_ws ? "connect" : "http"),
                   websocket ? "write ws:// or wss://" : "write http:// or https://");
  }
  return reading.at(spot,
                    [&] { return websocket ? net::parse_ws_url(text) : net::parse_url(text); });
}

Address address_of(Reading& reading, const Spot& spot, const Template& url, bool websocket) {
  Pieces pieces = url.pieces();
  if (pieces.empty()) reading.refuse(spot, "an empty URL", "for example /api/health");
  require_plain(reading, spot, pieces);
  auto* first = std::get_if<std::string>(&pieces[0]);
  const std::string begin = first == nullptr ? "" : *first;
  const std::size_t scheme = begin.find("://");
  if (scheme != std::string::npos && begin.find_first_of("/?") == scheme + 1) {
    const std::size_t end = begin.find_first_of("/?", scheme + 3);
    if (end == std::string::npos && pieces.size() > 1) {
      reading.refuse(spot, "a server that changes with each use",
                     "only what comes after it may: http://host:port/${path}");
    }
    const net::Url server = server_of(reading, spot, begin.substr(0, end), websocket);
    *first = end == std::string::npos ? "/" : begin.substr(end);
    if (first->front() == '?') first->insert(0, "/");
    return {.origin = reading.origin(server), .target = Template(std::move(pieces))};
  }
  if (first != nullptr && begin[0] != '/') {
    reading.refuse(spot,
                   fmt::format("\"{}\" is no URL: it begins with \"/\", or with a server",
                               *spot.node->if_text()),
                   "for example /api/health or http://127.0.0.1:8000/api/health");
  }
  if (!reading.target) {
    reading.refuse(spot, "a URL without a server, and the scenario has no \"target\"",
                   "give it \"target\": \"http://127.0.0.1:8000\"");
  }
  net::Url server = *reading.target;
  server.websocket = websocket;
  return {.origin = reading.origin(std::move(server)), .target = Template(std::move(pieces))};
}

/// "Name: value" for each; `ours` are the names that are not the writer's to give.
std::vector<Template> read_headers(Reading& reading, const Spot& spot,
                                   const std::vector<std::string>& ours) {
  std::vector<Template> headers;
  if (!spot) return headers;
  for (const auto& [name, value] : spot.members()) {
    reading.attempt([&, &its = name, &node = value] {
      if (!is_token(its)) {
        reading.refuse(node, fmt::format("\"{}\" is not the name of a header", its),
                       "letters, digits and \"-\"");
      }
      const std::string small = header_name(its);
      if (std::find(ours.begin(), ours.end(), small) != ours.end()) {
        reading.refuse(node, fmt::format("{} is set by scalectl", its), "leave it out");
      }
      Pieces pieces{its + ": "};
      const Template filled = reading.text(node);
      for (const Template::Piece& piece : filled.pieces()) {
        const auto* text = std::get_if<std::string>(&piece);
        if (text == nullptr) {
          pieces.push_back(piece);
          continue;
        }
        if (text->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
          reading.refuse(node, "a control character in a header", "a header is one line");
        }
        if (auto* before = std::get_if<std::string>(&pieces.back())) {
          *before += *text;
        } else {
          pieces.push_back(piece);
        }
      }
      headers.emplace_back(std::move(pieces));
    });
  }
  return headers;
}

StatusRange read_status(const Reading& reading, const Spot& spot) {
  if (const std::int64_t* number = spot.node->if_integer()) {
    if (*number < 100 || *number > 599) {
      reading.refuse(spot, fmt::format("{} is no status", *number), "100 to 599");
    }
    return {.first = static_cast<int>(*number), .last = static_cast<int>(*number)};
  }
  const std::string& text = *spot.node->if_text();
  if (text.size() != 3 || text[0] < '1' || text[0] > '5' || text.substr(1) != "xx") {
    reading.refuse(spot, fmt::format("\"{}\" is no status", text), "write 200, or \"2xx\"");
  }
  const int first = (text[0] - '0') * 100;
  return {.first = first, .last = first + 99};
}

std::vector<StatusRange> read_statuses(const Reading& reading, const Spot& spot) {
  std::vector<StatusRange> statuses;
  if (!spot) return statuses;
  if (spot.node->if_list() == nullptr) return {read_status(reading, spot)};
  for (const Spot& item : spot.items()) statuses.push_back(read_status(reading, item));
  if (statuses.empty()) reading.refuse(spot, "no status is as it should be", "for example 200");
  return statuses;
}

/// The URL as the file has it, without its query.
std::string shown(const std::string& url) {
  bool inside = false;  // of ${…}, whose "?" begins no query
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url.compare(i, 2, "${") == 0) inside = true;
    if (url[i] == '}') inside = false;
    if (url[i] == '?' && !inside) return url.substr(0, i);
  }
  return url;
}

void check_method(const Reading& reading, const Spot& spot, const std::string& method) {
  const bool capitals = std::all_of(method.begin(), method.end(),
                                    [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  const std::vector<std::string> usual{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const bool is_usual = std::find(usual.begin(), usual.end(), method) != usual.end();
  // Others are as good, unless they look like a slip of the pen.
  const std::string meant = is_usual ? "" : core::did_you_mean(method, usual);
  if (method.empty() || !capitals || method == "CONNECT" || !meant.empty()) {
    reading.refuse(spot, fmt::format("\"{}\" is no method", method),
                   meant.empty() ? "for example GET" : meant);
  }
}

HttpStep http_of(Reading& reading, const Spot& spot) {
  HttpStep made;
  // First what sets variables: a mistake elsewhere is none of those who use them.
  made.extract = read_extractions(reading, spot.at("extract"));
  if (spot.at("body") && spot.at("json")) {
    reading.refuse(spot.at("json"), "body and json contradict each other", "give one of them");
  }
  const Address address = address_of(reading, spot.at("url"), reading.text(spot.at("url")), false);
  made.origin = address.origin;
  made.target = address.target;
  if (spot.at("body")) made.body = reading.text(spot.at("body"));
  if (spot.at("json")) made.body = reading.json(spot.at("json"));
  if (made.body) made.method = "POST";
  if (const Spot method = spot.at("method")) {
    made.method = *method.node->if_text();
    check_method(reading, method, made.method);
  }
  const Spot headers = spot.at("headers");
  made.headers =
      read_headers(reading, headers, {"connection", "content-length", "transfer-encoding"});
  if (spot.at("json")) {
    const auto members = headers ? headers.members() : std::vector<std::pair<std::string, Spot>>{};
    const bool given = std::any_of(members.begin(), members.end(), [](const auto& member) {
      return header_name(member.first) == "content-type";
    });
    if (!given) made.headers.emplace_back(Pieces{"Content-Type: application/json"});
  }
  made.expect = read_statuses(reading, spot.at("expect"));
  if (spot.at("timeout")) made.timeout = reading.positive_duration(spot.at("timeout"));
  if (spot.at("follow")) {
    made.follow = static_cast<int>(std::min<std::uint64_t>(reading.whole(spot.at("follow")), 1000));
  }
  made.checks = reading.checks(spot.at("check"));
  return made;
}

}  // namespace

std::vector<Extraction> read_extractions(Reading& reading, const Spot& spot) {
  std::vector<Extraction> made;
  if (!spot) return made;
  for (const auto& [name, from] : spot.members()) {
    reading.attempt([&, &its = name, &node = from] {
      Extraction extraction{.variable = reading.set(its, node)};
      const auto what = [&](const char* field) {
        extraction.what = *node.at(field).node->if_text();
        return node.at(field);
      };
      if (node.at("pointer")) {
        extraction.kind = Extraction::Kind::kPointer;
        reading.at(what("pointer"), [&] { core::check_pointer(extraction.what); });
      } else if (node.at("header")) {
        extraction.kind = Extraction::Kind::kHeader;
        what("header");
      } else if (node.at("regex")) {
        extraction.kind = Extraction::Kind::kRegex;
        extraction.regex = reading.at(
            what("regex"), [&] { return std::make_shared<const Regex>(extraction.what); });
      } else {
        extraction.kind = node.at("status") ? Extraction::Kind::kStatus : Extraction::Kind::kBody;
      }
      if (node.at("default")) extraction.otherwise = to_variable(node.at("default").node->value());
      extraction.id = reading.check_id(its + " is found");
      made.push_back(std::move(extraction));
    });
  }
  return made;
}

NamedAction read_http(Reading& reading, const Spot& spot) {
  for (const char* name : {"status", "body"}) reading.names.set.insert(name);
  if (spot.node->if_text() == nullptr) {
    HttpStep made = http_of(reading, spot);
    std::string name = made.method + " " + shown(*spot.at("url").node->if_text());
    return {.action = std::move(made), .name = std::move(name)};
  }
  const std::string& text = *spot.node->if_text();
  HttpStep made;
  const std::size_t space = text.find(' ');
  // In "${x} y" and "/a b" the space is not a method's.
  const bool has_method =
      space != std::string::npos && is_token(text.substr(0, space)) && text[0] != '$';
  if (has_method) {
    made.method = text.substr(0, space);
    check_method(reading, spot, made.method);
  }
  const std::string url(core::trim(has_method ? std::string_view(text).substr(space) : text));
  const Address address = address_of(reading, spot, reading.text(spot, url), false);
  made.origin = address.origin;
  made.target = address.target;
  return {.action = made, .name = made.method + " " + shown(url)};
}

NamedAction read_connect(Reading& reading, const Spot& spot) {
  ConnectStep made;
  const Spot url = spot.node->if_text() != nullptr ? spot : spot.at("url");
  const Address address = address_of(reading, url, reading.text(url), true);
  made.origin = address.origin;
  made.target = address.target;
  if (spot.at("timeout")) made.timeout = reading.positive_duration(spot.at("timeout"));
  made.headers =
      read_headers(reading, spot.at("headers"),
                   {"connection", "upgrade", "sec-websocket-key", "sec-websocket-version",
                    "sec-websocket-protocol", "sec-websocket-extensions"});
  if (const Spot protocols = spot.at("subprotocols")) {
    for (const Spot& item : protocols.items()) {
      made.protocols.push_back(reading.constant(item));
      if (!is_token(made.protocols.back())) {
        reading.refuse(item, fmt::format("\"{}\" is not a word", made.protocols.back()),
                       "for example chat");
      }
    }
  }
  return {.action = std::move(made), .name = "connect " + shown(*url.node->if_text())};
}

NamedAction read_send(Reading& reading, const Spot& spot) {
  SendStep made;
  if (spot.node->if_text() != nullptr) {
    made.message = reading.text(spot);
  } else {
    made.message = spot.at("text") ? reading.text(spot.at("text")) : reading.json(spot.at("json"));
    if (spot.at("stamp")) made.stamp = *spot.at("stamp").node->if_bool();
  }
  return {.action = std::move(made), .name = "send"};
}

NamedAction read_expect(Reading& reading, const Spot& spot) {
  ExpectStep made;
  reading.names.set.insert("message");
  if (spot.node->if_object() == nullptr) {
    made.within = reading.positive_duration(spot);
    return {.action = std::move(made), .name = "expect"};
  }
  made.extract = read_extractions(reading, spot.at("extract"));
  if (spot.at("count")) {
    const std::uint64_t count = reading.positive_count(spot.at("count"));
    if (count > std::numeric_limits<int>::max()) {
      reading.refuse(spot.at("count"), "too many messages", "at most 2 billion");
    }
    made.count = static_cast<int>(count);
  }
  if (spot.at("within")) made.within = reading.positive_duration(spot.at("within"));
  if (const Spot from = spot.at("from")) {
    const std::string& word = *from.node->if_text();
    made.from = word == "self" ? From::kSelf : word == "others" ? From::kOthers : From::kAnyone;
  }
  made.where = reading.checks(spot.at("where"));
  made.checks = reading.checks(spot.at("check"));
  return {.action = std::move(made), .name = "expect"};
}

NamedAction read_close(Reading& reading, const Spot& spot) {
  CloseStep made;
  if (const Spot code = spot.at("code")) {
    const std::uint64_t number = reading.whole(code);
    // RFC 6455, 7.4: 1004 means nothing, 1005, 1006 and 1015 are never sent.
    const bool defined =
        number >= 1000 && number <= 1014 && number != 1004 && number != 1005 && number != 1006;
    if (!defined && (number < 3000 || number > 4999)) {
      reading.refuse(code, fmt::format("{} is no close code that may be sent", number),
                     "1000 for a normal end, 3000 to 4999 for your own");
    }
    made.code = static_cast<int>(number);
  }
  if (const Spot reason = spot.at("reason")) {
    made.reason = reading.constant(reason);
    if (made.reason.size() > 123) {
      reading.refuse(reason, "a reason of more than 123 bytes", "a close frame holds no more");
    }
  }
  return {.action = std::move(made), .name = "close"};
}

NamedAction read_join(Reading& reading, const Spot& spot) {
  const bool plain = spot.node->if_text() != nullptr;
  const Spot room = plain ? spot : spot.at("room");
  const std::string name = "join " + *room.node->if_text();
  Template filled = reading.text(room);
  const Spot timeout = plain ? Spot{} : spot.at("timeout");
  if (reading.rooms && reading.rooms.at("message")) {
    if (timeout) {
      reading.refuse(timeout, "a message is sent and not waited for",
                     "leave \"timeout\" out; expect waits for an answer");
    }
    SendStep made{.stamp = false};
    made.message = reading.with_room(std::move(filled),
                                     [&] { return reading.value(reading.rooms.at("message")); });
    return {.action = JoinStep{.by = std::move(made)}, .name = name};
  }
  ConnectStep made;
  if (timeout) made.timeout = reading.positive_duration(timeout);
  const Spot url = reading.rooms ? reading.rooms.at("url") : room;
  const Address address = reading.with_room(std::move(filled), [&] {
    const Template target =
        reading.rooms ? reading.text(url) : reading.text(url, "/ws/room/${room}");
    return address_of(reading, url, target, true);
  });
  made.origin = address.origin;
  made.target = address.target;
  return {.action = JoinStep{.by = std::move(made)}, .name = name};
}

}  // namespace scalectl::load::scenario
