"use strict";

// The page asks the gateway's own GET endpoints, with what the browser has shown to get here, and draws their answers.
// Everything that is drawn is set as text: nothing that a message holds becomes markup.

const REFRESH_MS = 5000;
const PAUSE_MAX_MS = 60000; // between two tries while nobody answers as he should
const ANSWER_MS = 20000; // Temporal's own time for an answer, and some
const RUNS_SHOWN = 10; // of those that are open, and of those that have closed
const QUERY_MAX = 1500; // bytes of workflow IDs in one query, as they are sent: the gateway takes heads of 4 KiB
const ROUTES_COUNTED = 12; // each costs Temporal a count; more are counted by nobody
const COUNT_EVERY = 3; // refreshes

const MOODS = {
  Completed: "good", started: "good", queued: "good", attached: "busy", Running: "busy",
  Failed: "bad", TimedOut: "bad", rejected: "bad", retry: "off", closed: "off",
  Canceled: "off", Terminated: "off", ContinuedAsNew: "off", Paused: "off",
};

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

const byId = (id) => document.getElementById(id);

// ---- asking ----

class Problem extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function ask(path) {
  let response;
  try {
    // The origin in front: an address with a user name and a password in it is nothing that fetch goes on from.
    response = await fetch(location.origin + path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    throw new Problem(0, error.name === "TimeoutError" ? "the gateway does not answer" : "the gateway cannot be reached");
  }
  const text = await response.text();
  if (!response.ok) {
    let problem = {};
    try {
      problem = JSON.parse(text);
    } catch {
      // Something between the browser and the gateway has answered.
    }
    throw new Problem(response.status, problem.detail || problem.title || `the answer was ${response.status}`);
  }
  return text;
}

const askJson = async (path) => JSON.parse(await ask(path));

// What a token may not read, or what is not served, leaves its part of the page out.
async function askIfAllowed(path) {
  try {
    return await askJson(path);
  } catch (problem) {
    if ([403, 404, 405].includes(problem.status)) {
      return null;
    }
    throw problem;
  }
}

function address(path, query) {
  const given = Object.entries(query).filter(([, value]) => value);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

const workflowPath = (id) => `/v1/workflows/${encodeURIComponent(id)}`;

// ---- drawing ----

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value !== undefined) {
      made.setAttribute(key, value);
    }
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

function statusMark(word, mood = MOODS[word] || "waiting") {
  return element("span", { class: `status ${mood}` }, word);
}

function timeMark(text) {
  if (!text) {
    return "";
  }
  const time = new Date(text);
  const isToday = time.toDateString() === new Date().toDateString();
  const clock = time.toLocaleTimeString([], CLOCK);
  return element("time", { datetime: text, title: time.toLocaleString() },
    isToday ? clock : `${time.toLocaleDateString()} ${clock}`);
}

function duration(from, to) {
  if (!from || !to) {
    return "";
  }
  const ms = new Date(to) - new Date(from);
  if (ms < 1000) {
    return `${ms} ms`;
  }
  const seconds = ms / 1000;
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function cell(content, kind) {
  const isCut = typeof content === "string" && /\btext\b/.test(kind);
  return element("td", { class: kind, title: isCut ? content : undefined }, content);
}

function runLink(workflowId, runId, namespace) {
  const parts = [namespace || "", workflowId, runId || ""].map(encodeURIComponent);
  return element("a", { href: `#run/${parts.join("/")}`, title: workflowId }, workflowId);
}

// Rows stay the same elements while they say the same, so that a refresh takes nobody's focus or selection away.
function drawRows(body, rows) {
  const old = new Map([...body.children].map((row) => [row.dataset.key, row]));
  const focused = document.activeElement.closest?.("tr");
  const focusedKey = focused && body.contains(focused) ? focused.dataset.key : null;
  const drawn = rows.map(({ key, cells }) => {
    const row = element("tr", { "data-key": key }, ...cells);
    const before = old.get(key);
    return before && before.innerHTML === row.innerHTML ? before : row;
  });
  const isSame = drawn.length === body.children.length && drawn.every((row, index) => row === body.children[index]);
  if (isSame) {
    return;
  }
  body.replaceChildren(...drawn);
  if (focusedKey !== null) {
    drawn.find((row) => row.dataset.key === focusedKey)?.querySelector("a")?.focus();
  }
}

function show(id, isShown) {
  byId(id).hidden = !isShown;
}

// ---- what is on the page ----

let routes = [];
const statusOf = new Map(); // of the recent events' runs, by workflow ID: {status, startTime}
let messagesSeen = null;

function drawRecent(recent) {
  const events = recent ? recent.events : [];
  show("messages", recent !== null);
  const rows = events.map((event, index) => {
    const status = event.status || statusOf.get(event.workflowId)?.status;
    const key = `${event.time} ${event.messageId || ""} ${event.workflowId || index}`;
    const route = routes.find((one) => one.name === event.route);
    return {
      key,
      cells: [
        cell(timeMark(event.time)),
        cell(event.route, "wide"),
        cell(event.messageId ? element("a", { href: `#message/${encodeURIComponent(event.messageId)}`, title: event.messageId }, event.messageId) : "", "id"),
        cell(element("span", { title: event.reason }, statusMark(event.outcome)), "wide"),
        cell(event.workflowId ? runLink(event.workflowId, event.runId, route && route.namespace) : event.reason || event.queue || "", event.workflowId ? "id wide" : "text wide"),
        cell(status ? statusMark(status) : element("span", { class: "narrow" }, statusMark(event.outcome))),
      ],
    };
  });
  drawRows(byId("recent"), rows);
  show("recent-table", rows.length > 0);
  show("recent-empty", rows.length === 0);
  tellNews(events);
}

// A reader of screens hears of new messages, not of every refresh.
function tellNews(events) {
  const newest = events.length > 0 ? events[0].time : "";
  const fresh = messagesSeen === null ? 0 : events.filter((event) => event.time > messagesSeen).length;
  if (fresh > 0) {
    byId("news").textContent = fresh === 1 ? "One new message" : `${fresh} new messages`;
  }
  messagesSeen = newest;
}

const isOpen = (status) => status === "Running" || status === "Paused";

// An ID's newest run tells what has become of a message.
function noteStatuses(workflows) {
  for (const run of workflows) {
    const known = statusOf.get(run.workflowId);
    if (!known || known.startTime <= run.startTime) {
      statusOf.set(run.workflowId, { status: run.status, startTime: run.startTime });
    }
  }
}

const quoted = (text) => `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;

// Of as many events' runs as a query takes: those that nothing is known of come first, the completed ones stay so.
async function askStatuses(events) {
  const asked = new Map(); // workflow IDs by namespace
  const lengths = new Map();
  const isKnown = (event) => statusOf.has(event.workflowId);
  const open = events.filter((event) => event.workflowId && statusOf.get(event.workflowId)?.status !== "Completed");
  for (const event of [...open.filter((one) => !isKnown(one)), ...open.filter(isKnown)]) {
    const namespace = routes.find((one) => one.name === event.route)?.namespace || "";
    const ids = asked.get(namespace) || new Set();
    const length = (lengths.get(namespace) || 0) + encodeURIComponent(quoted(event.workflowId)).length + 3;
    if (!ids.has(event.workflowId) && length <= QUERY_MAX) {
      lengths.set(namespace, length);
      asked.set(namespace, ids.add(event.workflowId));
    }
  }
  await Promise.all([...asked].map(async ([namespace, ids]) => {
    const query = `WorkflowId IN (${[...ids].map(quoted).join(",")})`;
    noteStatuses((await askIfAllowed(address("/v1/workflows", { query, namespace, pageSize: 100 })))?.workflows || []);
  }));
}

function forgetStatuses(events) {
  const shown = new Set(events.map((event) => event.workflowId));
  [...statusOf.keys()].filter((id) => !shown.has(id)).forEach((id) => statusOf.delete(id));
}

// Temporal lists what is open before what has closed: each is asked for by itself, so that neither hides the other.
async function askRuns() {
  const [open, closed] = await Promise.all(["=", "!="].map((sign) =>
    askIfAllowed(address("/v1/workflows", { query: `ExecutionStatus ${sign} 'Running'`, pageSize: RUNS_SHOWN }))));
  return open && closed && [...open.workflows, ...closed.workflows];
}

function drawRuns(list) {
  const workflows = list || [];
  show("runs", list !== null);
  drawRows(byId("runs-body"), workflows.map((run) => ({
    key: run.runId,
    cells: [
      cell(timeMark(run.startTime)),
      cell(runLink(run.workflowId, run.runId), "id"),
      cell(run.workflowType || "", "wide"),
      cell(statusMark(run.status)),
      cell(duration(run.startTime, run.closeTime), "number wide"),
    ],
  })));
  show("runs-table", workflows.length > 0);
  show("runs-empty", workflows.length === 0);
}

function drawCounts(count) {
  const groups = (count && count.groups) || [];
  byId("counts").replaceChildren(...groups.map(({ values, count: number }) =>
    element("li", {}, element("b", {}, number.toLocaleString()), " ", statusMark(values[0]))));
}

const SUMS = { open: ["Running", "Paused"], done: ["Completed"], failed: ["Failed", "TimedOut", "Canceled", "Terminated"] };
const countsOf = new Map(); // of routes, by name

async function countRoute(route) {
  if (!route.idPrefix || route.target === "sqs") {
    return;
  }
  const query = `WorkflowId STARTS_WITH '${route.idPrefix.replace(/'/g, "''")}-' GROUP BY ExecutionStatus`;
  const count = await askIfAllowed(address("/v1/workflow-count", { query, namespace: route.namespace }));
  if (count) {
    const sum = (words) => (count.groups || []).filter(({ values }) => words.includes(values[0]))
      .reduce((total, group) => total + group.count, 0);
    countsOf.set(route.name, { open: sum(SUMS.open), done: sum(SUMS.done), failed: sum(SUMS.failed) });
  }
}

function drawRoutes() {
  drawRows(byId("routes-body"), routes.map((route) => {
    const count = countsOf.get(route.name) || {};
    const number = (value) => cell(value === undefined ? "–" : value.toLocaleString(), "number");
    const target = route.target === "signal" ? `signal ${route.signal} to ${route.workflow}` : route.target === "sqs" ? `queue ${route.queue.split("/").pop()}` : route.workflow;
    return {
      key: route.name,
      cells: [
        element("th", { scope: "row" }, route.name, route.description && element("span", { class: "description" }, route.description)),
        cell(target || ""),
        cell(route.taskQueue || "", "wide"),
        cell(route.namespace || "", "wide"),
        cell(route.ack || ""),
        cell(route.order || "", "wide"),
        cell((route.queues || []).join(", ") || "HTTP", "wide"),
        number(count.open), number(count.done), number(count.failed),
      ],
    };
  }));
}

function drawCurl() {
  const route = routes.length > 0 ? routes[0].name : "hello-world";
  byId("recent-curl").textContent = `curl ${location.origin}/v1/routes/${encodeURIComponent(route)}/events \\\n` +
    `  -H 'Content-Type: application/json' -d '{"message": "hello"}'`;
}

// ---- refreshing ----

let timer = null;
let isAsking = false;
let pauseMs = 0; // before the next try; 0: all is well, or nothing will change
let rounds = 0;

async function drawHealth() {
  const health = byId("health");
  try {
    await ask("/readyz");
    health.textContent = "Temporal answers";
    health.className = "status good";
  } catch (problem) {
    health.textContent = problem.status === 503 ? "Temporal does not answer" : "The gateway does not answer";
    health.className = "status bad";
    throw problem;
  }
}

async function begin() {
  const [version, list] = await Promise.all([askJson("/version"), askIfAllowed("/v1/routes")]);
  byId("version").textContent = `version ${version.version}`;
  routes = list ? list.routes : [];
  show("routes", list !== null);
  drawCurl();
  drawRoutes();
}

async function refresh() {
  await drawHealth();
  if (rounds === 0) {
    await begin();
  }
  const [recent, runs, count] = await Promise.all([
    askIfAllowed("/v1/recent"),
    askRuns(),
    askIfAllowed(address("/v1/workflow-count", { query: "GROUP BY ExecutionStatus" })),
  ]);
  const events = recent ? recent.events : [];
  noteStatuses(runs || []);
  forgetStatuses(events);
  await askStatuses(events);
  show("main", true);
  drawRuns(runs);
  drawRecent(recent);
  drawCounts(count);
  if (rounds % COUNT_EVERY === 0) {
    await Promise.all(routes.slice(0, ROUTES_COUNTED).map(countRoute));
    drawRoutes();
  }
  rounds += 1;
  byId("updated").textContent = `updated ${new Date().toLocaleTimeString([], CLOCK)}`;
}

const said = (problem) => (problem.status ? `the gateway answered ${problem.status}: ${problem.message}` : problem.message);

// A token that is refused, or a bug, stays so; what is busy or away comes back.
const mayPass = (problem) => problem instanceof Problem && (problem.status === 0 || problem.status === 429 || problem.status >= 500);

function tellProblem(problem) {
  const next = pauseMs > 0 ? `trying again in ${pauseMs / 1000} s` : "the page has stopped refreshing";
  byId("problem-text").textContent = `${said(problem).replace(/^./, (letter) => letter.toUpperCase())}; ${next}`;
  show("problem", true);
}

async function turn() {
  clearTimeout(timer);
  timer = null;
  if (isAsking) {
    return;
  }
  isAsking = true;
  let nextMs = REFRESH_MS;
  try {
    await refresh();
    pauseMs = 0;
    show("problem", false);
  } catch (problem) {
    nextMs = pauseMs = mayPass(problem) ? Math.min(PAUSE_MAX_MS, pauseMs * 2 || REFRESH_MS) : 0;
    tellProblem(problem instanceof Problem ? problem : new Problem(0, `the page has a bug: ${problem.message}`));
  } finally {
    isAsking = false;
  }
  if (nextMs > 0 && document.visibilityState === "visible") {
    timer = setTimeout(turn, nextMs);
  }
}

// ---- one message, one run ----

function indented(json) {
  // Only white space is put between: numbers and texts stay as they came.
  let text = "";
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    const line = (by) => "\n" + "  ".repeat(depth += by);
    if (token === "{" || token === "[") {
      text += token + line(1);
    } else if (token === "}" || token === "]") {
      text += line(-1) + token;
    } else {
      text += token === "," ? token + line(0) : token === ":" ? ": " : token;
    }
  }
  return text.replace(/\{\s+\}/g, "{}").replace(/\[\s+\]/g, "[]");
}

function definitions(pairs) {
  return element("dl", {}, ...pairs.filter(([, value]) => value !== undefined && value !== "")
    .flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value instanceof Node ? value : String(value))]));
}

const problemLine = (problem) => element("p", { class: "bad" }, problem.message);

async function messageParts(id) {
  const message = await askJson(`/v1/messages/${encodeURIComponent(id)}`);
  const route = routes.find((one) => one.name === message.route);
  return [definitions([
    ["Route", message.route],
    ["Workflow", runLink(message.workflowId, message.runId, route && route.namespace)],
    ["Type", message.workflowType], ["Task queue", message.taskQueue],
    ["Status", statusMark(message.status)], ["Attempt", message.attempt],
    ["Started", timeMark(message.startTime)], ["Closed", timeMark(message.closeTime)],
    ["Failure", message.failureType], ["", message.failureMessage],
  ])];
}

async function historyParts(path, query) {
  const page = await askJson(address(`${path}/history`, { ...query, pageSize: 200 }));
  const rows = page.events.map((event) => element("tr", {},
    element("th", { scope: "row", class: "number" }, event.eventId), cell(timeMark(event.eventTime)),
    cell(event.eventType.replace(/^EVENT_TYPE_/, "").toLowerCase().replaceAll("_", " "))));
  const heads = ["Event", "Time", "What"].map((word) =>
    element("th", { scope: "col", class: word === "Event" ? "number" : undefined }, word));
  return [
    element("div", { class: "scroll", role: "region", "aria-label": "History", tabindex: "0" },
      element("table", {}, element("caption", { class: "unseen" }, "The run's events"),
        element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows))),
    page.nextPageToken && element("p", { class: "quiet" }, "The rest is told by the API."),
  ];
}

async function resultParts(path, query) {
  const text = await ask(address(`${path}/result`, query));
  return [element("pre", {}, element("code", {}, indented(text)))];
}

// A part that cannot be had says why, and the others stay.
async function headed(title, parts) {
  try {
    return [element("h3", {}, title), ...(await parts)];
  } catch (problem) {
    return [element("h3", {}, title), problemLine(problem)];
  }
}

async function runParts(namespace, id, runId) {
  const path = workflowPath(id);
  const query = { namespace, runId };
  const run = await askJson(address(path, query));
  const first = definitions([
    ["Status", statusMark(run.status)], ["Type", run.workflowType], ["Task queue", run.taskQueue],
    ["Namespace", namespace], ["Run", run.runId],
    ["Started", timeMark(run.startTime)], ["Closed", timeMark(run.closeTime)],
    ["Took", duration(run.startTime, run.closeTime)],
  ]);
  const result = isOpen(run.status) ? [] : headed("Result", resultParts(path, query));
  return [first, ...(await result), ...(await headed("History", historyParts(path, query)))];
}

// The address names what is open, so that it can be sent to somebody, and "back" closes it.
async function drawDetail() {
  const dialog = byId("detail");
  const [kind, ...rest] = location.hash.slice(1).split("/");
  const parts = rest.map(decodeURIComponent);
  if (kind !== "message" && kind !== "run") {
    dialog.close();
    return;
  }
  byId("detail-title").textContent = kind === "message" ? `Message ${parts[0]}` : parts[1];
  byId("detail-body").replaceChildren(element("p", { class: "quiet" }, "Asking …"));
  if (!dialog.open) {
    dialog.showModal();
  }
  const asked = location.hash;
  let content;
  try {
    content = kind === "message" ? await messageParts(parts[0]) : await runParts(...parts);
  } catch (problem) {
    content = [problemLine(problem)];
  }
  if (location.hash === asked) {
    byId("detail-body").replaceChildren(...content.filter(Boolean));
  }
}

byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = `message/${encodeURIComponent(byId("message-id").value.trim())}`;
});
byId("close").addEventListener("click", () => byId("detail").close());
byId("detail").addEventListener("close", () => {
  if (/^#(message|run)\//.test(location.hash)) {
    history.pushState(null, "", location.pathname);
  }
});
byId("again").addEventListener("click", turn);
window.addEventListener("hashchange", drawDetail);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    turn();
  } else {
    clearTimeout(timer);
  }
});

turn().then(drawDetail);
