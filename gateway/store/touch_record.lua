-- Sets fields of a record that exists; never brings a revoked one back. KEYS: record. ARGV: field, value, ...
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
