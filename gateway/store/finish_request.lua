-- Ends a request that nothing is charged for. KEYS, ARGV: the request's id, then those of end_request.
--@include level.part.lua
--@include end_request.part.lua
end_request(ARGV[1], 1, 2)
return 1
