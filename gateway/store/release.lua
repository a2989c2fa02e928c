-- Gives back what a request holds. KEYS: when reservations expire, reservations, held. ARGV: request id.
--@include plus.part.lua
--@include take_back.part.lua
take_back({ARGV[1]})
return 1
