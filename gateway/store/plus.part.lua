-- Exact beyond 2^53, where doubles are not: in two halves of at most 15 digits. Neither is negative.
local function plus(left, right)
    if #left < 16 and #right < 16 then return string.format('%d', left + right) end
    local low = tonumber(string.sub(left, -15)) + tonumber(string.sub(right, -15))
    local high = (tonumber(string.sub(left, 1, -16)) or 0) + (tonumber(string.sub(right, 1, -16)) or 0)
    if low >= 1e15 then low, high = low - 1e15, high + 1 end
    if high == 0 then return string.format('%d', low) end
    return string.format('%d%015d', high, low)
end
