-- What a gauge reads at that moment, of what GET gave and the most a minute of each measure (0: not bounded): requests,
-- tokens and nano-dollars; and the moment itself. Clocks of several gateways differ: a level never runs backwards.
local function level_of(stored, moment, most)
    if not stored then return {0, 0, 0}, moment end
    local requests, tokens, nano, at = string.match(stored, '(%d+) (%d+) (%d+) (%d+)')
    local since = math.max(moment, tonumber(at))
    local level = {requests / 1e6, tokens / 1e6, tonumber(nano)}
    for measure = 1, 3 do
        level[measure] = math.max(0, level[measure] - (since - tonumber(at)) * most[measure] / 60000)
    end
    return level, since
end

-- Keeps it until it has run empty, and a minute more; of measures that are not bounded nobody waits.
local function keep_level(key, level, since, most)
    local life = 0
    for measure = 1, 3 do
        if most[measure] > 0 then life = math.max(life, level[measure] / most[measure]) end
    end
    redis.call('SET', key, string.format('%d %d %d %d', level[1] * 1e6, level[2] * 1e6, level[3], since),
        'PX', math.ceil(math.min(life, 1440) * 60000) + 60000)
end
