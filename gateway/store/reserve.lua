-- Sets an estimate aside on every account and counts the request on every gauge, or does nothing. KEYS: for each account
-- its held hash, its expiries, then one spent counter a limit; for each gauge its level and its requests under way; of a
-- watched session its stretch, its user's paused sessions and the users who have some. ARGV: request id, now and expiry
-- in ms, estimate, time to live in s, tokens, number of accounts, of gauges and of watched sessions (1 or 0); for each
-- account: number of limits, and that many limits in nano-dollars; for each gauge its limits, 0 for none: requests, tokens
-- and nano-dollars a minute, requests at once; of the session: its id, its user, the most nano-dollars and requests (0
-- for none) and the length of a stretch in minutes.
-- Gives: 1 granted, 0 no money, 2 a gauge is full, 3 paused before, 4 paused by this request; the least amount held; then
-- of 2: which gauge, which measure and the wait in ms, of 3 and 4: the paused session's record and two zeros; then spent
-- and held for each limit as they were before.
-- Counters of money only ever change by HINCRBY, so that no double touches them; comparing doubles is off by less than a
-- micro-dollar at nine million dollars. Levels are doubles: they run empty within minutes.
local id, now, estimate = ARGV[1], ARGV[2], ARGV[4]
local moment = tonumber(now)
local key, at = 1, 10
local answer, grants = {1, estimate, 0, 0, 0}, {}
local least = tonumber(estimate)
for account = 1, tonumber(ARGV[7]) do
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

local levels = {}
local longest = 0
for gauge = 1, tonumber(ARGV[8]) do
    local level_key, busy_key = KEYS[key], KEYS[key + 1]
    local most = {tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])}
    local read = redis.call('HMGET', level_key, 'r', 't', 'n', 'at')
    -- Clocks of several gateways differ: a level never runs backwards.
    local since = math.max(moment, tonumber(read[4]) or moment)
    local elapsed = since - (tonumber(read[4]) or since)
    local level = {}
    for measure = 1, 3 do
        level[measure] = 0
        if most[measure] > 0 then
            level[measure] = math.max(0, (tonumber(read[measure]) or 0) - elapsed * most[measure] / 60000)
            local over = level[measure] - most[measure]
            if measure == 1 then over = over + 1 - 1e-6 end
            if over > 0 or (over == 0 and measure > 1) then
                local wait = math.max(1, math.ceil(over * 60000 / most[measure]))
                if wait > longest then longest, answer[3], answer[4] = wait, gauge, measure end
            end
        end
    end
    local at_once = tonumber(ARGV[at + 3])
    if at_once > 0 then
        redis.call('ZREMRANGEBYSCORE', busy_key, '-inf', now)
        if redis.call('ZCARD', busy_key) >= at_once and 2000 > longest then
            longest, answer[3], answer[4] = 2000, gauge, 4
        end
    end
    levels[gauge] = {level_key, busy_key, level, most, at_once, string.format('%.0f', since)}
    key = key + 2
    at = at + 4
end

if ARGV[9] == '1' then
    local session, user = ARGV[at], ARGV[at + 1]
    local most_cost, most_requests, minutes = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local paused = redis.call('HGET', KEYS[key + 1], session)
    local stretch = redis.call('HMGET', KEYS[key], 'from', 'cost', 'requests')
    local began = tonumber(stretch[1])
    local current = began and moment - began < minutes * 60000
    local cost, requests = stretch[2] or '0', stretch[3] or '0'
    local verdict = paused and 3 or nil
    if not paused and current and ((most_cost > 0 and tonumber(cost) >= most_cost)
            or (most_requests > 0 and tonumber(requests) >= most_requests)) then
        paused = table.concat({now, cost, requests, minutes, ARGV[at + 2], ARGV[at + 3], user}, ' ')
        redis.call('HSET', KEYS[key + 1], session, paused)
        redis.call('EXPIRE', KEYS[key + 1], 2592000)
        redis.call('ZADD', KEYS[key + 2], moment + 2592000000, user)
        redis.call('DEL', KEYS[key])
        verdict = 4
    end
    if verdict then
        answer[1], answer[2], answer[3], answer[4], answer[5] = verdict, '0', paused, 0, 0
        return answer
    end
    if longest == 0 then
        if not current then
            redis.call('HSET', KEYS[key], 'from', now, 'cost', 0, 'requests', 0)
            redis.call('EXPIRE', KEYS[key], minutes * 60)
        end
        redis.call('HINCRBY', KEYS[key], 'requests', 1)
    end
end
if longest > 0 then
    answer[1], answer[2], answer[5] = 2, '0', longest
    return answer
end

for _, gauge in ipairs(levels) do
    local level, most = gauge[3], gauge[4]
    local draw = {1, tonumber(ARGV[6]), tonumber(estimate)}
    local life = 0
    local fields = {}
    for measure = 1, 3 do
        if most[measure] > 0 then
            level[measure] = level[measure] + draw[measure]
            life = math.max(life, level[measure] / most[measure])
            fields[#fields + 1] = ({'r', 't', 'n'})[measure]
            fields[#fields + 1] = string.format('%.17g', level[measure])
        end
    end
    if #fields > 0 then
        redis.call('HSET', gauge[1], 'at', gauge[6], unpack(fields))
        redis.call('PEXPIRE', gauge[1], math.ceil(math.min(life, 1440) * 60000) + 60000)
    end
    if gauge[5] > 0 then
        redis.call('ZADD', gauge[2], ARGV[3], id)
        redis.call('EXPIRE', gauge[2], ARGV[5])
    end
end
for _, grant in ipairs(grants) do
    redis.call('HINCRBY', grant[1], 'held', grant[3])
    redis.call('HSET', grant[1], 'r:' .. id, grant[3])
    redis.call('ZADD', grant[2], ARGV[3], id)
    redis.call('EXPIRE', grant[1], ARGV[5])
    redis.call('EXPIRE', grant[2], ARGV[5])
end
return answer
