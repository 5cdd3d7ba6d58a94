// The hospital board: signs in, follows the service and keeps the page in step.

import { finelyAgo, learn, now, timeOfDay } from "./clock.js";
import { forget, renew, signIn, takeFromAddress, token } from "./session.js";
import { Delay, Strip, Wave, keepMilliseconds } from "./strip.js";
import { Stream } from "./stream.js";
import { Events, Head, Rail, Tiles, setText } from "./view.js";

const SILENT_AFTER_MS = 10_000;
const LANE_SILENT_MS = 3000;
const NEXT_AFTER_MS = 60_000;
const by = (id) => document.getElementById(id);

const tiles = new Tiles();
const events = new Events();
const head = new Head();
const rail = new Rail(choose);
const strip = new Strip(by("ecg"));

let stream = null;
let chosen = null; // encounter id
let listed = [];
let lanes = new Map(); // lane id -> {wave, delay, label, arrived}
let lane = null;
let connection = "offline";
let lastReading = 0;

// --- waveforms ---------------------------------------------------------------------------------

function takeWaves(waves) {
  // What was stored before we looked says nothing of how late live chunks come.
  const opened = new Set();
  for (const chunk of waves) {
    let entry = lanes.get(chunk.lane);
    if (!entry) {
      entry = { wave: new Wave(), delay: new Delay(), label: chunk.label, arrived: 0 };
      lanes.set(chunk.lane, entry);
      opened.add(entry);
    }
    if (!entry.wave.add(chunk)) continue;
    const at = now();
    if (!opened.has(entry)) entry.delay.note(Date.parse(chunk.at), at);
    entry.arrived = at;
    lastReading = Math.max(lastReading, entry.wave.end);
    entry.wave.prune(at - keepMilliseconds);
  }
  for (const entry of opened) entry.delay.note(entry.wave.chunks.at(-1).start, now());
  if (lane && now() - lane.arrived < LANE_SILENT_MS) return;
  for (const entry of lanes.values()) {
    if (!lane || entry.arrived > lane.arrived + LANE_SILENT_MS) lane = entry;
  }
}

let drawn = 0;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function frame(time) {
  requestAnimationFrame(frame);
  if (by("patient").hidden || time - drawn < (calm.matches ? 1000 : 15)) return;
  drawn = time;
  if (!lane) {
    strip.draw(new Wave(), now());
    return;
  }
  // After the handover the strip rests where the record ends: nothing is missing any more.
  const cursor = head.ended ? lane.wave.end : now() - lane.delay.value();
  describeStrip(strip.draw(lane.wave, cursor), lane.wave.newestAt(cursor));
}

let described = 0;

/** The strip runs behind the numbers, so its age is that of the newest sample it shows. */
function describeStrip(gaps, shown) {
  if (now() - described < 1000) return;
  described = now();
  setText(by("ecg-lead"), lane.label);
  const breaks = gaps.length === 1 ? "1 break in view" : `${gaps.length} breaks in view`;
  const newest = shown ? `newest sample ${finelyAgo(shown)}` : "no samples in view";
  setText(by("ecg-age"), gaps.length ? `${newest} \u00b7 ${breaks}` : newest);
  by("ecg").setAttribute("aria-label", `${lane.label}, 25 millimetres a second, ${newest}, ${breaks}`);
}

// --- the stream --------------------------------------------------------------------------------

const receive = {
  encounters(data) {
    listed = data.encounters;
    rail.take(listed, chosen);
    if (!chosen && listed.length) choose(listed[0].id);
    else if (!chosen) showNothing();
  },
  snapshot(data) {
    clearPatient();
    show(data);
    by("patient").hidden = false;
    by("nothing").hidden = true;
  },
  change: show,
  encounter(data) {
    head.show(data.encounter);
  },
  beat() {},
};

function show(data) {
  if (data.encounter) head.show(data.encounter);
  if (data.tiles) tiles.take(data.tiles);
  if (data.events) events.take(data.events);
  if (data.waves) takeWaves(data.waves);
  if (data.acuity) head.acuity(data.acuity);
  for (const reading of Object.values(data.tiles ?? {})) {
    lastReading = Math.max(lastReading, Date.parse(reading.at));
  }
}

function connect() {
  stream?.close();
  const query = chosen ? `?encounter=${encodeURIComponent(chosen)}` : "";
  stream = new Stream(`/board/events${query}`, token, {
    event(name, data) {
      if (data.now) learn(data.now);
      receive[name]?.(data);
    },
    state(state) {
      connection = state;
      showLink();
    },
    refused,
  });
}

async function refused(status) {
  if (status === 404) {
    chosen = null;
    connect();
    return;
  }
  if (status === 401 && (await renew())) {
    connect();
    return;
  }
  leave();
  problem(
    status === 403
      ? "This sign-in may not read encounters. Sign in with another client."
      : "The sign-in has ended. Sign in again to go on.",
  );
}

function choose(id) {
  if (id === chosen) return;
  chosen = id;
  clearPatient();
  rail.take(listed, chosen);
  connect();
}

function clearPatient() {
  lanes = new Map();
  lane = null;
  lastReading = 0;
  head.ended = 0;
  tiles.clear();
  events.clear();
  head.acuity({ severity: "none", title: "", at: null });
}

function showNothing() {
  by("patient").hidden = true;
  by("nothing").hidden = false;
}

// --- connection and ages -----------------------------------------------------------------------

function showLink() {
  const link = by("link");
  const silent = lastReading && !head.ended && now() - lastReading > SILENT_AFTER_MS;
  const state = connection === "live" && silent && !by("patient").hidden ? "silent" : connection;
  const words = {
    live: "Live",
    connecting: "Connecting",
    reconnecting: "Reconnecting",
    offline: "Not connected",
    silent: `No data since ${timeOfDay(lastReading)}`,
  };
  link.dataset.state = state;
  setText(by("link-text"), words[state]);
  const banner = by("stale-banner");
  const cut = state === "reconnecting" && lastReading;
  banner.hidden = !(cut || state === "silent");
  if (cut) {
    setText(banner, `The connection to the service is lost. Values are of ${timeOfDay(lastReading)} or older.`);
  } else if (state === "silent") {
    setText(banner, `No data from this ambulance since ${timeOfDay(lastReading)}. It may be out of coverage; nothing is lost.`);
  }
}

/** A wall screen goes on to the next patient a while after the handover. */
function moveOn() {
  const next = listed.find((encounter) => encounter.id !== chosen);
  if (head.ended && next && now() - head.ended > NEXT_AFTER_MS) choose(next.id);
}

function tick() {
  moveOn();
  setText(by("clock"), timeOfDay(Date.now()));
  tiles.age();
  rail.age();
  head.age();
  if (stream) showLink();
}

// --- signing in and out ------------------------------------------------------------------------

function problem(text) {
  by("sign-in-problem").hidden = !text;
  setText(by("sign-in-problem"), text);
}

function enter() {
  by("sign-in").hidden = true;
  by("desk").hidden = false;
  by("leave").hidden = false;
  document.body.dataset.view = "board";
  connect();
}

function leave() {
  stream?.close();
  stream = null;
  chosen = null;
  listed = [];
  forget();
  clearPatient();
  rail.take([], null);
  showNothing();
  connection = "offline";
  showLink();
  by("desk").hidden = true;
  by("leave").hidden = true;
  by("sign-in").hidden = false;
  document.body.dataset.view = "sign-in";
  by("client-id").focus();
}

by("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = by("sign-in-submit");
  button.disabled = true;
  problem("");
  try {
    await signIn(by("client-id").value.trim(), by("client-secret").value);
    by("client-secret").value = "";
    enter();
  } catch (cause) {
    problem(cause.message);
  } finally {
    button.disabled = false;
  }
});

by("leave").addEventListener("click", () => {
  problem("");
  leave();
});

function showMenu(open) {
  by("menu").setAttribute("aria-expanded", String(open));
  by("bar-actions").dataset.open = String(open);
}

by("menu").addEventListener("click", () => showMenu(by("bar-actions").dataset.open !== "true"));
by("bar-actions").addEventListener("click", () => showMenu(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || by("bar-actions").dataset.open !== "true") return;
  showMenu(false);
  by("menu").focus();
});

// --- theme -------------------------------------------------------------------------------------

const THEME = "vitalwire.board.theme";

function showTheme() {
  const light = matchMedia("(prefers-color-scheme: light)").matches;
  const theme = localStorage.getItem(THEME) ?? (light ? "light" : "dark");
  document.documentElement.dataset.theme = theme;
  by("theme").setAttribute("aria-pressed", String(theme === "light"));
  setText(by("theme"), theme === "light" ? "Dark" : "Light");
  by("theme").setAttribute("aria-label", theme === "light" ? "Dark colours" : "Light colours");
  strip.restyle();
}

by("theme").addEventListener("click", () => {
  const light = document.documentElement.dataset.theme === "light";
  localStorage.setItem(THEME, light ? "dark" : "light");
  showTheme();
});

// --- start -------------------------------------------------------------------------------------

addEventListener("online", () => stream?.hurry());
addEventListener("visibilitychange", () => document.hidden || stream?.hurry());
addEventListener("hashchange", () => {
  takeFromAddress();
  if (token() && !stream) enter();
});

takeFromAddress();
showTheme();
tick();
setInterval(tick, 500);
requestAnimationFrame(frame);
if (token()) enter();
else leave();
