-- Adds charges to their accounts, the reports and the records, takes back what they held and ends them on their gauges; once,
-- however often it is asked: when some of them were added before it does nothing and gives their places. What several
-- add to the same cell, account or gauge comes added up.
-- KEYS: reservations, held; seen bits, records, principals, touched accounts, their number; the
-- hashes of cells and of what accounts spent; then those of end_requests. ARGV: first key of end_requests, time to live of
-- seen bits in s, records to keep, number of settlements; for each its number, the request's id and its record; number of
-- hashes of cells; for each its place in KEYS, its time to live in s, the number of its cells, their names, and for each
-- requests, six counts (input, output, cache read, two cache writes, web searches) and nano-dollars; the same of accounts'
-- periods, with nano-dollars only; number of touched accounts, their names; number of principals, for each subject and
-- JSON; then those of end_requests.
--@include plus.part.lua
--@include take_back.part.lua
--@include level.part.lua
--@include end_requests.part.lua
local settlements = tonumber(ARGV[4])
local at = 4 + settlements * 3

-- First what fields come to, so that what cannot be read fails before anything is changed. Each hash is read and written
-- in one go: `width` figures to a field, by `sum`, which is given what is there and the place of what is more.
local hashes = {}
local function add_up(width, sum)
    at = at + 1
    for _ = 1, tonumber(ARGV[at]) do
        local key, life, count = KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], tonumber(ARGV[at + 3])
        local names = at + 4
        at = at + 3 + count
        local fields, is_new = {}, false
        for field, had in ipairs(redis.call('HMGET', key, unpack(ARGV, names, at))) do
            fields[field * 2 - 1] = ARGV[names + field - 1]
            fields[field * 2] = had and sum(had, at + 1) or table.concat(ARGV, ' ', at + 1, at + width)
            is_new = is_new or not had
            at = at + width
        end
        hashes[#hashes + 1] = {key = key, fields = fields, life = is_new and life}
    end
end
add_up(8, function(had, more)
    local requests, input, output, read, short, long, searches, cost =
        string.match(had, '(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)')
    return string.format('%d %d %d %d %d %d %d %s', requests + ARGV[more], input + ARGV[more + 1],
        output + ARGV[more + 2], read + ARGV[more + 3], short + ARGV[more + 4], long + ARGV[more + 5],
        searches + ARGV[more + 6], plus(cost, ARGV[more + 7]))
end)
add_up(1, function(had, more) return plus(had, ARGV[more]) end)

local bits, outlives = {}, false
for settlement = 1, settlements do
    local number = ARGV[2 + settlement * 3]
    local bit = settlement * 4
    bits[bit - 3], bits[bit - 2], bits[bit - 1], bits[bit] = 'SET', 'u1', number, '1'
    outlives = outlives or tonumber(number) % 256 == 0
end
local before, seen = redis.call('BITFIELD', KEYS[3], unpack(bits)), {}
for settlement = 1, settlements do
    if before[settlement] == 1 then seen[#seen + 1] = settlement end
end
if #seen > 0 then
    for settlement = 1, settlements do
        if before[settlement] == 0 then redis.call('SETBIT', KEYS[3], bits[settlement * 4 - 1], 0) end
    end
    return seen
end
if outlives then redis.call('EXPIRE', KEYS[3], ARGV[2]) end

local ended = {}
for settlement = 1, settlements do
    ended[settlement] = ARGV[3 + settlement * 3]
    redis.call('XADD', KEYS[4], '*', 'r', ARGV[4 + settlement * 3])
end
redis.call('XTRIM', KEYS[4], 'MAXLEN', '~', ARGV[3])
take_back(ended)
for _, hash in ipairs(hashes) do
    redis.call('HSET', hash.key, unpack(hash.fields))
    if hash.life then redis.call('EXPIRE', hash.key, hash.life) end
end

at = at + 1
for touched = at + 1, at + tonumber(ARGV[at]) do
    redis.call('ZADD', KEYS[6], redis.call('INCR', KEYS[7]), ARGV[touched])
end
at = at + tonumber(ARGV[at]) + 1
local principals = tonumber(ARGV[at])
if principals > 0 then redis.call('HSET', KEYS[5], unpack(ARGV, at + 1, at + principals * 2)) end
end_requests(tonumber(ARGV[1]), at + principals * 2 + 1)
return seen
