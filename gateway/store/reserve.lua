-- Sets an estimate aside on every account and counts the request on every gauge, or does nothing. KEYS: when reservations
-- expire, reservations, held; for each period what accounts spent in it; for each gauge its level; of a watched session
-- its stretch, its user's paused sessions and the users who have some; for each gauge that bounds requests at once those
-- under way. ARGV: request id, now and expiry in ms, estimate, time to live in s, tokens, number of periods, of accounts,
-- of limits, of gauges and of watched sessions (1 or 0); the accounts; for each limit the numbers of its account and of
-- its period, and its nano-dollars; for each gauge its limits, 0 for none: requests, tokens and nano-dollars a minute,
-- requests at once; of the session: its id, its user, the most nano-dollars and requests (0 for none) and the length of a
-- stretch in minutes.
-- Gives: 1 granted, 0 no money, 2 a gauge is full, 3 paused before, 4 paused by this request; the least amount held; then
-- of 2: which gauge, which measure and the wait in ms, of 3 and 4: the paused session's record and two zeros; then spent
-- and held for each limit as they were before.
-- Sums of money only ever change by HINCRBY, so that no double touches them; comparing doubles is off by less than a
-- micro-dollar at nine million dollars. Levels are counted in millionths: they run empty within minutes.
--@include take_back.part.lua
--@include level.part.lua
local id, now, estimate = ARGV[1], ARGV[2], ARGV[4]
local moment, guess = tonumber(now), tonumber(estimate)
local periods, accounts, limits = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local gauges, watched = tonumber(ARGV[10]), ARGV[11] == '1'
local at = 12
local answer, grants = {1, estimate, 0, 0, 0}, {}
if accounts > 0 then
    local late = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
    for _, gone in ipairs(late) do
        take_back(gone)
        redis.call('ZREM', KEYS[1], gone)
    end
    local last = at + accounts - 1
    local held = redis.call('HMGET', KEYS[3], unpack(ARGV, at, last))
    local spent, room = {}, {}
    for period = 1, periods do spent[period] = redis.call('HMGET', KEYS[3 + period], unpack(ARGV, at, last)) end
    for limit = last + 1, last + limits * 3, 3 do
        local account = tonumber(ARGV[limit])
        local before = spent[tonumber(ARGV[limit + 1])][account] or '0'
        local left = tonumber(ARGV[limit + 2]) - tonumber(before)
        if not room[account] or left < room[account] then room[account] = left end
        answer[#answer + 1] = before
        answer[#answer + 1] = held[account] or '0'
    end
    local least = guess
    for account = 1, accounts do
        local amount = estimate
        if room[account] <= 0 then
            answer[1] = 0
        elseif not held[account] or held[account] == '0' then
            if guess > room[account] then amount = string.format('%d', math.max(room[account], 1)) end
        elseif tonumber(held[account]) + guess > room[account] then
            answer[1] = 0
        end
        if tonumber(amount) < least then
            least = tonumber(amount)
            answer[2] = amount
        end
        grants[account * 2 - 1] = ARGV[at + account - 1]
        grants[account * 2] = amount
    end
    if answer[1] == 0 then return answer end
    at = last + 1 + limits * 3
end

local first = 3 + periods
local levels, longest = {}, 0
local stretch_at = first + gauges + 1
local busy_at = first + gauges + (watched and 3 or 0)
local read = {}
if gauges > 0 or watched then read = redis.call('MGET', unpack(KEYS, first + 1, watched and stretch_at or first + gauges)) end
for gauge = 1, gauges do
    local most = {tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])}
    local level, since = level_of(read[gauge], moment, most)
    for measure = 1, 3 do
        if most[measure] > 0 then
            local over = level[measure] - most[measure]
            if measure == 1 then over = over + 1 - 1e-6 end
            if over > 0 or (over == 0 and measure > 1) then
                local wait = math.max(1, math.ceil(over * 60000 / most[measure]))
                if wait > longest then longest, answer[3], answer[4] = wait, gauge, measure end
            end
        end
    end
    local at_once, busy = tonumber(ARGV[at + 3]), nil
    if at_once > 0 then
        busy_at = busy_at + 1
        busy = KEYS[busy_at]
        redis.call('ZREMRANGEBYSCORE', busy, '-inf', now)
        if redis.call('ZCARD', busy) >= at_once and 2000 > longest then
            longest, answer[3], answer[4] = 2000, gauge, 4
        end
    end
    levels[gauge] = {level, most, busy, since}
    at = at + 4
end

if watched then
    local session, user = ARGV[at], ARGV[at + 1]
    local most_cost, most_requests, minutes = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local stretch, paused_key = KEYS[stretch_at], KEYS[stretch_at + 1]
    local paused = redis.call('HGET', paused_key, session)
    local began, cost, requests
    if read[gauges + 1] then began, cost, requests = string.match(read[gauges + 1], '(%d+) (%d+) (%d+)') end
    local current = began and moment - tonumber(began) < minutes * 60000
    local verdict = paused and 3 or nil
    if not paused and current and ((most_cost > 0 and tonumber(cost) >= most_cost)
            or (most_requests > 0 and tonumber(requests) >= most_requests)) then
        paused = table.concat({now, cost, requests, minutes, ARGV[at + 2], ARGV[at + 3], user}, ' ')
        redis.call('HSET', paused_key, session, paused)
        redis.call('EXPIRE', paused_key, 2592000)
        redis.call('ZADD', KEYS[stretch_at + 2], moment + 2592000000, user)
        redis.call('DEL', stretch)
        verdict = 4
    end
    if verdict then
        answer[1], answer[2], answer[3], answer[4], answer[5] = verdict, '0', paused, 0, 0
        return answer
    end
    if longest == 0 then
        if current then
            redis.call('SET', stretch, string.format('%s %s %d', began, cost, requests + 1), 'KEEPTTL')
        else
            redis.call('SET', stretch, now .. ' 0 1', 'EX', minutes * 60)
        end
    end
end
if longest > 0 then
    answer[1], answer[2], answer[5] = 2, '0', longest
    return answer
end

local draw = {1, tonumber(ARGV[6]), guess}
for gauge = 1, gauges do
    local level, most, busy, since = unpack(levels[gauge])
    local bounded = false
    for measure = 1, 3 do
        if most[measure] > 0 then
            level[measure] = level[measure] + draw[measure]
            bounded = bounded or level[measure] > 0
        end
    end
    if bounded then keep_level(KEYS[first + gauge], level, since, most) end
    if busy then
        redis.call('ZADD', busy, ARGV[3], id)
        redis.call('EXPIRE', busy, ARGV[5])
    end
end
if accounts > 0 then
    for part = 1, #grants, 2 do redis.call('HINCRBY', KEYS[3], grants[part], grants[part + 1]) end
    redis.call('HSET', KEYS[2], id, cmsgpack.pack(grants))
    redis.call('ZADD', KEYS[1], ARGV[3], id)
end
return answer
