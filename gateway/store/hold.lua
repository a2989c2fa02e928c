-- Raises and renews what a request holds. KEYS: when reservations expire, reservations, held; for each gauge that bounds
-- requests at once those under way. ARGV: request id, amount to hold, expiry in ms, time to live of those under way in s,
-- then its accounts.
local id, amount = ARGV[1], ARGV[2]
local packed = #ARGV > 4 and redis.call('HGET', KEYS[2], id)
if packed or (#ARGV > 4 and amount ~= '0') then
    local parts, places = packed and cmsgpack.unpack(packed) or {}, {}
    for part = 1, #parts, 2 do places[parts[part]] = part + 1 end
    for at = 5, #ARGV do
        local account = ARGV[at]
        local place = places[account]
        if not place or tonumber(parts[place]) < tonumber(amount) then
            if place then redis.call('HINCRBY', KEYS[3], account, '-' .. parts[place]) end
            redis.call('HINCRBY', KEYS[3], account, amount)
            if not place then
                parts[#parts + 1] = account
                place = #parts + 1
            end
            parts[place] = amount
        end
    end
    redis.call('HSET', KEYS[2], id, cmsgpack.pack(parts))
    redis.call('ZADD', KEYS[1], ARGV[3], id)
end
for key = 4, #KEYS do
    redis.call('ZADD', KEYS[key], ARGV[3], id)
    redis.call('EXPIRE', KEYS[key], ARGV[4])
end
return 1
