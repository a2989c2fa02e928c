-- Ends a request on its gauges: it is no longer under way, and they count what it drew in place of what was guessed.
-- KEYS: for each gauge its level and its requests under way; of a watched session its stretch. ARGV: request id, now in
-- ms, tokens and nano-dollars drawn less those guessed, nano-dollars drawn, number of gauges, then for each gauge its
-- limits, 0 for none: requests, tokens and nano-dollars a minute.
local now = tonumber(ARGV[2])
local more = {0, tonumber(ARGV[3]), tonumber(ARGV[4])}
local names = {'r', 't', 'n'}
local gauges = tonumber(ARGV[6])
for gauge = 1, gauges do
    local level_key = KEYS[gauge * 2 - 1]
    redis.call('ZREM', KEYS[gauge * 2], ARGV[1])
    local read = redis.call('HMGET', level_key, 'r', 't', 'n', 'at')
    -- Clocks of several gateways differ: a level never runs backwards.
    local since = math.max(now, tonumber(read[4]) or now)
    local elapsed = since - (tonumber(read[4]) or since)
    local life = 0
    local fields = {}
    for measure = 1, 3 do
        local most = tonumber(ARGV[3 + gauge * 3 + measure])
        if most > 0 then
            local level = math.max(0, (tonumber(read[measure]) or 0) - elapsed * most / 60000)
            level = math.max(0, level + more[measure])
            life = math.max(life, level / most)
            fields[#fields + 1] = names[measure]
            fields[#fields + 1] = string.format('%.17g', level)
        end
    end
    if #fields > 0 then
        redis.call('HSET', level_key, 'at', string.format('%.0f', since), unpack(fields))
        redis.call('PEXPIRE', level_key, math.ceil(math.min(life, 1440) * 60000) + 60000)
    end
end
local stretch = KEYS[gauges * 2 + 1]
if stretch and redis.call('EXISTS', stretch) == 1 then redis.call('HINCRBY', stretch, 'cost', ARGV[5]) end
return 1
