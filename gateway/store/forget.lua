-- Removes fields of a hash that are still what the caller read: what was written meanwhile stays. KEYS: hash. ARGV:
-- field, value, ... Gives how many it removed.
local gone = 0
for at = 1, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then gone = gone + redis.call('HDEL', KEYS[1], ARGV[at]) end
end
return gone
