-- Adds one charge to its accounts, the reports and the records, takes back what it held and ends it on its gauges; once,
-- however often it is asked. KEYS: when reservations expire, reservations, held; seen bits, records, principals, hour
-- cells, day cells, month cells, totals, sessions, touched accounts, their number; what accounts spent in the day, the
-- week and the month; then those of end_request. ARGV: number of this settlement, request id, cost in nano-dollars, the
-- six counts (input, output, cache read, two cache writes, web searches), cell, total cell, session cell, times to live in
-- s (seen bits, hours, days and months, sessions, the three of what accounts spent), records to keep, record, subject,
-- principal (JSON or ''), number of accounts, of touched ones and of requests to end (1 or 0); the accounts; the names of
-- the touched ones; then those of end_request.
--@include take_back.part.lua
--@include level.part.lua
--@include end_request.part.lua
if redis.call('SETBIT', KEYS[4], ARGV[1], 1) == 1 then return 0 end
if tonumber(ARGV[1]) % 256 == 0 then redis.call('EXPIRE', KEYS[4], ARGV[13]) end
local id, cost = ARGV[2], ARGV[3]

-- Exact beyond 2^53, where doubles are not: in two halves of at most 15 digits.
local function plus(left, right)
    if #left < 16 and #right < 16 then return string.format('%d', left + right) end
    local low = tonumber(string.sub(left, -15)) + tonumber(string.sub(right, -15))
    local high = (tonumber(string.sub(left, 1, -16)) or 0) + (tonumber(string.sub(right, 1, -16)) or 0)
    if low >= 1e15 then low, high = low - 1e15, high + 1 end
    if high == 0 then return string.format('%d', low) end
    return string.format('%d%015d', high, low)
end

local fresh = '1 ' .. table.concat(ARGV, ' ', 4, 9) .. ' ' .. cost
local function add(key, cell, life)
    local before = redis.call('HGET', key, cell)
    if not before then
        redis.call('HSET', key, cell, fresh)
        redis.call('EXPIRE', key, life)
        return
    end
    local requests, input, output, read, short, long, searches, sum =
        string.match(before, '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)')
    redis.call('HSET', key, cell, string.format('%d %d %d %d %d %d %d %s', requests + 1, input + ARGV[4],
        output + ARGV[5], read + ARGV[6], short + ARGV[7], long + ARGV[8], searches + ARGV[9], plus(sum, cost)))
end
add(KEYS[7], ARGV[10], ARGV[14])
add(KEYS[8], ARGV[10], ARGV[15])
add(KEYS[9], ARGV[10], ARGV[15])
add(KEYS[10], ARGV[11], ARGV[15])
add(KEYS[11], ARGV[12], ARGV[16])

local accounts, touched, ends = tonumber(ARGV[24]), tonumber(ARGV[25]), ARGV[26] == '1'
for account = 27, 26 + accounts do
    for period = 0, 2 do
        if redis.call('HINCRBY', KEYS[14 + period], ARGV[account], cost) == tonumber(cost) then
            redis.call('EXPIRE', KEYS[14 + period], ARGV[17 + period])
        end
    end
end
take_back(id)
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[20], '*', 'r', ARGV[21])
for account = 27 + accounts, 26 + accounts + touched do
    redis.call('ZADD', KEYS[12], redis.call('INCR', KEYS[13]), ARGV[account])
end
if ARGV[23] ~= '' then redis.call('HSET', KEYS[6], ARGV[22], ARGV[23]) end
if ends then end_request(id, 17, 27 + accounts + touched) end
return 1
