-- Gives back what a request holds. KEYS: reservations, held. ARGV: request id.
--@include take_back.part.lua
take_back({ARGV[1]})
return 1
