-- pack: social
-- summary: What a social network looks up most (seed 004): logins, feeds, jobs, conversations, unread
--   counts.
-- family: social

-- @index users_email
-- why: Login by e-mail, whatever its case; and nobody registers one twice.
-- query: SELECT user_id, password_hash FROM :"users" WHERE lower(email) = lower(:email)
-- samples: SELECT email FROM :"users" WHERE user_id % 101 = 0
-- target: 5ms
-- seed-before: 50-100ms
-- seed-after: < 5ms

CREATE UNIQUE INDEX CONCURRENTLY users_email
    ON :"users" (lower(email));

-- @index users_phone
-- why: Login by phone.
-- query: SELECT user_id, password_hash FROM :"users" WHERE phone = :phone
-- samples: SELECT phone FROM :"users" WHERE user_id % 101 = 0 AND phone IS NOT NULL
-- target: 5ms
-- seed-before: 50-100ms
-- seed-after: < 5ms

CREATE UNIQUE INDEX CONCURRENTLY users_phone
    ON :"users" (phone)
 WHERE phone IS NOT NULL;

-- @index users_oauth
-- why: Login through somebody else.
-- query: SELECT user_id FROM :"users" WHERE oauth_provider = :provider AND oauth_id = :id
-- samples: SELECT oauth_provider AS provider, oauth_id AS id FROM :"users"
--   WHERE user_id % 101 = 0 AND oauth_id IS NOT NULL
-- target: 5ms
-- seed-before: 50-100ms
-- seed-after: < 5ms

CREATE UNIQUE INDEX CONCURRENTLY users_oauth
    ON :"users" (oauth_provider, oauth_id)
 WHERE oauth_id IS NOT NULL;

-- @index posts_user
-- why: The feed: the latest posts of those whom somebody follows.
-- query: SELECT p.post_id, p.user_id, p.content, p.created_at
--   FROM :"follows" f CROSS JOIN LATERAL (
--     SELECT * FROM :"posts" WHERE user_id = f.followed_id ORDER BY created_at DESC LIMIT 20) AS p
--   WHERE f.follower_id = :me ORDER BY p.created_at DESC LIMIT 20
-- samples: SELECT user_id AS me FROM :"users" WHERE user_id % 101 = 0
-- target: 10ms
-- seed-before: 500-1000ms
-- seed-after: < 10ms

CREATE INDEX CONCURRENTLY posts_user
    ON :"posts" (user_id, created_at DESC);

-- @index posts_type
-- why: The latest posts of one kind.
-- query: SELECT post_id, content FROM :"posts" WHERE post_type = :type ORDER BY created_at DESC LIMIT 20
-- samples: SELECT DISTINCT post_type AS type FROM :"posts"

CREATE INDEX CONCURRENTLY posts_type
    ON :"posts" (post_type, created_at DESC);

-- @index jobs_filter
-- why: Open jobs of a category and a place that pay enough.
-- query: SELECT job_id, title, salary_max FROM :"jobs"
--   WHERE is_active AND category = :category AND location = :location AND salary_max >= :salary::int
--   ORDER BY salary_max DESC LIMIT 20
-- samples: SELECT category, location, salary_max AS salary FROM :"jobs" WHERE is_active AND job_id % 11 = 0
-- target: 15ms
-- seed-before: 200-500ms
-- seed-after: < 15ms

CREATE INDEX CONCURRENTLY jobs_filter
    ON :"jobs" (category, location, salary_max)
 WHERE is_active;

-- @index jobs_text
-- why: Open jobs by the words in them.
-- query: SELECT job_id, title FROM :"jobs"
--   WHERE to_tsvector('english', title || ' ' || description) @@ plainto_tsquery('english', :words)
--     AND is_active ORDER BY created_at DESC LIMIT 20
-- samples: SELECT title AS words FROM :"jobs" WHERE is_active AND job_id % 11 = 0
-- target: 15ms
-- seed-before: 200-500ms
-- seed-after: < 15ms

CREATE INDEX CONCURRENTLY jobs_text
    ON :"jobs" USING gin (to_tsvector('english', title || ' ' || description))
 WHERE is_active;

-- @index follows_followed
-- why: Who follows somebody.
-- query: SELECT follower_id FROM :"follows" WHERE followed_id = :me
-- samples: SELECT user_id AS me FROM :"users" WHERE user_id % 101 = 0

CREATE INDEX CONCURRENTLY follows_followed
    ON :"follows" (followed_id);

-- @index likes_post
-- why: How many like a post.
-- query: SELECT count(*) FROM :"likes" WHERE post_id = :post
-- samples: SELECT post_id AS post FROM :"posts" WHERE post_id % 101 = 0

CREATE INDEX CONCURRENTLY likes_post
    ON :"likes" (post_id);

-- @index comments_post
-- why: The comments on a post, oldest first.
-- query: SELECT comment_id, user_id, content FROM :"comments" WHERE post_id = :post
--   ORDER BY created_at LIMIT 50
-- samples: SELECT post_id AS post FROM :"comments" WHERE comment_id % 101 = 0

CREATE INDEX CONCURRENTLY comments_post
    ON :"comments" (post_id, created_at);

-- @index messages_conversation
-- why: A conversation of two, latest first, whoever wrote.
-- query: SELECT message_id, sender_id, content FROM :"messages"
--   WHERE least(sender_id, recipient_id) = least(:me::bigint, :you::bigint)
--     AND greatest(sender_id, recipient_id) = greatest(:me::bigint, :you::bigint)
--   ORDER BY created_at DESC LIMIT 50
-- samples: SELECT sender_id AS me, recipient_id AS you FROM :"messages" WHERE message_id % 101 = 0

CREATE INDEX CONCURRENTLY messages_conversation
    ON :"messages" (least(sender_id, recipient_id), greatest(sender_id, recipient_id), created_at DESC);

-- @index messages_unread
-- why: How many messages somebody has not read.
-- query: SELECT count(*) FROM :"messages" WHERE recipient_id = :me AND NOT is_read
-- samples: SELECT recipient_id AS me FROM :"messages" WHERE message_id % 101 = 0
-- target: 10ms
-- seed-before: 100-200ms
-- seed-after: < 10ms

CREATE INDEX CONCURRENTLY messages_unread
    ON :"messages" (recipient_id)
 WHERE NOT is_read;

-- @index notifications_user
-- why: How many notifications somebody has not seen; and his latest ones. With few of them each, a
--   partial index for the count alone is no faster.
-- query: SELECT count(*) FROM :"notifications" WHERE user_id = :me AND NOT is_read
-- samples: SELECT user_id AS me FROM :"notifications" WHERE notification_id % 101 = 0
-- target: 10ms
-- seed-before: 100-200ms
-- seed-after: < 10ms

CREATE INDEX CONCURRENTLY notifications_user
    ON :"notifications" (user_id, created_at DESC) INCLUDE (is_read);
