-- Raises, renews or gives back what a request holds. KEYS: for each account its held hash and its expiries, then for each
-- gauge its requests under way. ARGV: request id, amount to hold ('0': give everything back), expiry in ms, time to live
-- in s, number of accounts.
local id, amount = 'r:' .. ARGV[1], ARGV[2]
local accounts = tonumber(ARGV[5]) * 2
for key = 1, accounts, 2 do
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
for key = accounts + 1, #KEYS do
    redis.call('ZADD', KEYS[key], ARGV[3], ARGV[1])
    redis.call('EXPIRE', KEYS[key], ARGV[4])
end
return 1
