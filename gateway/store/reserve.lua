-- Decides holds one after the other, each as if it came alone: sets an estimate aside on every account and counts the
-- request on every gauge, or does nothing. What several of them look at is read once and written once.
-- KEYS: when reservations expire, reservations, held, users with paused sessions; for each period what accounts spent in
-- it; for each gauge its level; for each watched session its stretch; for each gauge its requests under way; for each
-- session its user's paused sessions. ARGV: now in ms, time to live of those under way in s, numbers of periods, of
-- accounts, of gauges, of sessions and of holds; the accounts; for each gauge its limits, 0 for none: requests, tokens and
-- nano-dollars a minute, requests at once; for each session its id, its user, the most nano-dollars and requests (0 for
-- none) and the length of a stretch in minutes; for each hold its id, now and expiry in ms, estimate, tokens, number of
-- limits, of gauges and of its session (0: none); for each limit the numbers of its account and of its period, and its
-- nano-dollars; the numbers of its gauges.
-- Gives for each hold: 1 granted, 0 no money, 2 a gauge is full, 3 paused before, 4 paused by this request; the least amount
-- held; then of 2: which of its gauges, which measure and the wait in ms, of 3 and 4: the paused session's record and two
-- zeros; then spent and held for each limit as they were before.
-- Sums of money are added up exactly; comparing doubles is off by less than a micro-dollar at nine million dollars. Levels
-- are counted in millionths: they run empty within minutes.
--@include plus.part.lua
--@include take_back.part.lua
--@include level.part.lua
local at = 0
local function text()
    at = at + 1
    return ARGV[at]
end
local function number() return tonumber(text()) end

local now, life = text(), text()
local moment = tonumber(now)
local periods, accounts, gauges, sessions, holds = number(), number(), number(), number(), number()
local spent_at = 4
local level_at = spent_at + periods
local stretch_at = level_at + gauges
local busy_at = stretch_at + sessions
local paused_at = busy_at + gauges

local names, held, spent = {}, {}, {}
for account = 1, accounts do names[account] = text() end
if accounts > 0 then
    take_back(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000))
    held = redis.call('HMGET', KEYS[3], unpack(names))
    for period = 1, periods do spent[period] = redis.call('HMGET', KEYS[spent_at + period], unpack(names)) end
end

local read = {}
if gauges + sessions > 0 then read = redis.call('MGET', unpack(KEYS, level_at + 1, busy_at)) end
local gauge_of, session_of = {}, {}
for gauge = 1, gauges do
    local most = {number(), number(), number()}
    local level, since = level_of(read[gauge], moment, most)
    local one = {most = most, at_once = number(), level = level, since = since, begun = {}}
    if one.at_once > 0 then
        redis.call('ZREMRANGEBYSCORE', KEYS[busy_at + gauge], '-inf', now)
        one.busy = redis.call('ZCARD', KEYS[busy_at + gauge])
    end
    gauge_of[gauge] = one
end
for session = 1, sessions do
    local one = {id = text(), user = text(), most_cost = text(), most_requests = text(), minutes = text()}
    one.stretch, one.paused_key = KEYS[stretch_at + session], KEYS[paused_at + session]
    one.paused = redis.call('HGET', one.paused_key, one.id)
    local stretch = read[gauges + session]
    if stretch then one.began, one.cost, one.requests = string.match(stretch, '(%d+) (%d+) (%d+)') end
    if not one.began or moment - tonumber(one.began) >= tonumber(one.minutes) * 60000 then
        one.began, one.cost, one.requests, one.anew = now, '0', '0', true
    end
    session_of[session] = one
end

-- Answers with how the limits stand and the least amount; the accounts and amounts in turn, nothing when one has no room.
local function fund(estimate, limits, answer)
    local guess, rooms, order = tonumber(estimate), {}, {}
    for _ = 1, limits do
        local account, period, amount = number(), number(), number()
        local before = spent[period][account] or '0'
        local left = amount - tonumber(before)
        if not rooms[account] then order[#order + 1] = account end
        rooms[account] = math.min(rooms[account] or left, left)
        answer[#answer + 1] = before
        answer[#answer + 1] = held[account] or '0'
    end
    local grants = {}
    for _, account in ipairs(order) do
        local room, amount, others = rooms[account], estimate, held[account] or '0'
        if room <= 0 or (others ~= '0' and tonumber(others) + guess > room) then return nil end
        if others == '0' and guess > room then amount = string.format('%d', math.max(room, 1)) end
        if tonumber(amount) < tonumber(answer[2]) then answer[2] = amount end
        grants[#grants + 1] = names[account]
        grants[#grants + 1] = amount
    end
    return grants, order
end

-- Whether it is paused, or has become so by what it did in this stretch.
local function is_paused(session, since, answer)
    local verdict = 3
    if not session.paused then
        local cost, requests = tonumber(session.most_cost), tonumber(session.most_requests)
        local over = (cost > 0 and tonumber(session.cost) >= cost)
            or (requests > 0 and tonumber(session.requests) >= requests)
        if not over then return false end
        verdict = 4
        session.paused = table.concat({since, session.cost, session.requests, session.minutes, session.most_cost,
            session.most_requests, session.user}, ' ')
        redis.call('HSET', session.paused_key, session.id, session.paused)
        redis.call('EXPIRE', session.paused_key, 2592000)
        redis.call('ZADD', KEYS[4], moment + 2592000000, session.user)
        redis.call('DEL', session.stretch)
        session.counted = false
    end
    answer[1], answer[2], answer[3] = verdict, '0', session.paused
    return true
end

-- Whether a gauge has no room: the one that takes longest, and how long.
local function is_full(on, answer)
    local longest = 0
    for place, gauge in ipairs(on) do
        for measure = 1, 3 do
            local most = gauge.most[measure]
            if most > 0 then
                local over = gauge.level[measure] - most
                if measure == 1 then over = over + 1 - 1e-6 end
                if over > 0 or (over == 0 and measure > 1) then
                    local wait = math.max(1, math.ceil(over * 60000 / most))
                    if wait > longest then longest, answer[3], answer[4] = wait, place, measure end
                end
            end
        end
        if gauge.at_once > 0 and gauge.busy >= gauge.at_once and 2000 > longest then
            longest, answer[3], answer[4] = 2000, place, 4
        end
    end
    if longest > 0 then answer[1], answer[2], answer[5] = 2, '0', longest end
    return longest > 0
end

local function count(on, id, expiry, draw)
    for _, gauge in ipairs(on) do
        for measure = 1, 3 do
            if gauge.most[measure] > 0 then
                gauge.level[measure] = gauge.level[measure] + draw[measure]
                gauge.counted = gauge.counted or gauge.level[measure] > 0
            end
        end
        if gauge.busy then
            gauge.busy = gauge.busy + 1
            gauge.begun[#gauge.begun + 1] = expiry
            gauge.begun[#gauge.begun + 1] = id
        end
    end
end

local answers, more, reservations, expiries = {}, {}, {}, {}
for hold = 1, holds do
    local id, since, expiry, estimate, tokens = text(), text(), text(), text(), number()
    local limits, counting, watched = number(), number(), number()
    local answer, on = {1, estimate, 0, 0, 0}, {}
    answers[hold] = answer
    local grants, order = fund(estimate, limits, answer)
    for place = 1, counting do on[place] = gauge_of[number()] end
    local session = session_of[watched]
    if not grants then
        answer[1] = 0
    elseif not (session and is_paused(session, since, answer)) and not is_full(on, answer) then
        if session then session.requests, session.counted = string.format('%d', session.requests + 1), true end
        count(on, id, expiry, {1, tokens, tonumber(estimate)})
        for place, account in ipairs(order) do
            held[account] = plus(held[account] or '0', grants[place * 2])
            more[account] = plus(more[account] or '0', grants[place * 2])
        end
        if limits > 0 then
            reservations[#reservations + 1] = id
            reservations[#reservations + 1] = cmsgpack.pack(grants)
            expiries[#expiries + 1] = expiry
            expiries[#expiries + 1] = id
        end
    end
end

for gauge, one in ipairs(gauge_of) do
    if one.counted then keep_level(KEYS[level_at + gauge], one.level, one.since, one.most) end
    if #one.begun > 0 then
        redis.call('ZADD', KEYS[busy_at + gauge], unpack(one.begun))
        redis.call('EXPIRE', KEYS[busy_at + gauge], life)
    end
end
for _, one in ipairs(session_of) do
    if one.counted then
        local stretch = table.concat({one.began, one.cost, one.requests}, ' ')
        if one.anew then
            redis.call('SET', one.stretch, stretch, 'EX', one.minutes * 60)
        else
            redis.call('SET', one.stretch, stretch, 'KEEPTTL')
        end
    end
end
if #reservations > 0 then
    for account, amount in pairs(more) do redis.call('HINCRBY', KEYS[3], names[account], amount) end
    redis.call('HSET', KEYS[2], unpack(reservations))
    redis.call('ZADD', KEYS[1], unpack(expiries))
end
return answers
