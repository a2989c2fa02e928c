-- Asks for the one right to refresh a session. KEYS: session. ARGV: generation, now, replay grace, lease (ms).
local now = tonumber(ARGV[2])
local asked = tonumber(ARGV[1])
local session = redis.call('HMGET', KEYS[1], 'expires_at', 'generation', 'rotated_at', 'leased_until')
if not session[1] or tonumber(session[1]) <= now then return {'unknown', {}} end
local current = tonumber(session[2])
local state = 'reused'
if asked == current - 1 and now - tonumber(session[3]) <= tonumber(ARGV[3]) then
    state = 'replay'
elseif asked == current and session[4] and tonumber(session[4]) > now then
    state = 'busy'
elseif asked == current then
    state = 'granted'
    redis.call('HSET', KEYS[1], 'leased_until', string.format('%.0f', now + tonumber(ARGV[4])))
end
return {state, redis.call('HGETALL', KEYS[1])}
