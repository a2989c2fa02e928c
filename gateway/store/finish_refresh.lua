-- Stores a refreshed session unless it was revoked or refreshed by another meanwhile, and ends the lease.
-- KEYS: session. ARGV: now, time to live in ms, the generation that was refreshed, field, value, ...
local session = redis.call('HMGET', KEYS[1], 'expires_at', 'generation')
if not session[1] or tonumber(session[1]) <= tonumber(ARGV[1]) then return 'gone' end
if tonumber(session[2]) ~= tonumber(ARGV[3]) then return 'late' end
redis.call('HDEL', KEYS[1], 'leased_until')
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'done'
