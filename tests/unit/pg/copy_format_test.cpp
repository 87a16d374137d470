// Bytes worked out by hand from PostgreSQL's documentation of COPY, "Binary Format".
#include "pg/copy_format.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace scalectl::pg {
namespace {

using namespace std::string_literals;
using Time = std::chrono::sys_time<std::chrono::microseconds>;

std::string bytes_of(const std::function<void(CopyBuffer&)>& fill) {
  CopyBuffer buffer;
  fill(buffer);
  return std::string(buffer.bytes());
}

TEST(CopyFormat, Header_IsSignatureFlagsAndNoExtension) {
  EXPECT_EQ(CopyBuffer::header(), "PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0"s);
}

TEST(CopyFormat, Trailer_IsMinusOneAs16Bits) { EXPECT_EQ(CopyBuffer::trailer(), "\xFF\xFF"); }

TEST(CopyFormat, RowBegin_IsTheNumberOfFields) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.begin_row(3); }), "\0\x03"s);
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.begin_row(258); }), "\x01\x02"s);
}

TEST(CopyFormat, Null_IsLengthMinusOne) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.null(); }), "\xFF\xFF\xFF\xFF");
}

TEST(CopyFormat, Boolean_IsOneByte) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.boolean(true); }), "\0\0\0\1\1"s);
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.boolean(false); }), "\0\0\0\1\0"s);
}

TEST(CopyFormat, Int4_IsInNetworkByteOrder) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.int4(0x01020304); }), "\0\0\0\4\1\2\3\4"s);
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.int4(-2); }), "\0\0\0\4\xFF\xFF\xFF\xFE"s);
}

TEST(CopyFormat, Int8_IsInNetworkByteOrder) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.int8(0x0102030405060708); }),
            "\0\0\0\x08\1\2\3\4\5\6\7\x08"s);
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.int8(-1); }),
            "\0\0\0\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

TEST(CopyFormat, Float4_IsIeee754) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.float4(1.0F); }), "\0\0\0\4\x3F\x80\0\0"s);
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.float4(-2.5F); }), "\0\0\0\4\xC0\x20\0\0"s);
}

TEST(CopyFormat, Text_IsItsBytes) {
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.text("né"); }), "\0\0\0\3n\xC3\xA9"s);
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.text(""); }), "\0\0\0\0"s);
}

TEST(CopyFormat, Timestamp_IsMicrosecondsSince2000) {
  static constexpr std::chrono::sys_days epoch = std::chrono::year(2000) / 1 / 1;
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.timestamp(Time(epoch)); }),
            "\0\0\0\x08\0\0\0\0\0\0\0\0"s);
  // One second later: 1000000 = 0x0F4240.
  EXPECT_EQ(bytes_of([](CopyBuffer& b) { b.timestamp(Time(epoch) + std::chrono::seconds(1)); }),
            "\0\0\0\x08\0\0\0\0\0\x0F\x42\x40"s);
  EXPECT_EQ(
      bytes_of([](CopyBuffer& b) { b.timestamp(Time(epoch) - std::chrono::microseconds(1)); }),
      "\0\0\0\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s);
}

TEST(CopyFormat, Clear_LeavesNothing) {
  CopyBuffer buffer;
  buffer.int4(1);
  buffer.clear();
  EXPECT_EQ(buffer.bytes(), "");
}

}  // namespace
}  // namespace scalectl::pg
