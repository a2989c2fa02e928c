-- Takes accounts out of those that were charged, but for the ones that were charged again meanwhile. KEYS: the accounts.
-- ARGV: each account and the mark that was seen.
for at = 1, #ARGV, 2 do
    local mark = redis.call('ZSCORE', KEYS[1], ARGV[at])
    if mark and tonumber(mark) == tonumber(ARGV[at + 1]) then redis.call('ZREM', KEYS[1], ARGV[at]) end
end
return 1
