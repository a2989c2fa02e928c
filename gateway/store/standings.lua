-- How accounts stand, reservations that have expired left out. KEYS: for each limit its spent counter, and its account's
-- held hash and expiries. ARGV: now in ms. Gives spent and held for each. Changes nothing: the next reservation on the
-- account takes away what has expired.
local answer = {}
local known = {}
for key = 1, #KEYS, 3 do
    local held_key = KEYS[key + 1]
    if not known[held_key] then
        local held = tonumber(redis.call('HGET', held_key, 'held') or '0')
        if held > 0 then
            local late = redis.call('ZRANGEBYSCORE', KEYS[key + 2], '-inf', ARGV[1], 'LIMIT', 0, 1000)
            for _, gone in ipairs(late) do
                held = held - tonumber(redis.call('HGET', held_key, 'r:' .. gone) or '0')
            end
        end
        known[held_key] = string.format('%.0f', math.max(held, 0))
    end
    answer[#answer + 1] = redis.call('GET', KEYS[key]) or '0'
    answer[#answer + 1] = known[held_key]
end
return answer
