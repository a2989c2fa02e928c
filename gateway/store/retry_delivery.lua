-- Makes a delivery that failed due again, unless it was settled meanwhile. KEYS: its body, deliveries by when they are due.
-- ARGV: when it is due in ms, its name.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('ZADD', KEYS[2], 'XX', ARGV[1], ARGV[2])
return 1
