-- Deletes a session and tells every replica, also when it was not there: some may still remember it.
-- KEYS: session. ARGV: channel, session id. Gives what it held.
local record = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return record
