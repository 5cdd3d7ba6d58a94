// What changes slowly: encounter, link, devices, pairing, who is on board.

import { post } from "./ask.js";
import { ago, elapsed, now, timeOfDay } from "./clock.js";
import { attempt, record } from "./deeds.js";
import { by, element, lampLine, newId, sentence, setAttribute, setText } from "./dom.js";
import { askSheet, choice, closeAsked, closeSheet, field, grid, openSheet } from "./sheets.js";
import { showStation } from "./station.js";

let encounter = null;
let uplink = null;
let devices = [];
let shift = [];
let asked = new Set();
let aside = null;
let beginId = ""; // the same until an encounter is there: a press that failed and its repeat are one

export function showEncounter(given) {
  encounter = given;
  if (given) beginId = "";
  const state = !given ? "none" : given.confirmed ? "confirmed" : "unconfirmed";
  setAttribute(by("encounter-chip"), "data-state", state);
  ageState();
}

/** The lock is on: nothing of the patient stays, not even out of sight. */
export function forgetState() {
  showEncounter(null);
  showForeign([]);
  showAside(null);
  asked = new Set();
  devices = [];
  ageDevices();
}

function encounterSheet() {
  if (!encounter) {
    beginId ||= newId();
    const begin = choice("Begin an encounter", "without dispatch", () =>
      attempt(post("/encounter/begin", { id: beginId }), "Encounter begun"),
    );
    openSheet("No encounter", [
      element("p", "Dispatch binds one by itself when there is a connection. Readings are kept either way."),
      grid([begin]),
    ]);
    return;
  }
  if (aside) return openSheet(...asideSheet());
  const facts = [encounter.number && `Incident ${encounter.number}`, encounter.complaint, encounter.sex].filter(Boolean);
  const buttons = [];
  if (!encounter.confirmed) {
    buttons.push(choice("This is ours", "confirm", () => attempt(post("/encounter/confirm"), "Encounter confirmed")));
  }
  buttons.push(
    choice("Release", "the patient has left", () =>
      openSheet("Release the encounter?", [
        element("p", "The numbers and events of this patient leave the screen. Nothing is deleted."),
        grid([
          choice("Release", "yes, the patient has left", () => attempt(post("/encounter/release"), "Encounter released")),
          choice("Keep it", "", () => {}),
        ]),
      ]),
    ),
  );
  openSheet(encounter.from_dispatch ? "Encounter from dispatch" : "Encounter begun on board", [
    element("p", facts.join(" \u00b7 ") || "Dispatch told nothing more.", "big"),
    element("p", `Since ${timeOfDay(Date.parse(encounter.started_at))}`),
    grid(buttons),
  ]);
}

/** What was told before this encounter: only a person knows whether it is the same patient. */
export function showAside(given) {
  aside = given;
  if (given) askSheet("aside", () => aside && asideSheet());
}

function asideSheet() {
  const settle = (is_same, words) => attempt(post("/patient/aside", { id: newId(), is_same }), words);
  return ["Is it the same patient?", [
    element("p", "Before this encounter was bound, this was written down:"),
    element("p", aside.who || "consciousness and breathing only", "big"),
    grid([
      choice("Same patient", "keep it", () => settle(true, "Patient details kept")),
      choice("Another patient", "remove it", () => settle(false, "Patient details removed")),
    ]),
  ]];
}

export function showUplink(given) {
  uplink = given;
  showStation(given.station);
  ageState();
}

export function showDevices(given) {
  devices = given;
  const bad = given.filter((one) => one.grade === "bad");
  const warn = given.filter((one) => one.grade === "warn");
  const good = given.filter((one) => one.grade === "good");
  setAttribute(by("devices-chip"), "data-grade", bad.length ? "bad" : warn.length ? "warn" : "good");
  setText(by("devices-head"), bad.length ? `${bad[0].name}` : `${good.length} sending`);
  const text = bad.length ? bad[0].words : warn.length ? `${warn[0].name} ${warn[0].words}` : given.length ? "all devices send" : "no device yet";
  setText(by("devices-text"), bad.length > 1 ? `and ${bad.length - 1} more \u00b7 ${text}` : text);
  ageDevices();
}

function ageDevices() {
  by("device-list").replaceChildren(
    ...devices.map((one) => {
      const facts = [one.last && `last reading ${ago(Date.parse(one.last))}`, one.battery, one.reason].filter(Boolean);
      return lampLine(one.name, one, element("p", facts.join(" \u00b7 ")));
    }),
  );
}

export function showForeign(found) {
  by("foreign").hidden = found.length === 0;
  setText(
    by("foreign"),
    found.map((one) => `${one.name} belongs to ${one.vehicle}. Is it on this patient?`).join(" "),
  );
}

/** Once a second: everything that says how long ago something was. */
export function ageState() {
  if (encounter) {
    const name = encounter.number || (encounter.from_dispatch ? "Encounter" : "Begun on board");
    setText(by("encounter-head"), encounter.confirmed ? name : `${name}: confirm`);
    const facts = [elapsed(Date.parse(encounter.started_at)), encounter.complaint].filter(Boolean);
    setText(by("encounter-text"), facts.join(" \u00b7 "));
  } else {
    setText(by("encounter-head"), "No encounter");
    setText(by("encounter-text"), "tap to begin one");
  }
  if (uplink) ageUplink();
  if (!by("view-devices").hidden) ageDevices();
}

function ageUplink() {
  const since = uplink.oldest_at ? `since ${timeOfDay(uplink.oldest_at * 1000, { seconds: false })}` : "";
  const rows = `${uplink.waiting.toLocaleString("en-GB")} to send`;
  const head = { up: "Hospital connected", down: "No connection", none: "No uplink" }[uplink.state];
  const state = uplink.is_full ? "full" : uplink.all_sent ? "sent" : uplink.state;
  setAttribute(by("uplink-chip"), "data-state", state);
  setText(by("uplink-head"), head);
  // With the link up a handful is always on its way; only what lingers is worth a number.
  const lingers = uplink.oldest_at && now() / 1000 - uplink.oldest_at > 15;
  // Curves that wait for the station wait on purpose: they are no backlog.
  const onlyHeld = uplink.state === "up" && uplink.held > 0 && uplink.held === uplink.waiting;
  const going = onlyHeld ? "curves wait for the station" : uplink.state === "up" && !lingers ? "sending as it comes" : `${rows} ${since}`;
  setText(by("uplink-text"), uplink.is_full ? "DISK FULL: nothing more is kept" : uplink.waiting ? going : "everything is sent");
  const sign = by("sent-sign");
  setAttribute(sign, "data-state", uplink.all_sent ? "sent" : uplink.state === "up" ? "waiting" : "down");
  const wait = onlyHeld ? "All but the curves is sent. They wait for the station." : `Wait: ${rows} ${since}`;
  setText(by("sent-head"), uplink.all_sent ? "Everything is sent. You may switch off." : wait);
  const apart = uplink.quarantine ? ` ${uplink.quarantine} rows were refused and are kept apart.` : "";
  const held = uplink.all_sent ? "" : "What is not sent yet stays on board, over a power cut too.";
  setText(by("sent-text"), `${sentence(uplink.words)}. ${held}${apart}`);
}

export function showPairing(given) {
  if (!given) return;
  by("nearby").hidden = given.nearby.length === 0;
  by("nearby-list").replaceChildren(
    ...given.nearby.map((one) => {
      const item = element("li");
      const pair = element("button", "Pair", "action", { type: "button" });
      pair.addEventListener("click", () => attempt(post("/pairing/begin", { address: one.address }), `Pairing with ${one.name}`));
      item.append(element("span", "", "lamp"), element("b", one.name || one.address), pair);
      return item;
    }),
  );
  requests = new Map(given.requests.map((one) => [one.id, one]));
  for (const one of given.requests) {
    if (asked.has(one.id)) continue;
    asked.add(one.id);
    askSheet(`pairing-${one.id}`, () => requests.has(one.id) && pairingSheet(one));
  }
  for (const id of asked) if (!requests.has(id)) closeAsked(`pairing-${id}`);
}

let requests = new Map();

function pairingSheet(request) {
  const name = request.name || request.address;
  const refuse = choice("Refuse", "", () => attempt(post("/pairing/answer", { request: request.id, accept: false })));
  const accept = (passkey = null) => attempt(post("/pairing/answer", { request: request.id, passkey, accept: true }), `Answer given to ${name}: it is paired once it stands under Devices`);
  const digits = request.number === null ? "" : String(request.number).padStart(6, "0");
  if (request.kind.includes("ask")) {
    const [label, input] = field("The number on the device", { inputmode: "numeric", maxlength: "6" });
    const save = element("button", "Pair", "action action-main", { type: "submit" });
    const form = element("form", "", "row");
    form.append(label, save);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!/^\d{1,6}$/.test(input.value)) return;
      closeSheet();
      accept(Number(input.value));
    });
    return [`${name} wants its number`, [form, grid([refuse])]];
  } else if (request.kind.includes("show")) {
    return [`Type this number on ${name}`, [element("p", digits, "passkey"), grid([refuse])]];
  } else {
    const words = digits ? "Does the device show the same number?" : "Is this the device in your hand?";
    const nodes = [element("p", words, "big"), grid([choice("Yes, pair", "", () => accept()), refuse])];
    if (digits) nodes.unshift(element("p", digits, "passkey"));
    return [`${name} wants to be paired`, nodes];
  }
}

export function showShift(given) {
  shift = given;
}

/** Who is on board, whose hands are on this screen, colours and size. */
function menuSheet(member, hooks) {
  const known = [...document.querySelectorAll("[data-member]")].map((one) => one.dataset.member);
  const chosen = new Set(shift);
  const people = [...new Set([...known, ...shift])].map((name) => {
    const button = element("button", name, "", { type: "button", "aria-pressed": String(chosen.has(name)) });
    button.addEventListener("click", () => {
      if (!chosen.delete(name)) chosen.add(name);
      setAttribute(button, "aria-pressed", String(chosen.has(name)));
    });
    return button;
  });
  const [otherLabel, other] = field("Someone else", { maxlength: "60" });
  const save = element("button", "Save who is on board", "action action-main", { type: "button" });
  save.addEventListener("click", () => {
    if (other.value.trim()) chosen.add(other.value.trim());
    closeSheet();
    attempt(post("/shift", { id: newId(), members: [...chosen] }), "Crew on board saved");
  });
  const crew = element("div", "", "choices");
  crew.append(...people);
  const mine = element("div", "", "choices");
  mine.append(
    ...[...new Set([...known, ...shift])].map((name) => {
      const button = element("button", name, "", { type: "button", "aria-pressed": String(name === member) });
      button.addEventListener("click", () => {
        closeSheet();
        attempt(post("/sign-in", { member: name }).then(() => hooks.signedIn(name)), `${name} signed in`);
      });
      return button;
    }),
  );
  const row = element("div", "", "row");
  row.append(otherLabel, save);
  openSheet("This vehicle", [
    element("h2", "On board"), crew, row,
    element("h2", "Who works on this screen"), mine,
    element("h2", "Screen"),
    grid([
      choice("Day and night", "change the colours", hooks.theme),
      choice("True size", "calibrate 25 mm/s", hooks.calibrate),
    ]),
  ]);
}

export function connectState(member, hooks) {
  by("encounter-chip").addEventListener("click", encounterSheet);
  by("menu-button").addEventListener("click", () => menuSheet(member(), hooks));
}

/** The score with its parts, and a button that takes it down. */
export function scoreSheet(score) {
  const table = element("table", "", "score");
  for (const part of score.parts) {
    const row = table.insertRow();
    row.dataset.points = String(part.points);
    row.dataset.missing = String(part.points === null);
    row.append(element("th", part.name), element("td", part.value || "missing"), element("td", part.points === null ? "-" : String(part.points)));
  }
  if (score.unfit) {
    openSheet(`NEWS2 is not made for ${score.unfit}`, [table, element("p", "No score is worked out. Use the chart for this patient.", "big")]);
    return;
  }
  const total = score.total === null ? `at least ${score.least}: ${score.missing.length} of 7 missing` : `${score.total}, ${score.risk.replace("-", " to ")} risk`;
  openSheet(`NEWS2: ${total}`, [
    table,
    element("p", score.age_told ? "" : "Age not told: the score is for 16 years and over."),
    element("p", "Numbers older than two minutes (cuff 20, thermometer 60, what was told 30) count as missing. Not for under 16, not for pregnancy.", "empty"),
    grid([choice("Take it down", "as an event", () => record("early_warning", score.total === null ? `at least ${score.least}` : String(score.total)))]),
  ]);
}
