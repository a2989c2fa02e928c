-- Raises, renews or gives back what a request holds. KEYS: for each account its held hash and its expiries. ARGV:
-- request id, amount to hold ('0': give everything back), expiry in ms, time to live in s.
local id, amount = 'r:' .. ARGV[1], ARGV[2]
for key = 1, #KEYS, 2 do
    local before = redis.call('HGET', KEYS[key], id)
    if amount == '0' then
        if before then
            redis.call('HINCRBY', KEYS[key], 'held', '-' .. before)
            redis.call('HDEL', KEYS[key], id)
        end
        redis.call('ZREM', KEYS[key + 1], ARGV[1])
    else
        if not before or tonumber(before) < tonumber(amount) then
            if before then redis.call('HINCRBY', KEYS[key], 'held', '-' .. before) end
            redis.call('HINCRBY', KEYS[key], 'held', amount)
            redis.call('HSET', KEYS[key], id, amount)
        end
        redis.call('ZADD', KEYS[key + 1], ARGV[3], ARGV[1])
        redis.call('EXPIRE', KEYS[key], ARGV[4])
        redis.call('EXPIRE', KEYS[key + 1], ARGV[4])
    end
end
return 1
