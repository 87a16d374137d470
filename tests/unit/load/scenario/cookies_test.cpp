#include "load/scenario/cookies.hpp"

#include <gmock/gmock.h>

namespace scalectl::load::scenario {
namespace {

using core::kSecond;

TEST(Cookies, AreSentBack_ToWhereTheyBelong) {
  Cookies cookies;
  cookies.take("id=1; Path=/; HttpOnly", "/login", 0);
  cookies.take("cart=2", "/shop/basket", 0);
  cookies.take("a = b ;Path=/shop/x", "/", 0);
  EXPECT_EQ(cookies.header("/", false, 0), "id=1");
  EXPECT_EQ(cookies.header("/shop", false, 0), "cart=2; id=1") << "longer paths go first";
  EXPECT_EQ(cookies.header("/shopping", false, 0), "id=1") << "/shop is another folder";
  EXPECT_EQ(cookies.header("/shop/x?y=1", false, 0), "a=b; cart=2; id=1");
}

TEST(Cookies, OfTheSameNameAndPath_AreReplaced) {
  Cookies cookies;
  cookies.take("id=1; Path=/", "/", 0);
  cookies.take("id=2; Path=/", "/", 0);
  EXPECT_EQ(cookies.header("/", false, 0), "id=2");
}

TEST(Cookies, End_WithTheirAge) {
  Cookies cookies;
  cookies.take("id=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/", kSecond);
  EXPECT_EQ(cookies.header("/", false, 10 * kSecond), "id=1") << "Max-Age goes before Expires";
  EXPECT_EQ(cookies.header("/", false, 11 * kSecond), "");
  cookies.take("id=2; Max-Age=99999999999999", "/", kSecond);
  EXPECT_EQ(cookies.header("/", false, 1'000'000 * kSecond), "id=2");
  cookies.take("id=2; Max-Age=0", "/", kSecond);
  EXPECT_TRUE(cookies.empty());
  cookies.take("id=3", "/", kSecond);
  cookies.take("id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "/", kSecond);
  EXPECT_TRUE(cookies.empty());
}

TEST(Cookies, SecureOnes_StayOffPlainConnections) {
  Cookies cookies;
  cookies.take("id=1; Secure", "/", 0);
  EXPECT_EQ(cookies.header("/", false, 0), "");
  EXPECT_EQ(cookies.header("/", true, 0), "id=1");
}

TEST(Cookies, WhatIsNone_IsPassedOver) {
  Cookies cookies;
  cookies.take("", "/", 0);
  cookies.take("nothing", "/", 0);
  cookies.take("=1", "/", 0);
  EXPECT_TRUE(cookies.empty());
}

}  // namespace
}  // namespace scalectl::load::scenario
