-- Takes a reservation off its accounts, if there is one. KEYS[1]: when reservations expire, KEYS[2]: reservations,
-- KEYS[3]: held.
local function take_back(id)
    local packed = redis.call('HGET', KEYS[2], id)
    if packed then
        local parts = cmsgpack.unpack(packed)
        for part = 1, #parts, 2 do
            if redis.call('HINCRBY', KEYS[3], parts[part], '-' .. parts[part + 1]) == 0 then
                redis.call('HDEL', KEYS[3], parts[part])
            end
        end
        redis.call('HDEL', KEYS[2], id)
        redis.call('ZREM', KEYS[1], id)
    end
end
