-- What schedule.rs does, on a state that all copies of the process share. Times are milliseconds of Redis's clock.
-- KEYS[1]: the state. ARGV: the time (empty: now), what to do, and what that needs.
local GAPS = 32

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local stored = redis.call('GET', KEYS[1])
local state = stored and cjson.decode(stored) or { paused_until = 0 }
local floor = math.max(now, state.paused_until)

local function line_of(name, interval, burst)
  state[name] = state[name] or { ['end'] = 0, gaps = {} }
  return { name = name, interval = tonumber(interval), burst = tonumber(burst), taken = state[name] }
end

local function find(line, calls, earliest)
  local span = calls * line.interval
  local function place(from, gap)
    local slot = math.max(from, earliest)
    return { slot = slot, begin = math.max(earliest, slot + span - line.burst * line.interval), gap = gap }
  end
  for at, gap in ipairs(line.taken.gaps) do
    local found = place(gap[1], at)
    if found.slot + span <= gap[2] then return found end
  end
  return place(line.taken['end'])
end

local function tidy(line)
  local kept = {}
  for _, gap in ipairs(line.taken.gaps) do
    gap[1] = math.max(gap[1], floor)
    if gap[1] + line.interval <= gap[2] then table.insert(kept, gap) end
  end
  while #kept > GAPS do
    local shortest = 1
    for at, gap in ipairs(kept) do
      if gap[2] - gap[1] < kept[shortest][2] - kept[shortest][1] then shortest = at end
    end
    table.remove(kept, shortest)
  end
  line.taken.gaps = kept
end

local function book(line, calls, place)
  local taken, after = line.taken, place.slot + calls * line.interval
  if place.gap then
    local gap = table.remove(taken.gaps, place.gap)
    table.insert(taken.gaps, place.gap, { after, gap[2] })
    table.insert(taken.gaps, place.gap, { gap[1], place.slot })
  else
    table.insert(taken.gaps, { taken['end'], place.slot })
    taken['end'] = after
  end
  tidy(line)
end

local function store()
  local last = state.paused_until
  for _, name in ipairs({ 'common', 'looks', 'removals' }) do
    if state[name] then last = math.max(last, state[name]['end']) end
  end
  redis.call('SET', KEYS[1], cjson.encode(state), 'PX', math.max(0, last - now) + 60000)
end

if ARGV[2] == 'paused' then return floor - now end

if ARGV[2] == 'backlog' then return math.max(floor, state.common and state.common['end'] or 0) - now end

if ARGV[2] == 'pause' then
  state.paused_until = math.max(state.paused_until, now + tonumber(ARGV[3]))
  store()
  return 0
end

-- reserve or try: the calls, the delay, those to leave, interval and burst of the common line, and where there is an own
-- line its name, its interval, its burst, and by how much its calls must begin earlier.
local calls, delay, leaves = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local earliest = math.max(floor, now + delay)
local common = line_of('common', ARGV[6], ARGV[7])
local chosen, place = common, find(common, math.min(calls + leaves, common.burst), earliest)
if ARGV[8] then
  local own = line_of(ARGV[8], ARGV[9], ARGV[10])
  local found = find(own, calls, earliest)
  if calls <= own.burst and found.begin + tonumber(ARGV[11]) <= place.begin then chosen, place = own, found end
end
if ARGV[2] == 'try' and place.begin > now then return place.begin - now end
book(chosen, calls, place)
if chosen.name == 'removals' then
  common.taken['end'] = math.max(common.taken['end'], floor) + calls * common.interval
end
store()
return ARGV[2] == 'try' and 0 or place.begin - now
