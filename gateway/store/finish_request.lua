-- Ends a request that nothing is charged for. KEYS, ARGV: those of end_requests.
--@include level.part.lua
--@include end_requests.part.lua
end_requests(1, 1)
return 1
