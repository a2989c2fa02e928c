-- Reads and removes a record: of two concurrent takers one gets it. KEYS: record.
local record = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
return record
