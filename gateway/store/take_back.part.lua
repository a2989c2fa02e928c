-- Takes reservations off their accounts, as far as there are any. KEYS[1]: reservations, each its expiry in ms and then
-- accounts and amounts in turn; KEYS[2]: held, and under `earliest` a moment before which none of them expires. Amounts are
-- at most 9 * 10^12 nano-dollars, so that a thousand of them add up exactly.
local function take_back(ids)
    local accounts, less, taken = {}, {}, {}
    for place, packed in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
        if packed and not taken[ids[place]] then
            taken[ids[place]] = true
            local parts = cmsgpack.unpack(packed)
            for part = 2, #parts, 2 do
                local account = parts[part]
                if not less[account] then accounts[#accounts + 1] = account end
                less[account] = (less[account] or 0) + parts[part + 1]
            end
        end
    end
    if #accounts == 0 then return end
    local sums, gone = {}, {}
    for place, kept in ipairs(redis.call('HMGET', KEYS[2], unpack(accounts))) do
        local account = accounts[place]
        local left = (kept or 0) - less[account]
        if left == 0 then
            gone[#gone + 1] = account
        else
            sums[#sums + 1] = account
            sums[#sums + 1] = string.format('%d', left)
        end
    end
    if #sums > 0 then redis.call('HSET', KEYS[2], unpack(sums)) end
    if #gone > 0 then redis.call('HDEL', KEYS[2], unpack(gone)) end
    redis.call('HDEL', KEYS[1], unpack(ids))
end
