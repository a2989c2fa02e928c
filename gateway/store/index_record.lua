-- Adds a member to a user's index, which lives as long as its longest-lived member; drops what has expired.
-- KEYS: index. ARGV: now, the member's end (both ms since 1970), member.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
local wanted = math.max(tonumber(ARGV[2]) - tonumber(ARGV[1]), 1)
if redis.call('PTTL', KEYS[1]) < wanted then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', wanted)) end
return 1
