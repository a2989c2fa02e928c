-- Deletes a personal key and tells every replica, when it is this owner's. KEYS: key. ARGV: channel, key id, subject.
local key = redis.call('HMGET', KEYS[1], 'id', 'subject', 'expires_at')
if key[1] ~= ARGV[2] or key[2] ~= ARGV[3] then return false end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return key[3]
