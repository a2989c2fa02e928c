-- Which reservations have expired, and the earliest moment at which another will; nothing when none will. KEYS[1]: reservations.
local function late_ones(moment)
    local late, earliest = {}, nil
    local all = redis.call('HGETALL', KEYS[1])
    for place = 1, #all, 2 do
        local expiry = cmsgpack.unpack(all[place + 1])[1]
        if expiry <= moment then
            late[#late + 1] = all[place]
        elseif not earliest or expiry < earliest then
            earliest = expiry
        end
    end
    return late, earliest
end
