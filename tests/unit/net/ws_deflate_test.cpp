#include "net/ws_deflate.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <vector>

namespace scalectl::net {
namespace {

using testing::HasSubstr;

DeflateWindow window(bool takeover, int bits = 15) { return {.takeover = takeover, .bits = bits}; }

// --- Handshake ---

TEST(DeflateOffer, SaysWhatIsWanted) {
  EXPECT_EQ(deflate_offer({}), "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(deflate_offer({.client = window(false, 10), .server = window(false, 9)}),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=9; client_max_window_bits=10");
}

struct Offered {
  std::string offers;
  std::string answer;  ///< "" for none
  WsDeflate agreed = {};
};

TEST(DeflateAnswer, TakesTheFirstOfferThatItCanKeepTo) {
  const std::string name = "permessage-deflate";
  const std::vector<Offered> cases{
      {"", ""},
      {"x-webkit-deflate-frame", ""},
      {name, name},
      {name + "; client_max_window_bits", name},
      {name + ";client_max_window_bits = \"10\"",
       name + "; client_max_window_bits=10",
       {.client = window(true, 10)}},
      {name + "; server_max_window_bits=15", name + "; server_max_window_bits=15"},
      {name + "; server_max_window_bits=8; server_no_context_takeover",
       name + "; server_no_context_takeover; server_max_window_bits=8",
       {.server = window(false, 8)}},
      {name + "; client_no_context_takeover",
       name + "; client_no_context_takeover",
       {.client = window(false)}},
      {name + "; server_max_window_bits=16, " + name, name},
      {name + "; server_max_window_bits=08", ""},
      {name + "; server_max_window_bits", ""},
      {name + "; server_max_window_bits=9; server_max_window_bits=9", ""},
      {name + "; client_max_window_bits=7", ""},
      {name + "; server_no_context_takeover=1", ""},
      {name + "; client_no_context_takeover; client_no_context_takeover", ""},
      {name + "; unheard_of", ""},
      {"foo; bar=\"x,y\", " + name, name},
  };
  for (const Offered& each : cases) {
    const auto answer = answer_deflate(each.offers);
    ASSERT_EQ(answer.has_value(), !each.answer.empty()) << each.offers;
    if (!answer) continue;
    EXPECT_EQ(answer->text, each.answer) << each.offers;
    EXPECT_EQ(answer->agreed, each.agreed) << each.offers;
  }
}

TEST(DeflateJudge, KeepsToWhatTheServerMayChoose) {
  const std::string name = "permessage-deflate";
  EXPECT_EQ(judge_deflate("", {}), std::nullopt);
  EXPECT_EQ(judge_deflate("", WsDeflate{}), std::nullopt);
  EXPECT_EQ(judge_deflate(name, WsDeflate{}), WsDeflate{});
  EXPECT_EQ(judge_deflate(name + "; server_no_context_takeover; client_no_context_takeover; "
                                 "server_max_window_bits=9; client_max_window_bits=12",
                          WsDeflate{}),
            (WsDeflate{.client = window(false, 12), .server = window(false, 9)}));
  EXPECT_EQ(judge_deflate(name, WsDeflate{.client = window(false, 9)}),
            (WsDeflate{.client = window(false, 9)}));
}

TEST(DeflateJudge, RefusesWhatTheOfferDoesNotAllow) {
  const std::string name = "permessage-deflate";
  struct Case {
    std::optional<WsDeflate> wanted;
    std::string answer;
    const char* says;
  };
  const std::vector<Case> cases{
      {{}, name, "nobody asked for: permessage-deflate"},
      {WsDeflate{}, "x-other", "nobody asked for: x-other"},
      {WsDeflate{}, name + ", " + name, "more than one"},
      {WsDeflate{}, name + "; server_max_window_bits=7", "server_max_window_bits=7"},
      {WsDeflate{}, name + "; odd", "\"odd\""},
      {WsDeflate{}, name + "; client_max_window_bits", "of no number"},
      {WsDeflate{.server = window(false)}, name, "without the server_no_context_takeover"},
      {WsDeflate{.server = window(true, 10)}, name, "15 bits, not 10"},
      {WsDeflate{.server = window(true, 10)}, name + "; server_max_window_bits=11", "11 bits"},
  };
  for (const Case& each : cases) {
    try {
      judge_deflate(each.answer, each.wanted);
      ADD_FAILURE() << "taken: " << each.answer;
    } catch (const std::invalid_argument& fault) {
      EXPECT_THAT(fault.what(), HasSubstr(each.says));
    }
  }
}

// --- Messages ---

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += "word " + std::to_string(i * i % 977);
  text.resize(size);
  return text;
}

TEST(WsCompressor, WhatItCompressesIsExpandedAgain_WithAndWithoutTakeover_AtEveryLength) {
  for (int bits = DeflateWindow::kLeastBits; bits <= DeflateWindow::kMostBits; ++bits) {
    for (const bool takeover : {true, false}) {
      WsCompressor compressor(window(takeover, bits));
      WsExpander expander(window(takeover, bits));
      for (const std::size_t size : {0U, 1U, 5U, 0U, 300U, 16383U, 70'000U, 200'000U, 300U}) {
        const std::string text = text_of(size);
        std::string_view back;
        ASSERT_EQ(expander.expand(compressor.compress(text), 1 << 20, back),
                  WsExpander::Fate::kWhole)
            << bits << " bits, " << size;
        ASSERT_TRUE(back == text) << bits << " bits, " << size;
      }
    }
  }
}

TEST(WsCompressor, TakeoverMakesTheSecondOfTwoAlikeShorter) {
  const std::string text = text_of(500);
  for (const bool takeover : {true, false}) {
    WsCompressor compressor(window(takeover));
    const std::size_t first = compressor.compress(text).size();
    const std::size_t second = compressor.compress(text).size();
    EXPECT_EQ(second < first / 4, takeover) << first << " and " << second;
  }
}

/// The RFC's own examples of "Hello" (7.2.3).
TEST(WsExpander, TheRfcsExamples) {
  const std::string once("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  const std::string again("\xf2\x00\x11\x00\x00", 5);  // refers to the one before
  const std::vector<std::string> alone{
      once, std::string("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11),  // not compressed
      std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8),                     // marked as the last
      std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13),  // two blocks
  };
  for (const std::string& payload : alone) {
    for (const bool takeover : {true, false}) {
      WsExpander expander(window(takeover));
      std::string_view message;
      EXPECT_EQ(expander.expand(payload, 100, message), WsExpander::Fate::kWhole);
      EXPECT_EQ(message, "Hello");
      const auto fate = expander.expand(again, 100, message);
      EXPECT_EQ(fate == WsExpander::Fate::kWhole && message == "Hello", takeover);
    }
  }
}

TEST(WsExpander, WhatIsNoDeflate_IsMalformed) {
  const std::string whole(WsCompressor(window(false)).compress(text_of(400)));
  for (const std::string& payload :
       {std::string("\x07\x00", 2), std::string("\xff\xff\xff", 3), whole.substr(0, 60),
        std::string("\xf3\x48\xcd\xc9\xc9\x07\x00", 7)}) {  // the last has no block after its last
    WsExpander expander(window(false));
    std::string_view message;
    EXPECT_EQ(expander.expand(payload, 100'000, message), WsExpander::Fate::kMalformed);
  }
}

TEST(WsExpander, Bomb_IsGivenUpAtTheLimit) {
  const std::string bomb(WsCompressor(window(true)).compress(std::string(50'000'000, 'x')));
  EXPECT_LT(bomb.size(), 100'000U);
  WsExpander expander(window(true));
  std::string_view message;
  EXPECT_EQ(expander.expand(bomb, 1'000'000, message), WsExpander::Fate::kTooLong);
  WsExpander fitting(window(true));
  EXPECT_EQ(fitting.expand(bomb, 50'000'000, message), WsExpander::Fate::kWhole);
  EXPECT_EQ(message.size(), 50'000'000U);
}

}  // namespace
}  // namespace scalectl::net
