-- Ends a request on its gauges: it is no longer under way, and they count what it drew in place of what was guessed. Of
-- KEYS from `key` on: for each gauge its level; of a watched session its stretch; for each gauge that bounds requests at
-- once those under way. Of ARGV from `at` on: now in ms, tokens and nano-dollars drawn less those guessed, nano-dollars
-- drawn, number of gauges and of watched sessions (1 or 0), then for each gauge its limits, 0 for none: requests, tokens
-- and nano-dollars a minute.
local function end_request(id, key, at)
    local now = tonumber(ARGV[at])
    local more = {0, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])}
    local gauges, watched = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
    for busy = key + gauges + watched, #KEYS do redis.call('ZREM', KEYS[busy], id) end
    local read = redis.call('MGET', unpack(KEYS, key, key + gauges + watched - 1))
    for gauge = 1, gauges do
        local level, since, elapsed = {0, 0, 0}, now, 0
        if read[gauge] then
            local r, t, n, when = string.match(read[gauge], '(%d+) (%d+) (%d+) (%d+)')
            -- Clocks of several gateways differ: a level never runs backwards.
            since = math.max(now, tonumber(when))
            level = {r / 1e6, t / 1e6, tonumber(n)}
            elapsed = since - tonumber(when)
        end
        local life = 0
        for measure = 1, 3 do
            local most = tonumber(ARGV[at + 2 + gauge * 3 + measure])
            if most > 0 then
                level[measure] = math.max(0, math.max(0, level[measure] - elapsed * most / 60000) + more[measure])
                life = math.max(life, level[measure] / most)
            end
        end
        if read[gauge] or life > 0 then
            redis.call('SET', KEYS[key + gauge - 1],
                string.format('%d %d %d %d', level[1] * 1e6, level[2] * 1e6, level[3], since),
                'PX', math.ceil(math.min(life, 1440) * 60000) + 60000)
        end
    end
    if watched == 1 and read[gauges + 1] then
        local from, cost, requests = string.match(read[gauges + 1], '(%d+) (%d+) (%d+)')
        redis.call('SET', KEYS[key + gauges], string.format('%s %d %s', from, cost + ARGV[at + 3], requests), 'KEEPTTL')
    end
end
