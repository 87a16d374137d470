#include "load/stamp.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"

namespace scalectl::load {
namespace {

constexpr Stamp kStamp{
    .run = 0xabcd, .sender = 123'456, .sequence = 4'000'000'000, .planned = 1LL << 60};

TEST(Stamp, InJsonObject_IsItsFirstMemberAndTheRestStays) {
  StampedText text(R"({"type":"ping","n":1})");
  const core::Value value = core::parse_json(text.with(kStamp), "message");
  EXPECT_EQ(*value.if_object()->find("type")->if_text(), "ping");
  EXPECT_EQ(*value.if_object()->find("n")->if_integer(), 1);
  EXPECT_EQ(find_stamp(text.with(kStamp)), kStamp);
}

TEST(Stamp, InEmptyJsonObject_IsItsOnlyMember) {
  StampedText text(" { } ");
  EXPECT_EQ(core::parse_json(text.with(kStamp), "message").if_object()->size(), 1U);
  EXPECT_EQ(find_stamp(text.with(kStamp)), kStamp);
}

TEST(Stamp, BehindOtherText_LeavesItReadable) {
  StampedText text("hello");
  EXPECT_EQ(text.with(kStamp).substr(0, 6), "hello ");
  EXPECT_EQ(find_stamp(text.with(kStamp)), kStamp);
}

TEST(Stamp, SecondMessage_ReplacesTheFirstStamp) {
  StampedText text("hello");
  text.with(kStamp);
  const Stamp next{.run = 1, .sender = 2, .sequence = 3, .planned = 4};
  EXPECT_EQ(find_stamp(text.with(next)), next);
}

TEST(Stamp, WithLength_FillsUpAndStaysJson) {
  StampedText text("{}", 64);
  EXPECT_EQ(text.with(kStamp).size(), 64U);
  EXPECT_EQ(core::parse_json(text.with(kStamp), "message").if_object()->size(), 1U);
}

TEST(Stamp, WhereNoneIs_IsNotFound) {
  for (const char* message :
       {"", "hello", "#sc:", "#sc:0000", "#sc:000g0000000000000000000000000000000"}) {
    EXPECT_FALSE(find_stamp(message)) << message;
  }
}

TEST(Stamp, CutOff_IsNotFound) {
  StampedText text("x");
  const std::string_view whole = text.with(kStamp);
  EXPECT_FALSE(find_stamp(whole.substr(0, whole.size() - 1)));
}

}  // namespace
}  // namespace scalectl::load
