-- How accounts stand, reservations that have expired left out. KEYS: reservations, held, then for each limit what accounts
-- spent in its period. ARGV: now in ms, then for each limit its account. Gives spent and held for each. Changes nothing: the
-- next reservation takes away what has expired.
--@include late.part.lua
local moment, gone = tonumber(ARGV[1]), {}
local earliest = redis.call('HGET', KEYS[2], 'earliest')
if earliest and moment >= tonumber(earliest) then
    for _, id in ipairs((late_ones(moment))) do
        local parts = cmsgpack.unpack(redis.call('HGET', KEYS[1], id))
        for part = 2, #parts, 2 do gone[parts[part]] = (gone[parts[part]] or 0) + parts[part + 1] end
    end
end
local held = redis.call('HMGET', KEYS[2], unpack(ARGV, 2))
local answer = {}
for limit = 1, #ARGV - 1 do
    local account = ARGV[limit + 1]
    local left = held[limit] or '0'
    if gone[account] then left = string.format('%d', math.max(0, tonumber(left) - gone[account])) end
    answer[limit * 2 - 1] = redis.call('HGET', KEYS[2 + limit], account) or '0'
    answer[limit * 2] = left
end
return answer
