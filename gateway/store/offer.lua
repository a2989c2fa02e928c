-- Remembers that something was told and owes it to webhooks; once. KEYS: claim, deliveries by when they are due, then a
-- body for each webhook. ARGV: time to live of the claim and of a body in s, now in ms, event id, event, then for each
-- webhook its name.
if not redis.call('SET', KEYS[1], ARGV[4], 'NX', 'EX', ARGV[1]) then return 0 end
for webhook = 3, #KEYS do
    local name = ARGV[webhook + 3]
    redis.call('HSET', KEYS[webhook], 'event', ARGV[5], 'attempts', 0, 'since', ARGV[3])
    redis.call('EXPIRE', KEYS[webhook], ARGV[2])
    redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4] .. ' ' .. name)
end
return 1
