-- Sets an estimate aside on every account, or on none. KEYS: for each account its held hash, its expiries, then one
-- spent counter a limit. ARGV: request id, now and expiry in ms, estimate, time to live in s, number of accounts, then
-- for each account: number of limits, and that many limits in nano-dollars.
-- Gives: granted, the least amount held, then spent and held for each limit as they were before.
-- Counters only ever change by HINCRBY, so that no double touches them; comparing doubles is off by less than a
-- micro-dollar at nine million dollars.
local id, now, estimate = ARGV[1], ARGV[2], ARGV[4]
local key, at = 1, 7
local answer, grants = {1, estimate}, {}
local least = tonumber(estimate)
for account = 1, tonumber(ARGV[6]) do
    local held_key, expiry_key = KEYS[key], KEYS[key + 1]
    local late = redis.call('ZRANGEBYSCORE', expiry_key, '-inf', now, 'LIMIT', 0, 1000)
    for _, gone in ipairs(late) do
        local amount = redis.call('HGET', held_key, 'r:' .. gone)
        if amount then
            redis.call('HINCRBY', held_key, 'held', '-' .. amount)
            redis.call('HDEL', held_key, 'r:' .. gone)
        end
        redis.call('ZREM', expiry_key, gone)
    end
    local held = redis.call('HGET', held_key, 'held') or '0'
    local room = math.huge
    local limits = tonumber(ARGV[at])
    for limit = 1, limits do
        local spent = redis.call('GET', KEYS[key + 1 + limit]) or '0'
        room = math.min(room, tonumber(ARGV[at + limit]) - tonumber(spent))
        answer[#answer + 1] = spent
        answer[#answer + 1] = held
    end
    local amount = estimate
    if room <= 0 then
        answer[1] = 0
    elseif held == '0' then
        if tonumber(estimate) > room then amount = string.format('%.0f', math.max(room, 1)) end
    elseif tonumber(held) + tonumber(estimate) > room then
        answer[1] = 0
    end
    if tonumber(amount) < least then
        least = tonumber(amount)
        answer[2] = amount
    end
    grants[account] = {held_key, expiry_key, amount}
    key = key + 2 + limits
    at = at + 1 + limits
end
if answer[1] == 0 then return answer end
for _, grant in ipairs(grants) do
    redis.call('HINCRBY', grant[1], 'held', grant[3])
    redis.call('HSET', grant[1], 'r:' .. id, grant[3])
    redis.call('ZADD', grant[2], ARGV[3], id)
    redis.call('EXPIRE', grant[1], ARGV[5])
    redis.call('EXPIRE', grant[2], ARGV[5])
end
return answer
