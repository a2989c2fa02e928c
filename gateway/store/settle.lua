-- Adds one charge to its accounts, the reports and the records, and takes back what it held; once, however often it is
-- asked. KEYS: seen bits, records, principals, hour cells, day cells, month cells, totals, sessions, touched accounts,
-- their number; then for each account its held hash, its expiries and its three spent counters. ARGV: number of this settlement, request id, cost in
-- nano-dollars, the six counts (input, output, cache read, two cache writes, web searches), cell, total cell, session
-- cell, times to live in s (seen bits, hours, days and months, sessions, the three counters), records to keep, record,
-- subject, principal (JSON or ''), and the accounts' names when it is to be noted that they were touched.
if redis.call('SETBIT', KEYS[1], ARGV[1], 1) == 1 then return 0 end
if tonumber(ARGV[1]) % 256 == 0 then redis.call('EXPIRE', KEYS[1], ARGV[13]) end
local cost = ARGV[3]

local function add(key, cell, life)
    local before = redis.call('HGET', key, cell)
    if before then
        local sums = {}
        for sum in string.gmatch(before, '%d+') do
            sums[#sums + 1] = tonumber(sum)
        end
        redis.call('HSET', key, cell, string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f 0', sums[1] + 1,
            sums[2] + ARGV[4], sums[3] + ARGV[5], sums[4] + ARGV[6], sums[5] + ARGV[7], sums[6] + ARGV[8],
            sums[7] + ARGV[9]))
    else
        redis.call('HSET', key, cell, '1 ' .. table.concat(ARGV, ' ', 4, 9) .. ' 0')
        redis.call('EXPIRE', key, life)
    end
    redis.call('HINCRBY', key, '$' .. cell, cost)
end
add(KEYS[4], ARGV[10], ARGV[14])
add(KEYS[5], ARGV[10], ARGV[15])
add(KEYS[6], ARGV[10], ARGV[15])
add(KEYS[7], ARGV[11], ARGV[15])
add(KEYS[8], ARGV[12], ARGV[16])

for key = 11, #KEYS, 5 do
    for period = 0, 2 do
        if redis.call('INCRBY', KEYS[key + 2 + period], cost) == tonumber(cost) then
            redis.call('EXPIRE', KEYS[key + 2 + period], ARGV[17 + period])
        end
    end
    local held = redis.call('HGET', KEYS[key], 'r:' .. ARGV[2])
    if held then
        redis.call('HINCRBY', KEYS[key], 'held', '-' .. held)
        redis.call('HDEL', KEYS[key], 'r:' .. ARGV[2])
    end
    redis.call('ZREM', KEYS[key + 1], ARGV[2])
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[20], '*', 'r', ARGV[21])
for account = 24, #ARGV do
    redis.call('ZADD', KEYS[9], redis.call('INCR', KEYS[10]), ARGV[account])
end
if ARGV[23] ~= '' then redis.call('HSET', KEYS[3], ARGV[22], ARGV[23]) end
return 1
