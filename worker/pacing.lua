-- Gives each delivery of a batch its turn, or takes note of providers' pauses, by Redis's clock. Times are microseconds.
--
-- KEYS: the meters, one for each sender and one for each recipient of a sender; then the places of deliveries that come again.
-- ARGV: a document of numbers, several in a row for each {...}: {limits = [{interval, burst}], meters = [{usual, after_pause}],
--       asks = [{sender, recipient, place, bears}], pauses = [{meter, lasts}], patience = [first, again]}, where a limit, meter or
--       place is named by its position among its like, and 0 is none.
-- Answers, as such a document, {position, verdict, wait, pause, which of its meters is paused} for each ask that does not leave at
-- once, and nothing where all do; the verdicts are those of shared/domain/pacing.py.
--
-- A meter has two queues, each kept as the moment from which on it is empty (the TAT of GCRA). In `tail` stands who comes for the
-- first time, and is told when to come again. By `out` everybody leaves, so that the rate holds also for those who come again all
-- at once: after a pause, or when their worker was down. Whoever then finds `out` taken gets a place that is remembered: nobody
-- is put off time and again.

local GO, LATER, TOO_LONG = 0, 1, 2
local NO_SHOW = 5e6      -- So long after its moment, a place that nobody took is free: its send may be cancelled.
local LATE = 5e6         -- So long after its moment, a remembered place still counts.
local AFTER_PAUSE = 3e7  -- So long after a pause, a sender without a rate is held back,
local DOUBLING = 1e7     -- less by half each time this has passed.

local clock = redis.call('TIME')
local now = clock[1] * 1e6 + clock[2]
local question = cjson.decode(ARGV[1])

local limits = {}
for position = 1, #question.limits, 2 do
    limits[#limits + 1] = {interval = question.limits[position], burst = question.limits[position + 1]}
end

local function limit_now(usual, slow, paused_until)
    if usual or paused_until == 0 then
        return usual
    end
    return {interval = slow.interval * 0.5 ^ (math.max(0, now - paused_until) / DOUBLING), burst = slow.burst}
end

local function read(key, usual, after_pause)
    local found = redis.call('HMGET', key, 'tail', 'out', 'paused_until')
    local meter = {key = key, tail = tonumber(found[1] or 0), out = tonumber(found[2] or 0), paused_until = tonumber(found[3] or 0)}
    meter.limit = limit_now(usual, after_pause, meter.paused_until)
    meter.slack = meter.limit and (meter.limit.burst - 1) * meter.limit.interval or 0
    if meter.paused_until > 0 then
        meter.out = math.max(meter.out, meter.paused_until + meter.slack)  -- There is no burst right after a pause.
    end
    if meter.tail > now and meter.out + NO_SHOW < now then
        meter.tail = meter.out
    end
    return meter
end

local function write(meter)
    local number = '%.0f'
    local needed_until = math.max(meter.tail, meter.out, meter.paused_until > 0 and meter.paused_until + AFTER_PAUSE or 0)
    redis.call('HSET', meter.key, 'tail', number:format(meter.tail), 'out', number:format(meter.out),
               'paused_until', number:format(meter.paused_until))
    redis.call('PEXPIRE', meter.key, math.max(1, math.ceil((needed_until - now) / 1000)))
end

local function turn(meter, again)
    local queue = again and meter.out or math.max(meter.tail, meter.out)
    return math.max(now, queue - meter.slack)
end

local function take(meter, again, leaves)
    local start, interval = turn(meter, again), meter.limit.interval
    if again or leaves then
        meter.out = math.max(meter.out, start) + interval
    end
    if not again then
        meter.tail = math.max(meter.tail, start) + interval
    end
    meter.changed = true
end

local function remembered(key, pause)
    local place = tonumber(redis.call('GET', key) or 0)
    local earliest = pause > 0 and now + pause or now - LATE
    return place >= earliest and place or nil
end

local function remember(key, place)
    redis.call('SET', key, string.format('%.0f', place), 'PX', math.ceil((place - now + LATE) / 1000))
end

local function look(meters, again)
    local start, pause, which = now, 0, 1
    for position, meter in ipairs(meters) do
        if meter.limit then
            start = math.max(start, turn(meter, again))
        end
        if meter.paused_until - now > pause then
            pause, which = meter.paused_until - now, position
        end
    end
    return start, pause, which
end

local function answer(meters, key, bears)
    local again = key ~= nil
    local start, pause, which = look(meters, again)
    if pause > bears then
        return {TOO_LONG, math.ceil(pause), math.ceil(pause), which}
    end
    local place = again and remembered(key, pause)
    local wait = math.max(0, (place or start) - now)
    local leaves = wait <= question.patience[again and 2 or 1]
    for _, meter in ipairs(meters) do
        if meter.limit and not place then
            take(meter, again, leaves)
        end
    end
    if again and leaves then
        redis.call('DEL', key)
    elseif again and not place then
        remember(key, start)
    end
    return {leaves and GO or LATER, math.ceil(wait), math.ceil(pause), which}
end

local meters = {}
for position = 1, #question.meters, 2 do
    local usual, after_pause = question.meters[position], question.meters[position + 1]
    meters[#meters + 1] = read(KEYS[#meters + 1], limits[usual], limits[after_pause])
end

for position = 1, #question.pauses, 2 do
    local meter = meters[question.pauses[position]]
    meter.paused_until = math.max(meter.paused_until, now + question.pauses[position + 1])
    meter.changed = true
end

local answers = {}
for position = 1, #question.asks, 4 do
    local sender, recipient, place, bears = unpack(question.asks, position, position + 3)
    local told = answer({meters[sender], meters[recipient]}, place > 0 and KEYS[#meters + place] or nil, bears)
    if told[1] ~= GO or told[2] > 0 then
        for _, number in ipairs({(position + 3) / 4, unpack(told)}) do
            answers[#answers + 1] = number
        end
    end
end

for _, meter in ipairs(meters) do
    if meter.changed then
        write(meter)
    end
end
return #answers > 0 and cjson.encode(answers) or ''
