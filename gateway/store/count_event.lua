-- Counts one event in a fixed window that begins with its first event. KEYS: counter. ARGV: now, window (ms).
local now = tonumber(ARGV[1])
local ends = tonumber(redis.call('HGET', KEYS[1], 'ends') or '0')
if ends <= now then
    ends = now + tonumber(ARGV[2])
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'ends', string.format('%.0f', ends))
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {redis.call('HINCRBY', KEYS[1], 'count', 1), ends - now}
