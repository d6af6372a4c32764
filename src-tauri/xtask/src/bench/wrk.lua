-- Calls with the secrets of a file in turn, without so many of the first, and says what came of it in lines of a name and a
-- figure.

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

local requests, at = {}, 0

function init(args)
   for secret in io.lines(args[1]) do
      local headers = { ["Authorization"] = "Bearer " .. secret, ["Host"] = wrk.headers["Host"] }
      requests[#requests + 1] = wrk.format("GET", wrk.path, headers)
   end
   -- Threads begin at places of their own.
   at = (math.floor(number * #requests / 7) + args[2]) % #requests
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency)
   local errors = summary.errors
   local said = {
      requests = summary.requests,
      seconds = summary.duration / 1e6,
      refused = errors.status,
      failed = errors.connect + errors.read + errors.write + errors.timeout,
      p50 = latency:percentile(50),
      p99 = latency:percentile(99),
      p999 = latency:percentile(99.9),
   }
   for name, figure in pairs(said) do
      io.write(string.format("%s %f\n", name, figure))
   end
end
