-- After level.part.lua. Ends a request on its gauges: it is no longer under way, and they count what it drew in place of
-- what was guessed. Of KEYS from `key` on: for each gauge its level; of a watched session its stretch; for each gauge that
-- bounds requests at once those under way. Of ARGV from `at` on: now in ms, tokens and nano-dollars drawn less those
-- guessed, nano-dollars drawn, number of gauges and of watched sessions (1 or 0), then for each gauge its limits, 0 for
-- none: requests, tokens and nano-dollars a minute.
local function end_request(id, key, at)
    local now = tonumber(ARGV[at])
    local more = {0, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])}
    local gauges, watched = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
    for busy = key + gauges + watched, #KEYS do redis.call('ZREM', KEYS[busy], id) end
    local read = redis.call('MGET', unpack(KEYS, key, key + gauges + watched - 1))
    for gauge = 1, gauges do
        local bound, most, drawn = at + 2 + gauge * 3, {}, false
        for measure = 1, 3 do most[measure] = tonumber(ARGV[bound + measure]) end
        local level, since = level_of(read[gauge], now, most)
        for measure = 1, 3 do
            if most[measure] > 0 then
                level[measure] = math.max(0, level[measure] + more[measure])
                drawn = drawn or level[measure] > 0
            end
        end
        if read[gauge] or drawn then keep_level(KEYS[key + gauge - 1], level, since, most) end
    end
    if watched == 1 and read[gauges + 1] then
        local from, cost, requests = string.match(read[gauges + 1], '(%d+) (%d+) (%d+)')
        redis.call('SET', KEYS[key + gauges], string.format('%s %d %s', from, cost + ARGV[at + 3], requests), 'KEEPTTL')
    end
end
