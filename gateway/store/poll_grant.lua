-- One poll of a device grant; an approved grant is gone with the answer. KEYS: grant. ARGV: now, interval in ms.
-- A poll that comes too soon does not move the clock of the next one, or an eager client would never be answered.
local now = tonumber(ARGV[1])
local grant = redis.call('HMGET', KEYS[1], 'state', 'expires_at', 'polled_at')
if not grant[1] or tonumber(grant[2]) <= now then return {'unknown', {}} end
local record = redis.call('HGETALL', KEYS[1])
if grant[3] and now - tonumber(grant[3]) < tonumber(ARGV[2]) then return {'too_soon', record} end
if grant[1] == 'approved' then
    redis.call('DEL', KEYS[1])
else
    redis.call('HSET', KEYS[1], 'polled_at', ARGV[1])
end
return {grant[1], record}
