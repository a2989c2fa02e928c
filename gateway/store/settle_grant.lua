-- Approves or denies a device grant, once. KEYS: grant. ARGV: now, field, value, ... (the new state among them).
local grant = redis.call('HMGET', KEYS[1], 'state', 'expires_at')
if grant[1] ~= 'pending' or tonumber(grant[2]) <= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
