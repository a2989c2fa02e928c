-- Takes deliveries that are due, and keeps them from others for a while. KEYS: deliveries by when they are due. ARGV: now
-- and the end of the lease in ms, how many at most. Gives their names.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, name in ipairs(due) do
    redis.call('ZADD', KEYS[1], ARGV[2], name)
end
return due
