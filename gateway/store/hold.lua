-- Raises and renews what a request holds. KEYS: reservations, held; for each gauge that bounds requests at once those under
-- way. ARGV: request id, amount to hold, expiry in ms, time to live of those under way in s, then its accounts.
local id, amount, expiry = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local packed = #ARGV > 4 and redis.call('HGET', KEYS[1], id)
if packed or (#ARGV > 4 and amount > 0) then
    local parts, places = packed and cmsgpack.unpack(packed) or {expiry}, {}
    for part = 2, #parts, 2 do places[parts[part]] = part + 1 end
    for at = 5, #ARGV do
        local account = ARGV[at]
        local place = places[account]
        local before = place and parts[place] or 0
        if before < amount then
            redis.call('HINCRBY', KEYS[2], account, string.format('%d', amount - before))
            if not place then
                parts[#parts + 1] = account
                place = #parts + 1
            end
            parts[place] = amount
        end
    end
    parts[1] = expiry
    redis.call('HSET', KEYS[1], id, cmsgpack.pack(parts))
    local earliest = redis.call('HGET', KEYS[2], 'earliest')
    if not earliest or expiry < tonumber(earliest) then redis.call('HSET', KEYS[2], 'earliest', ARGV[3]) end
end
for key = 3, #KEYS do
    redis.call('ZADD', KEYS[key], ARGV[3], id)
    redis.call('EXPIRE', KEYS[key], ARGV[4])
end
return 1
