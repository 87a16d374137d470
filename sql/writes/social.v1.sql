-- writes: social
-- summary: What is written most to a social network's tables, in the order in which it is tried.

-- @write login
-- why: A thousand people log in.

UPDATE :"users" SET last_login_at = now()
 WHERE user_id IN (SELECT user_id FROM :"users" ORDER BY user_id LIMIT 1000);

-- @write like
-- why: A thousand people like a post.

INSERT INTO :"likes" (user_id, post_id, created_at)
SELECT user_id, post_id + (SELECT max(post_id) FROM :"likes"), now()
  FROM :"likes" ORDER BY user_id, post_id LIMIT 1000;

-- @write message
-- why: A thousand messages are sent.

INSERT INTO :"messages" (message_id, sender_id, recipient_id, content, is_read, created_at)
SELECT message_id + (SELECT max(message_id) FROM :"messages"), recipient_id, sender_id, content, false,
       now()
  FROM :"messages" ORDER BY message_id LIMIT 1000;

-- @write read_messages
-- why: A thousand messages are read.

UPDATE :"messages" SET is_read = true
 WHERE message_id IN (SELECT message_id FROM :"messages" WHERE NOT is_read
                       ORDER BY message_id LIMIT 1000);
