#include "load/scenario/grammar.hpp"

#include <algorithm>

namespace scalectl::load::scenario {
namespace {

using Kind = Form::Kind;

const Form kText{.kind = Kind::kText};
const Form kDuration{.kind = Kind::kDuration};
const Form kCount{.kind = Kind::kCount};
const Form kRate{.kind = Kind::kRate};
const Form kAny{.kind = Kind::kAny};
const Form kStatus{.kind = Kind::kStatus};
const Form kWhole{.kind = Kind::kWhole};
const Form kFlag{.kind = Kind::kFlag};
const Form kTrue{.kind = Kind::kTrue};

Form object(std::string_view name) { return {.kind = Kind::kObject, .object = name}; }
Form list(Forms items) { return {.kind = Kind::kList, .items = std::move(items)}; }
Form map(Forms items) { return {.kind = Kind::kMap, .items = std::move(items)}; }
Form word(std::vector<std::string_view> words) {
  return {.kind = Kind::kWord, .words = std::move(words)};
}

Form flow() { return list({object("step")}); }
Form checks() { return list({kText, object("check")}); }
Form extractions() { return map({object("extraction")}); }

ObjectType scenario() {
  return {
      "scenario",
      "A load scenario of scalectl: users who do several things in a row.",
      {{"$schema", {kText}, "Where this schema is, for editors."},
       {"summary", {kText}, "One line on what it shows.", true},
       {"notes", {list({kText})}, "Lines that are shown with the result."},
       {"target",
        {kText},
        "The server that URLs without one are on: http, https, ws or wss, host and port."},
       {"seed", {kWhole}, "Of everything random: the same seed, the same run. Default: 1."},
       {"variables", {map({kAny})}, "Set before setup, in this order; --set overrides them."},
       {"feeders", {map({object("feeder")})}, "Rows of data; column c of feeder f is ${f.c}."},
       {"load", {object("load")}, "Of the populations that have none of their own."},
       {"setup", {flow()}, "Done once before all users. What it sets, everybody sees."},
       {"teardown", {flow()}, "Done once after all users."},
       {"populations", {list({object("population")})}, "Kinds of users.", true},
       {"thresholds", {list({kText, object("threshold")})}, "What must hold."},
       {"rooms", {object("rooms")}, "How join enters a room. Default: the url /ws/room/${room}."},
       {"drain", {kDuration}, "For what is under way at the end. Default: 5s."}},
      {}};
}

ObjectType feeder() {
  return {
      "feeder",
      "Rows of data that users are given.",
      {{"file", {kText}, "A .csv or .json file; its path is relative to the scenario's."},
       {"rows", {list({map({kAny})})}, "The rows themselves: objects with the same members."},
       {"order",
        {word({"unique", "circular", "shuffled"})},
        "unique: each row once; circular: again and again; shuffled: all rows in a random order, "
        "before any comes again. Default: circular."}},
      {"file", "rows"}};
}

ObjectType load() {
  return {
      "load",
      "How many users there are and when: so many at once (closed), or so many arriving (open).",
      {{"users", {kCount}, "Closed: so many at once, each beginning again when it is done."},
       {"rate", {kRate}, "Open: so many arrive, each goes through the flow once."},
       {"ramp", {kDuration}, "How long it takes to get there, in a straight line. Default: 0."},
       {"for", {kDuration}, "How long it stays there."},
       {"iterations", {kCount}, "Closed: each user goes through the flow so often and leaves."},
       {"stages", {list({object("stage")})}, "Several such stretches, one after another."},
       {"max_users", {kCount}, "Open: at most so many at once; more are missed. Default: 10k."},
       {"connections",
        {word({"fresh", "kept"})},
        "Open: a user opens its own, or takes one that is there. Default: fresh."}},
      {"users", "rate", "stages"}};
}

ObjectType stage() {
  return {"stage",
          "A stretch of a load.",
          {{"name", {kText}, "For thresholds and reports. Default: \"100 users\", \"50/s\"."},
           {"users", {kCount}, "Closed: so many at its end."},
           {"rate", {kRate}, "Open: so many arrive at its end."},
           {"ramp", {kDuration}, "How long it takes to get there. Default: 0, a jump."},
           {"for", {kDuration}, "How long it stays there. Default: 0."}},
          {"users", "rate"}};
}

ObjectType population() {
  return {
      "population",
      "Users who do the same.",
      {{"name", {kText}, "Its name.", true},
       {"weight", {kCount}, "Its share among the populations of the scenario's load. Default: 1."},
       {"load", {object("load")}, "Its own load."},
       {"variables", {map({kAny})}, "Set when a user begins, in this order."},
       {"feeders", {list({kText, object("feeder_use")})}, "The feeders its users have rows of."},
       {"flow", {flow()}, "What a user does.", true}},
      {}};
}

ObjectType feeder_use() {
  return {"feeder_use",
          "A feeder, and how often there is a row of it.",
          {{"feeder", {kText}, "Its name.", true},
           {"each", {word({"user", "iteration"})}, "A row for each of them. Default: user."}},
          {}};
}

ObjectType step() {
  return {"step",
          "One thing that a user does.",
          {{"name", {kText}, "For thresholds and reports. Default: made from what it does."},
           {"tags", {list({kText})}, "For thresholds on several steps; inner steps have them too."},
           {"http", {kText, object("http")}, "A request: \"GET /path\", or an object."},
           {"connect", {kText, object("connect")}, "Opens the user's WebSocket: its URL, or more."},
           {"send", {kText, object("message")}, "Says something over the user's WebSocket."},
           {"expect", {kDuration, object("expect")}, "Waits for messages: how long, or more."},
           {"close", {kTrue, object("close")}, "Closes the user's WebSocket."},
           {"join", {kText, object("join")}, "Enters a room, and leaves the one it is in."},
           {"think", {kDuration, object("think")}, "Does nothing for so long."},
           {"pace", {kDuration}, "Waits until so long after the last pace, or the beginning."},
           {"loop", {object("loop")}, "Does steps again and again."},
           {"choose", {list({object("branch")})}, "Does one of several flows."},
           {"set", {map({kAny})}, "Sets variables, in this order."},
           {"check", {checks()}, "Conditions to count: met or not."}},
          {"http", "connect", "send", "expect", "close", "join", "think", "pace", "loop", "choose",
           "set", "check"}};
}

ObjectType http() {
  return {"http",
          "A request and what is expected of its answer.",
          {{"method", {kText}, "Default: GET, or POST with a body."},
           {"url", {kText}, "A path on the target, or a whole URL.", true},
           {"headers", {map({kText})}, "Headers by their names."},
           {"body", {kText}, "The body as it is."},
           {"json", {kAny}, "The body as JSON."},
           {"expect",
            {kStatus, list({kStatus})},
            "The statuses that are as they should be. Default: all below 400."},
           {"timeout", {kDuration}, "For the whole answer. Default: 30s."},
           {"follow", {kWhole}, "Redirects to follow, on the same server. Default: 0."},
           {"extract", {extractions()}, "Variables out of the answer."},
           {"check", {checks()}, "Conditions; ${status} and ${body} are the answer's."}},
          {}};
}

ObjectType connect() {
  return {"connect",
          "How a WebSocket is opened.",
          {{"url", {kText}, "A path on the target, or a whole URL with ws or wss.", true},
           {"headers", {map({kText})}, "Headers of the upgrade by their names."},
           {"subprotocols", {list({kText})}, "Offered, the best first."},
           {"timeout", {kDuration}, "Upgrade included. Default: 10s."}},
          {}};
}

ObjectType message() {
  return {"message",
          "What is said.",
          {{"text", {kText}, "The message as it is."},
           {"json", {kAny}, "The message as JSON."},
           {"stamp",
            {kFlag},
            "Sender, number and instant go along: who hears it can time it and miss its "
            "neighbours. Default: true."}},
          {"text", "json"}};
}

ObjectType expect() {
  return {
      "expect",
      "Waits for messages; those that came since the last expect count.",
      {{"count", {kCount}, "So many. Default: 1."},
       {"within", {kDuration}, "In this time. Default: 5s."},
       {"from", {word({"anyone", "self", "others"})}, "By the messages' stamps. Default: anyone."},
       {"where", {checks()}, "Others are passed over; ${message} is the message."},
       {"extract", {extractions()}, "Variables out of the last message."},
       {"check", {checks()}, "Conditions, when all have come."}},
      {}};
}

ObjectType close() {
  return {"close",
          "How a WebSocket is closed.",
          {{"code", {kWhole}, "1000 to 1014 as RFC 6455 has them, 3000 to 4999. Default: 1000."},
           {"reason", {kText}, "At most 123 bytes."}},
          {}};
}

ObjectType join() {
  return {"join",
          "A room to enter.",
          {{"room", {kText}, "Its name.", true},
           {"timeout", {kDuration}, "For its WebSocket, where rooms have a url. Default: 10s."}},
          {}};
}

ObjectType rooms() {
  return {"rooms",
          "How join enters a room; ${room} in it is the room's name.",
          {{"url", {kText}, "A WebSocket for each room."},
           {"message", {kAny}, "A message over the WebSocket that is open: text, or JSON."}},
          {"url", "message"}};
}

ObjectType think() {
  return {"think",
          "How long to do nothing: between two durations, or a mean (exponential).",
          {{"from", {kDuration}, "At least; all durations up to the other are alike."},
           {"to", {kDuration}, "At most."},
           {"mean", {kDuration}, "The mean of an exponential distribution."}},
          {}};
}

ObjectType loop() {
  return {"loop",
          "Steps to do again and again, until the first limit is reached; one is needed.",
          {{"times", {kCount}, "So many rounds."},
           {"for", {kDuration}, "No round begins later than this."},
           {"while", {checks()}, "Looked at before each round."},
           {"do", {flow()}, "The steps.", true}},
          {}};
}

ObjectType branch() {
  return {"branch",
          "One of several flows: by weight at random, or the first whose conditions hold.",
          {{"weight", {kCount}, "Its share; then every branch has one."},
           {"when", {checks()}, "Its conditions; without any it is the last: else."},
           {"else", {kTrue}, "The last branch, where no other's conditions hold."},
           {"do", {flow()}, "The steps.", true}},
          {}};
}

ObjectType extraction() {
  return {"extraction",
          "A variable's value out of what was received.",
          {{"pointer", {kText}, "A JSON pointer (RFC 6901): /items/0/id."},
           {"header", {kText}, "The name of a header."},
           {"regex", {kText}, "A regular expression (RE2): its first group, or its match."},
           {"status", {kTrue}, "The answer's status."},
           {"body", {kTrue}, "All of the body, or of the message."},
           {"default", {kAny}, "Where nothing is found; without it that is a failed check."}},
          {"pointer", "header", "regex", "status", "body"}};
}

ObjectType check() {
  return {"check",
          "A condition with a name.",
          {{"name", {kText}, "For reports. Default: the condition."},
           {"that",
            {kText},
            "LEFT OPERATOR RIGHT: ${n} > 0; operators ==, !=, <, <=, >, >=, contains, matches.",
            true}},
          {}};
}

ObjectType threshold() {
  return {
      "threshold",
      "What must hold, of what and when.",
      {{"threshold", {kText}, "As --threshold of load http: response.p99<200ms.", true},
       {"step", {kText}, "Of the steps with this name."},
       {"tag", {kText}, "Of the steps with this tag."},
       {"stage", {kText}, "While the stage of this name lasts."},
       {"from", {kDuration}, "From so long after the beginning, of the stage where one is named."},
       {"to", {kDuration}, "Until so long after it."},
       {"window", {kDuration}, "In each whole window of this length."}},
      {}};
}

}  // namespace

const std::vector<ObjectType>& object_types() {
  static const std::vector<ObjectType> types{
      scenario(), feeder(),  load(),    stage(),      population(), feeder_use(), step(),
      http(),     connect(), message(), expect(),     close(),      join(),       rooms(),
      think(),    loop(),    branch(),  extraction(), check(),      threshold()};
  return types;
}

const ObjectType& object_type(std::string_view name) {
  return *std::find_if(object_types().begin(), object_types().end(),
                       [&](const ObjectType& type) { return type.name == name; });
}

}  // namespace scalectl::load::scenario
