-- After plus.part.lua. Takes reservations off their accounts, as far as there are any. KEYS[1]: when reservations expire,
-- KEYS[2]: reservations, KEYS[3]: held.
local function take_back(ids)
    if #ids == 0 then return end
    local accounts, less, taken = {}, {}, {}
    for place, packed in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
        if packed and not taken[ids[place]] then
            taken[ids[place]] = true
            local parts = cmsgpack.unpack(packed)
            for part = 1, #parts, 2 do
                local account = parts[part]
                if not less[account] then accounts[#accounts + 1] = account end
                less[account] = plus(less[account] or '0', parts[part + 1])
            end
        end
    end
    for _, account in ipairs(accounts) do
        if redis.call('HINCRBY', KEYS[3], account, '-' .. less[account]) == 0 then redis.call('HDEL', KEYS[3], account) end
    end
    if #accounts > 0 then redis.call('HDEL', KEYS[2], unpack(ids)) end
    redis.call('ZREM', KEYS[1], unpack(ids))
end
