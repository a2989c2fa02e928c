-- After level.part.lua. Ends requests on their gauges: they are no longer under way, and the gauges count what they drew in
-- place of what was guessed. Of KEYS from `key` on: for each gauge its level; for each watched session its stretch; for
-- each gauge that bounds requests at once those under way. Of ARGV from `at` on: numbers of gauges, of watched sessions
-- and of gauges that bound requests at once; for each gauge now in ms, tokens and nano-dollars drawn less those guessed,
-- and its limits, 0 for none: requests, tokens and nano-dollars a minute; for each session the nano-dollars drawn; for
-- each gauge that bounds requests at once the number of requests and their ids.
local function end_requests(key, at)
    local gauges, watched, bounding = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    if gauges + watched == 0 then return end
    at = at + 3
    local read = redis.call('MGET', unpack(KEYS, key, key + gauges + watched - 1))
    for gauge = 1, gauges do
        local more = {0, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])}
        local most, drawn = {tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])}, false
        local level, since = level_of(read[gauge], tonumber(ARGV[at]), most)
        for measure = 1, 3 do
            if most[measure] > 0 then
                level[measure] = math.max(0, level[measure] + more[measure])
                drawn = drawn or level[measure] > 0
            end
        end
        if read[gauge] or drawn then keep_level(KEYS[key + gauge - 1], level, since, most) end
        at = at + 6
    end
    for place = gauges + 1, gauges + watched do
        if read[place] then
            local from, cost, requests = string.match(read[place], '(%d+) (%d+) (%d+)')
            redis.call('SET', KEYS[key + place - 1], string.format('%s %d %s', from, cost + ARGV[at], requests), 'KEEPTTL')
        end
        at = at + 1
    end
    for busy = key + gauges + watched, key + gauges + watched + bounding - 1 do
        local last = at + tonumber(ARGV[at])
        redis.call('ZREM', KEYS[busy], unpack(ARGV, at + 1, last))
        at = last + 1
    end
end
