"""What is done on the server in one step: Lua, as Redis 7 and Valkey run it.

Time is the server's own, so that the clocks of the hosts do not matter. Keys of single intents are made from a prefix:
the scripts are for one server and its replicas, not for a cluster.
"""

from __future__ import annotations

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

_DONE = """
local function done(intents, group, id)
  local was = redis.call('XACK', intents, group, id)
  redis.call('XDEL', intents, id)
  return was == 1
end
local function publish(reports, most, first, count)
  for at = first, first + count - 1 do
    redis.call('XADD', reports, 'MAXLEN', '~', most, '*', 'body', ARGV[at])
  end
end
"""

CLAIM_ABANDONED = (
    _NOW
    + """
-- KEYS intents, alive; ARGV group, consumer, most, abandoned ms. Gives id, body and number of deliveries of each.
local group, consumer, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
redis.call('ZADD', KEYS[2], now, consumer)
local found = {}
for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[4]))) do
  local left = most - #found
  if left <= 0 then break end
  if other ~= consumer then
    local pending = redis.call('XPENDING', KEYS[1], group, '-', '+', left, other)
    for _, one in ipairs(pending) do
      local claimed = redis.call('XCLAIM', KEYS[1], group, consumer, 0, one[1])
      if claimed[1] then found[#found + 1] = {one[1], claimed[1][2][2], one[4] + 1} end
    end
    if #pending < left then
      redis.call('ZREM', KEYS[2], other)
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, other)
    end
  end
end
return found
"""
)

HOLD = (
    _NOW
    + """
-- KEYS alive; ARGV prefix, consumer, lease ms, keep ms, then id, intent, digest and note of each claim.
local prefix, consumer, lease, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
redis.call('ZADD', KEYS[1], now, consumer)
local answers = {}
for at = 5, #ARGV, 4 do
  local key, owner, digest, note = prefix .. ARGV[at + 1], consumer .. ' ' .. ARGV[at], ARGV[at + 2], ARGV[at + 3]
  local known = redis.call('HMGET', key, 'digest', 'note', 'owner', 'until', 'settled')
  local standing, again = 'OURS', 1
  if not known[1] then
    again = 0
    redis.call('HSET', key, 'digest', digest, 'note', note, 'owner', owner, 'until', now + lease)
    redis.call('PEXPIRE', key, keep)
  else
    note = known[2]
    if known[1] ~= digest then standing = 'OTHER'
    elseif known[5] then standing = 'SETTLED'
    elseif known[3] ~= owner and now < tonumber(known[4]) then standing = 'HELD'
    else redis.call('HSET', key, 'owner', owner, 'until', now + lease)
    end
  end
  answers[#answers + 1] = {standing, note, again}
end
return answers
"""
)

SETTLE = (
    _NOW
    + _DONE
    + """
-- KEYS intents, reports, alive; ARGV group, prefix, consumer, keep ms, most reports kept,
-- then id, intent, number of reports and the reports of each. Gives 1 or 0 for each.
local group, prefix, consumer, keep, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
redis.call('ZADD', KEYS[3], now, consumer)
local answers, at = {}, 6
while at <= #ARGV do
  local id, key, count = ARGV[at], prefix .. ARGV[at + 1], tonumber(ARGV[at + 2])
  local known = redis.call('HMGET', key, 'owner', 'settled')
  local ours = known[1] == consumer .. ' ' .. id
  if ours and not known[2] then
    redis.call('HSET', key, 'settled', 1)
    redis.call('PEXPIRE', key, keep)
    publish(KEYS[2], most, at + 3, count)
    done(KEYS[1], group, id)
  end
  answers[#answers + 1] = ours and 1 or 0
  at = at + 3 + count
end
return answers
"""
)

ACKNOWLEDGE = (
    _DONE
    + """
-- KEYS intents; ARGV group, then ids.
for at = 2, #ARGV do done(KEYS[1], ARGV[1], ARGV[at]) end
return 0
"""
)

SET_ASIDE = (
    _DONE
    + """
-- KEYS intents, reports, aside; ARGV group, id, body, reason, most reports kept, then reports.
if done(KEYS[1], ARGV[1], ARGV[2]) then
  redis.call('XADD', KEYS[3], '*', 'body', ARGV[3], 'reason', ARGV[4], 'id', ARGV[2])
  publish(KEYS[2], ARGV[5], 6, #ARGV - 5)
end
return 0
"""
)

GIVE_BACK = """
-- KEYS intents, alive; ARGV group, consumer, whoever is never alive, then ids.
for at = 4, #ARGV do
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[at], ARGV[at], 1, ARGV[2])
  if one[1] then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[at], 'JUSTID')
    redis.call('ZADD', KEYS[2], 0, ARGV[3])
  end
end
return 0
"""

PUBLISH = (
    _DONE
    + """
-- KEYS position, tracks, reports; ARGV session and number before (empty for none), session and number after,
-- most reports kept, number of reports, the reports, then order, 1 or 0 for a track or none, and track of each.
local standing = redis.call('HMGET', KEYS[1], 'session', 'number')
if (standing[1] or '') ~= ARGV[1] or (standing[2] or '') ~= ARGV[2] then return standing end
redis.call('HSET', KEYS[1], 'session', ARGV[3], 'number', ARGV[4])
local count = tonumber(ARGV[6])
publish(KEYS[3], ARGV[5], 7, count)
for at = 7 + count, #ARGV, 3 do
  if ARGV[at + 1] == '1' then redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 2])
  else redis.call('HDEL', KEYS[2], ARGV[at])
  end
end
return {ARGV[3], ARGV[4]}
"""
)

ASK = """
-- KEYS intents; ARGV most that may wait, body. Gives the message's id, or nothing where too many wait.
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return false end
return redis.call('XADD', KEYS[1], '*', 'body', ARGV[2])
"""
