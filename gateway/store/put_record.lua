-- Stores a record as given, nothing of an older one left. KEYS: record. ARGV: time to live in ms, field, value, ...
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
