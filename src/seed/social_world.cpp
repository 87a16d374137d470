#include "seed/social_world.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "core/rng.hpp"

namespace scalectl::seed {
namespace {

using core::Rng;
using std::chrono::days;
using std::chrono::microseconds;
using Time = std::chrono::sys_time<microseconds>;

/// Streams of the generator: one for each use, so that their numbers are independent.
enum Stream : std::uint64_t {
  kUsers = 101,
  kPosts,
  kJobs,
  kFollows,
  kLikes,
  kComments,
  kMessages,
  kNotifications,
};

constexpr std::array<std::string_view, 16> kFirstNames{
    "Ana",  "Kofi", "Mei",  "Omar",  "Pia",   "Rolf", "Sana", "Tariq",
    "Uche", "Vera", "Wale", "Xenia", "Yusuf", "Zara", "Ines", "Jonas"};
constexpr std::array<std::string_view, 16> kLastNames{
    "Rolle",       "Cooper", "Bethel", "Moss",   "Knowles", "Ferguson", "Sands",  "Dean",
    "Lightbourne", "Smith",  "Pinder", "Albury", "Curry",   "Thompson", "Butler", "Davis"};
constexpr std::array<std::string_view, 20> kPlaces{
    "Nassau",        "Freeport",      "Marsh Harbour", "Governors Harbour", "George Town",
    "Alice Town",    "Cockburn Town", "Matthew Town",  "Andros Town",       "Clarence Town",
    "Coopers Town",  "Spanish Wells", "Hope Town",     "Arthurs Town",      "Rock Sound",
    "Nicholls Town", "Dunmore Town",  "Colonel Hill",  "Duncan Town",       "Abrahams Bay"};
constexpr std::array<std::string_view, 10> kCategories{
    "tourism", "finance", "construction", "health", "education",
    "fishing", "retail",  "transport",    "it",     "crafts"};
constexpr std::array<std::string_view, 12> kGrades{"junior", "senior", "assistant", "head",
                                                   "deputy", "night",  "seasonal",  "trainee",
                                                   "chief",  "lead",   "associate", "resident"};
constexpr std::array<std::string_view, 20> kTrades{
    "accountant", "electrician", "nurse",   "teacher",  "chef",      "plumber", "carpenter",
    "programmer", "pharmacist",  "captain", "gardener", "bartender", "welder",  "architect",
    "surveyor",   "translator",  "baker",   "mechanic", "librarian", "tailor"};
constexpr std::array<std::string_view, 24> kWords{
    "harbour", "sunrise",  "market", "conch",  "regatta", "weekend", "friends", "ferry",
    "storm",   "recipe",   "music",  "school", "garden",  "beach",   "project", "news",
    "family",  "festival", "boat",   "island", "evening", "coffee",  "photo",   "work"};
constexpr std::array<std::string_view, 4> kPostTypes{"text", "photo", "event", "job"};
constexpr std::array<std::string_view, 3> kProviders{"google", "apple", "facebook"};
constexpr std::array<std::string_view, 4> kKinds{"like", "comment", "follow", "message"};

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& words, Rng& rng) {
  return words[rng.below(N)];
}

std::string sentence(Rng& rng, std::int64_t least, std::int64_t most) {
  std::string text;
  for (std::int64_t left = rng.between(least, most); left > 0; --left) {
    text += std::string(text.empty() ? "" : " ") + std::string(pick(kWords, rng));
  }
  return text;
}

Time before(Time as_of, Rng& rng, microseconds range) {
  return as_of - microseconds(rng.between(0, range.count()));
}

std::int64_t id_of(std::int64_t first, std::uint64_t row) {
  return first + static_cast<std::int64_t>(row);
}

Rng of(const SocialPlan& plan, Stream stream, std::int64_t id) {
  return {plan.seed, stream, static_cast<std::uint64_t>(id)};
}

std::int64_t any_user(const SocialPlan& plan, Rng& rng) {
  return id_of(plan.first_user, rng.below(plan.users));
}

/// Anybody but `other`, who is one of the plan's.
std::int64_t anybody_but(const SocialPlan& plan, std::int64_t other, Rng& rng) {
  const auto place = static_cast<std::uint64_t>(other - plan.first_user);
  return id_of(plan.first_user, (place + 1 + rng.below(plan.users - 1)) % plan.users);
}

std::int64_t any_post(const SocialPlan& plan, Rng& rng) {
  return id_of(plan.first_post, rng.below(plan.posts()));
}

void user(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = id_of(plan.first_user, row);
  Rng rng = of(plan, kUsers, id);
  const std::string_view first = pick(kFirstNames, rng);
  const std::string_view last = pick(kLastNames, rng);
  const Time created = before(plan.as_of, rng, days(1000));
  out.begin_row(10);
  out.int8(id);
  out.text(fmt::format("{}.{}.{}@example.com", first, last, id));
  if (rng.chance(0.6)) {
    out.text(fmt::format("+1242{:07}", id));
  } else {
    out.null();
  }
  if (rng.chance(0.3)) {
    out.text(pick(kProviders, rng));
    out.text(fmt::format("{:016x}{:08}", rng.next(), id));
  } else {
    out.null();
    out.null();
  }
  out.text(fmt::format("$scalectl${:016x}{:016x}{:016x}", rng.next(), rng.next(), rng.next()));
  out.text(fmt::format("{} {}", first, last));
  out.text(pick(kPlaces, rng));
  out.timestamp(created);
  out.timestamp(before(plan.as_of, rng, std::min<microseconds>(plan.as_of - created, days(30))));
}

void post(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = id_of(plan.first_post, row);
  Rng rng = of(plan, kPosts, id);
  out.begin_row(5);
  out.int8(id);
  out.int8(any_user(plan, rng));
  out.text(pick(kPostTypes, rng));
  out.text(sentence(rng, 5, 40));
  out.timestamp(before(plan.as_of, rng, days(365)));
}

void job(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = id_of(plan.first_job, row);
  Rng rng = of(plan, kJobs, id);
  const auto least = static_cast<std::int32_t>(rng.between(15, 120) * 1000);
  out.begin_row(10);
  out.int8(id);
  out.int8(any_user(plan, rng));
  out.text(fmt::format("{} {}", pick(kGrades, rng), pick(kTrades, rng)));
  out.text(sentence(rng, 30, 80));
  out.text(pick(kCategories, rng));
  out.text(pick(kPlaces, rng));
  out.int4(least);
  out.int4(least + static_cast<std::int32_t>(rng.between(0, 40) * 500));
  out.boolean(rng.chance(0.8));
  out.timestamp(before(plan.as_of, rng, days(120)));
}

/// Everybody follows a stretch of others that begins somewhere: no pair comes twice.
void follow(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::uint64_t follower = row / plan.follows_each();
  Rng rng(plan.seed, kFollows, follower);
  const std::uint64_t begin = rng.below(plan.users - 1);
  const std::uint64_t step = 1 + (begin + row % plan.follows_each()) % (plan.users - 1);
  out.begin_row(3);
  out.int8(id_of(plan.first_user, follower));
  out.int8(id_of(plan.first_user, (follower + step) % plan.users));
  Rng of_row(plan.seed, kFollows, ~row);
  out.timestamp(before(plan.as_of, of_row, days(365)));
}

void like(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::uint64_t who = row / plan.likes_each();
  Rng rng(plan.seed, kLikes, who);
  const std::uint64_t begin = rng.below(plan.posts());
  out.begin_row(3);
  out.int8(id_of(plan.first_user, who));
  out.int8(id_of(plan.first_post, (begin + row % plan.likes_each()) % plan.posts()));
  Rng of_row(plan.seed, kLikes, ~row);
  out.timestamp(before(plan.as_of, of_row, days(365)));
}

void comment(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = id_of(plan.first_comment, row);
  Rng rng = of(plan, kComments, id);
  out.begin_row(5);
  out.int8(id);
  out.int8(any_post(plan, rng));
  out.int8(any_user(plan, rng));
  out.text(sentence(rng, 3, 20));
  out.timestamp(before(plan.as_of, rng, days(365)));
}

void message(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = id_of(plan.first_message, row);
  Rng rng = of(plan, kMessages, id);
  const std::int64_t sender = any_user(plan, rng);
  out.begin_row(6);
  out.int8(id);
  out.int8(sender);
  out.int8(anybody_but(plan, sender, rng));
  out.text(sentence(rng, 3, 30));
  out.boolean(rng.chance(0.85));
  out.timestamp(before(plan.as_of, rng, days(180)));
}

void notification(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out) {
  const std::int64_t id = id_of(plan.first_notification, row);
  Rng rng = of(plan, kNotifications, id);
  out.begin_row(5);
  out.int8(id);
  out.int8(any_user(plan, rng));
  out.text(pick(kKinds, rng));
  out.boolean(rng.chance(0.8));
  out.timestamp(before(plan.as_of, rng, days(90)));
}

constexpr std::string_view kTime = "timestamp with time zone";

}  // namespace

const std::vector<SocialTable>& social_tables() {
  static const std::vector<SocialTable> tables{
      {.name = "users",
       .key = "user_id",
       .first_id = &SocialPlan::first_user,
       .columns = {{"user_id", "bigint"},
                   {"email", "text"},
                   {"phone", "text"},
                   {"oauth_provider", "text"},
                   {"oauth_id", "text"},
                   {"password_hash", "text"},
                   {"name", "text"},
                   {"location", "text"},
                   {"created_at", kTime},
                   {"last_login_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.users; },
       .make_row = user},
      {.name = "posts",
       .key = "post_id",
       .first_id = &SocialPlan::first_post,
       .columns = {{"post_id", "bigint"},
                   {"user_id", "bigint"},
                   {"post_type", "text"},
                   {"content", "text"},
                   {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.posts(); },
       .make_row = post},
      {.name = "jobs",
       .key = "job_id",
       .first_id = &SocialPlan::first_job,
       .columns = {{"job_id", "bigint"},
                   {"employer_id", "bigint"},
                   {"title", "text"},
                   {"description", "text"},
                   {"category", "text"},
                   {"location", "text"},
                   {"salary_min", "integer"},
                   {"salary_max", "integer"},
                   {"is_active", "boolean"},
                   {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.jobs(); },
       .make_row = job},
      {.name = "follows",
       .key = "",
       .first_id = nullptr,
       .columns = {{"follower_id", "bigint"}, {"followed_id", "bigint"}, {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.users * plan.follows_each(); },
       .make_row = follow},
      {.name = "likes",
       .key = "",
       .first_id = nullptr,
       .columns = {{"user_id", "bigint"}, {"post_id", "bigint"}, {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.users * plan.likes_each(); },
       .make_row = like},
      {.name = "comments",
       .key = "comment_id",
       .first_id = &SocialPlan::first_comment,
       .columns = {{"comment_id", "bigint"},
                   {"post_id", "bigint"},
                   {"user_id", "bigint"},
                   {"content", "text"},
                   {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.users * 2; },
       .make_row = comment},
      {.name = "messages",
       .key = "message_id",
       .first_id = &SocialPlan::first_message,
       .columns = {{"message_id", "bigint"},
                   {"sender_id", "bigint"},
                   {"recipient_id", "bigint"},
                   {"content", "text"},
                   {"is_read", "boolean"},
                   {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.users * 5; },
       .make_row = message},
      {.name = "notifications",
       .key = "notification_id",
       .first_id = &SocialPlan::first_notification,
       .columns = {{"notification_id", "bigint"},
                   {"user_id", "bigint"},
                   {"kind", "text"},
                   {"is_read", "boolean"},
                   {"created_at", kTime}},
       .rows = [](const SocialPlan& plan) { return plan.users * 5; },
       .make_row = notification},
  };
  return tables;
}

}  // namespace scalectl::seed
