-- wrk's side of the bench: the same POST again and again. "-- LIMIT BODY" behind the URL; no thread sends
-- more than LIMIT requests. One line of JSON tells what came of them.
local prepared, limit
local sent = 0

function init(arguments)
  limit = tonumber(arguments[1])
  local headers = { ["Content-Type"] = "application/json" }
  prepared = wrk.format("POST", nil, headers, arguments[2])
end

function request()
  sent = sent + 1
  if sent >= limit then
    wrk.thread:stop()
  end
  return prepared
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50_us": %d, "p99_us": %d, "p999_us": %d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
