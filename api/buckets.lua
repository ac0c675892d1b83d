-- Take one token from a bucket. What is kept of it is the moment it will be full, in microseconds by Redis's clock: one number.
--
-- KEYS[1]  the bucket
-- ARGV[1]  its capacity, which is also what flows into it in a minute
-- Returns  whether one was taken, how many whole ones are left, when it is full, and the microseconds until there is one again.

local MINUTE = 60000000

local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local capacity = tonumber(ARGV[1])
local cost = math.floor(MINUTE / capacity)
local full_at = math.max(now, tonumber(redis.call("GET", KEYS[1]) or 0))
-- After a clock that went back, or with a smaller capacity than before, a bucket is empty and not deeper than that.
full_at = math.min(full_at, now + cost * capacity)

local lacks = full_at + cost - now
local taken = lacks <= cost * capacity
if taken then
    full_at = full_at + cost
    redis.call("SET", KEYS[1], string.format("%.0f", full_at), "PX", math.ceil((full_at - now) / 1000))
end

local left = cost * capacity - (full_at - now)
return { taken and 1 or 0, math.floor(left / cost), full_at, math.max(0, cost - left) }
