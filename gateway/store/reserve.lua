-- Decides holds one after the other, each as if it came alone: sets an estimate aside on every account and counts the
-- request on every gauge, or does nothing. What several of them look at is read once and written once.
-- KEYS: reservations, held, users with paused sessions; for each period what accounts spent in
-- it; for each gauge its level; for each watched session its stretch; for each gauge its requests under way; for each
-- session its user's paused sessions. ARGV: now and expiry in ms, time to live of those under way in s, numbers of periods,
-- of accounts, of gauges, of sessions, of sets of bounds and of holds; the accounts; for each gauge its limits, 0 for none:
-- requests, tokens and nano-dollars a minute, requests at once; for each session its id, its user, the most nano-dollars and
-- requests (0 for none) and the length of a stretch in minutes; for each set of bounds how many limits and gauges it has and
-- the number of its session (0: none), for each limit the numbers of its account and of its period and its nano-dollars, the
-- numbers of its gauges; for each hold its id, estimate in nano-dollars (at most 9 * 10^12), tokens and the number of its bounds.
-- Gives for each hold, blanks between: what was spent by each of its limits, what was held before it on each of their
-- accounts, each once, and the verdict: 1 granted, and the least amount held; 0 no money; 2 a gauge is full, which of its
-- gauges, which measure and the wait in ms; 3 paused before, 4 paused by this request, and the paused session's record.
-- Sums of money are added up exactly up to nine million dollars under way at once; comparing doubles is off by less than a
-- micro-dollar there. Levels are counted in millionths: they run empty within minutes.
--@include take_back.part.lua
--@include late.part.lua
--@include level.part.lua
local at = 0
local function text()
    at = at + 1
    return ARGV[at]
end
local function number()
    at = at + 1
    return tonumber(ARGV[at])
end

local now, expiry, life = text(), text(), text()
local moment, until_then = tonumber(now), tonumber(expiry)
local periods, accounts, gauges, sessions, sets, holds = number(), number(), number(), number(), number(), number()
local spent_at = 3
local level_at = spent_at + periods
local stretch_at = level_at + gauges
local busy_at = stretch_at + sessions
local paused_at = busy_at + gauges

-- Looks through all reservations at most once a second, and only when one may have expired.
local function forget_late(earliest)
    if not earliest or moment < tonumber(earliest) then return false end
    local late, next = late_ones(moment)
    for first = 1, #late, 1000 do take_back({unpack(late, first, math.min(first + 999, #late))}) end
    redis.call('HSET', KEYS[2], 'earliest', string.format('%d', math.max(next or until_then, moment + 1000)))
    return true
end

-- By account; as numbers, and as they are told, which is made when it is asked for.
local names, held, held_text, spent, earliest = {'earliest'}, {}, {}, {}, nil
for account = 1, accounts do names[account + 1] = text() end
if accounts > 0 then
    local kept = redis.call('HMGET', KEYS[2], unpack(names))
    if forget_late(kept[1]) then kept = redis.call('HMGET', KEYS[2], unpack(names)) end
    earliest = tonumber(kept[1] or nil)
    for account = 1, accounts do held[account] = tonumber(kept[account + 1] or 0) end
    for period = 1, periods do spent[period] = redis.call('HMGET', KEYS[spent_at + period], unpack(names, 2)) end
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

local answers, bounds, none = {}, {}, {}
for set = 1, sets do
    local limits, counting, watched = number(), number(), number()
    local one = {accounts = {}, rooms = {}, gauges = none, session = session_of[watched], answer = {}}
    for limit = 1, limits do
        local account, period, amount = number(), number(), number()
        local before = spent[period][account] or '0'
        local room, place = amount - before, 1
        while one.accounts[place] and one.accounts[place] ~= account do place = place + 1 end
        one.accounts[place] = account
        one.rooms[place] = math.min(one.rooms[place] or room, room)
        one.answer[limit] = before
    end
    if counting > 0 then one.gauges = {} end
    for gauge = 1, counting do one.gauges[gauge] = gauge_of[number()] end
    one.told = limits
    bounds[set] = one
end

-- A reservation on each account, and the least amount; nothing when one has no room.
local function fund(one, estimate)
    local grants, least = {until_then}, estimate
    for place, account in ipairs(one.accounts) do
        local room, others, amount = one.rooms[place], held[account], estimate
        if room <= 0 or (others > 0 and others + estimate > room) then return nil end
        if others <= 0 and estimate > room then amount = math.max(room, 1) end
        if amount < least then least = amount end
        grants[place * 2] = names[account + 1]
        grants[place * 2 + 1] = amount
    end
    return grants, least
end

-- The verdict when it is paused, or has become so by what it did in this stretch.
local function is_paused(session)
    if session.paused then return 3 end
    local cost, requests = tonumber(session.most_cost), tonumber(session.most_requests)
    local over = (cost > 0 and tonumber(session.cost) >= cost) or (requests > 0 and tonumber(session.requests) >= requests)
    if not over then return nil end
    session.paused = table.concat({now, session.cost, session.requests, session.minutes, session.most_cost,
        session.most_requests, session.user}, ' ')
    redis.call('HSET', session.paused_key, session.id, session.paused)
    redis.call('EXPIRE', session.paused_key, 2592000)
    redis.call('ZADD', KEYS[3], moment + 2592000000, session.user)
    redis.call('DEL', session.stretch)
    session.counted = false
    return 4
end

-- When a gauge has no room: which of them takes longest, which measure and how long; or zeros.
local function is_full(on)
    local full, by, longest = 0, 0, 0
    for place, gauge in ipairs(on) do
        for measure = 1, 3 do
            local most = gauge.most[measure]
            if most > 0 then
                local over = gauge.level[measure] - most
                if measure == 1 then over = over + 1 - 1e-6 end
                if over > 0 or (over == 0 and measure > 1) then
                    local wait = math.max(1, math.ceil(over * 60000 / most))
                    if wait > longest then full, by, longest = place, measure, wait end
                end
            end
        end
        if gauge.at_once > 0 and gauge.busy >= gauge.at_once and 2000 > longest then
            full, by, longest = place, 4, 2000
        end
    end
    return full, by, longest
end

local function count(on, id, tokens, estimate)
    local draw = {1, tokens, estimate}
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

-- Appends the verdict, and sets aside and counts what it grants.
local raised, reservations = {}, {}
local function decide(id, estimate, tokens, one, answer, last)
    local grants, least = fund(one, estimate)
    if not grants then
        answer[last + 1] = 0
        return last + 1
    end
    local session, on = one.session, one.gauges
    local paused = session and is_paused(session)
    if paused then
        answer[last + 1], answer[last + 2] = paused, session.paused
        return last + 2
    end
    local full, by, wait = is_full(on)
    if full > 0 then
        answer[last + 1], answer[last + 2], answer[last + 3], answer[last + 4] = 2, full, by, wait
        return last + 4
    end
    if session then session.requests, session.counted = string.format('%d', session.requests + 1), true end
    count(on, id, tokens, estimate)
    for place, account in ipairs(one.accounts) do
        local amount = grants[place * 2 + 1]
        held[account], held_text[account] = held[account] + amount, nil
        raised[account] = true
    end
    if #grants > 1 then
        reservations[#reservations + 1] = id
        reservations[#reservations + 1] = cmsgpack.pack(grants)
    end
    answer[last + 1], answer[last + 2] = 1, least
    return last + 2
end
for hold = 1, holds do
    local id, estimate, tokens, one = text(), number(), number(), bounds[number()]
    local answer, last = one.answer, one.told
    for _, account in ipairs(one.accounts) do
        if not held_text[account] then held_text[account] = string.format('%d', held[account]) end
        last = last + 1
        answer[last] = held_text[account]
    end
    answers[hold] = table.concat(answer, ' ', 1, decide(id, estimate, tokens, one, answer, last))
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
    local sums = {}
    if not earliest or until_then < earliest then sums = {'earliest', expiry} end
    for account in pairs(raised) do
        sums[#sums + 1] = names[account + 1]
        sums[#sums + 1] = string.format('%d', held[account])
    end
    redis.call('HSET', KEYS[2], unpack(sums))
    redis.call('HSET', KEYS[1], unpack(reservations))
end
return answers
