-- Changes records and writes their audit rows, all or nothing. KEYS: audit trail (sorted set), audit counter, then one
-- hash a change. ARGV: channel, number of changes, then for each: kind, id, has document, document, has expected,
-- expected, audit row. A row is JSON without its id, which is put in front here; an empty one is none. Gives 1, or 0
-- when an expected document is another now.
local count = tonumber(ARGV[2])
for change = 0, count - 1 do
    local at = 3 + change * 7
    if ARGV[at + 4] == '1' then
        local present = redis.call('HGET', KEYS[3 + change], ARGV[at + 1]) or ''
        if present ~= ARGV[at + 5] then return 0 end
    end
end
for change = 0, count - 1 do
    local at = 3 + change * 7
    if ARGV[at] ~= '' then
        if ARGV[at + 2] == '1' then
            redis.call('HSET', KEYS[3 + change], ARGV[at + 1], ARGV[at + 3])
        else
            redis.call('HDEL', KEYS[3 + change], ARGV[at + 1])
        end
        redis.call('PUBLISH', ARGV[1], ARGV[at])
    end
    if ARGV[at + 6] ~= '' then
        local id = redis.call('INCR', KEYS[2])
        redis.call('ZADD', KEYS[1], id, '{"id":' .. string.format('%d', id) .. ',' .. string.sub(ARGV[at + 6], 2))
    end
end
return 1
