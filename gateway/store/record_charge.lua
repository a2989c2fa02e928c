-- Adds one request to a user's counters of one day. KEYS: day. ARGV: time to live in s, model, counter, amount, ...
for at = 3, #ARGV, 2 do
    if ARGV[at + 1] ~= '0' then redis.call('HINCRBY', KEYS[1], ARGV[at] .. ':' .. ARGV[2], ARGV[at + 1]) end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
