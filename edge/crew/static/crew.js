// The crew page: lock, stream, views.

import { whenLocked } from "./ask.js";
import { now, setZone, synchronise, timeOfDay } from "./clock.js";
import { Curves } from "./curves.js";
import { connectDeeds, say, undo } from "./deeds.js";
import { by, element, setText } from "./dom.js";
import { connectEnrolling, enrolSheet, showScanned } from "./enrolling.js";
import { connectHandover, showHandover } from "./handover.js";
import { connectLock, look, touch } from "./lock.js";
import { Events, Tiles, showPressures, showScore } from "./numbers.js";
import { ageAssessment, clearPatient, connectPatient, isPerson, nhsNumberIn, showAssessment, showPatient, takeNumber } from "./patient.js";
import { canScan, connectScanner, scanByCamera } from "./scanner.js";
import { choice, closeSheet, forgetSheets, grid, openSheet } from "./sheets.js";
import * as slow from "./state.js";
import { connectStation } from "./station.js";
import { Stream } from "./stream.js";
import { calibrate, pixelsPerMillimetre } from "./sweep.js";
import { connectTrends, drawTrends, takePressures, takeTrends } from "./trends.js";

const THEME_KEY = "vitalwire.theme";
const MOST_CPR_MS = 2 * 3600_000; // a stop that nobody pressed does not keep the page open for ever
const curves = new Curves();
const tiles = new Tiles();
const events = new Events((line) => undo(line.id, line.text));
let stream = null;
let member = "";
let score = null;
let typedOf = ""; // the encounter on the screen

const SLOW = {
  encounter: slow.showEncounter,
  uplink: (given) => given && slow.showUplink(given),
  devices: slow.showDevices,
  foreign: slow.showForeign,
  scanned: showScanned,
  pairing: slow.showPairing,
  shift: slow.showShift,
  patient: showPatient,
  assessment: showAssessment,
  aside: slow.showAside,
  trends: takeTrends,
  news2: (given) => showScore((score = given)),
};

function take(name, data) {
  synchronise(data.now);
  if (data.zone) showZone(data.zone);
  if (name === "snapshot" || name === "clear") {
    forget();
    if (data.member !== undefined) member = data.member;
    // What is being typed outlives a broken line, and the binding of what had no encounter yet.
    const next = data.encounter?.id ?? "";
    if (typedOf && typedOf !== next) clearPatient();
    typedOf = next;
  }
  if (data.tiles) tiles.take(data.tiles);
  if (data.waves) curves.take(data.waves);
  if (data.events) events.take(data.events);
  if (data.pressures) {
    showPressures(data.pressures);
    takePressures(data.pressures);
  }
  for (const [key, show] of Object.entries(SLOW)) if (key in data) show(data[key]);
}

/** The zone of every time on the page, the same on every tablet. */
function showZone(zone) {
  setText(by("zone"), zone.name);
  if (!setZone(zone.minutes)) return;
  events.redraw();
  drawTrends();
}

/** Nothing of a patient stays on the screen, nor behind it. */
function forget() {
  tiles.clear();
  events.clear();
  curves.clear();
  showHold(false);
  showPressures([]);
  takePressures([]);
  by("atmist").replaceChildren();
  setText(by("handover-who"), "");
}

function open() {
  document.body.dataset.locked = "false";
  by("lock").hidden = true;
  by("page").hidden = false;
  stream?.close();
  stream = new Stream({
    event: take,
    state: (state) => (by("cut").hidden = state === "live"),
    locked: lock,
  });
  curves.restyle();
}

function lock() {
  stream?.close();
  stream = null;
  document.body.dataset.locked = "true";
  forgetSheets();
  forget();
  clearPatient();
  typedOf = "";
  showPatient({});
  showAssessment({});
  slow.forgetState();
  takeTrends({});
  showScore((score = { total: null, least: 0, risk: null, red: false, missing: [], scale: 1, parts: [], unfit: "", age_told: true }));
  by("toasts").replaceChildren();
  for (const canvas of by("page").querySelectorAll("canvas")) canvas.width = 0; // also those not in view
  by("page").hidden = true;
  by("lock").hidden = false;
  by("pin").focus();
  look();
}

function showView(name) {
  for (const view of document.querySelectorAll(".view")) view.hidden = view.id !== `view-${name}`;
  for (const button of document.querySelectorAll("[data-view]")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  curves.restyle();
  drawTrends();
  slow.ageState();
  if (name === "handover") showHandover();
}

function showHold(on) {
  by("hold").setAttribute("aria-pressed", String(on));
  setText(by("hold"), on ? "Go on" : "Hold");
}

function connectViews() {
  const buttons = [...document.querySelectorAll("[data-view]")];
  for (const button of buttons) button.addEventListener("click", () => showView(button.dataset.view));
  document.addEventListener("keydown", (event) => {
    const place = Number(event.key) - 1;
    if (event.altKey && buttons[place] && !by("page").hidden) {
      event.preventDefault();
      showView(buttons[place].dataset.view);
    }
  });
  by("uplink-chip").addEventListener("click", () => showView("devices"));
  by("devices-chip").addEventListener("click", () => showView("devices"));
  by("hold").addEventListener("click", () => {
    const on = by("hold").getAttribute("aria-pressed") !== "true";
    showHold(on);
    curves.hold(on);
  });
  document.querySelector('[data-choose="ecg"]').addEventListener("click", () => {
    const choices = curves.choices;
    const several = new Set(choices.map(([, device]) => device)).size > 1;
    const made = choices.map(([lead, device, name]) => choice(lead, several ? name : "", () => curves.choose(lead, device)));
    openSheet("Which lead", made.length ? [grid(made)] : [element("p", "No ECG yet.")]);
  });
  by("news2").addEventListener("click", () => score && slow.scoreSheet(score));
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  localStorage.setItem(THEME_KEY, name);
  curves.restyle();
  drawTrends();
}

function calibrateSheet() {
  let pixels = pixelsPerMillimetre();
  const ruler = element("div", "", "ruler");
  const show = () => (ruler.style.width = `${50 * pixels}px`);
  const step = (by_) => {
    pixels = Math.max(1, Math.min(20, pixels * by_));
    show();
  };
  const buttons = [["Shorter", 1 / 1.01], ["Longer", 1.01]].map(([words, factor]) => {
    const button = element("button", words, "action", { type: "button" });
    button.addEventListener("click", () => step(factor));
    return button;
  });
  const row = element("div", "", "row");
  row.append(...buttons);
  show();
  openSheet("Make this line 50 mm long", [
    element("p", "Hold a ruler to the screen."),
    ruler,
    row,
    grid([
      choice("Keep", "", () => {
        calibrate(pixels);
        curves.restyle();
      }),
    ]),
  ]);
}

function scanned(text) {
  const number = nhsNumberIn(text);
  if (number) {
    closeSheet();
    showView("patient");
    takeNumber(number);
  } else if (by("view-devices").hidden || isPerson(text)) {
    // It may be a patient's: nothing of it is shown, kept or sent.
    say("NOT TAKEN. No NHS number with a fitting check digit is in that code. A device is added under Devices.");
  } else enrolSheet(text);
}

function tick() {
  setText(by("clock"), timeOfDay(now()));
  if (by("page").hidden) return;
  tiles.age();
  events.age();
  slow.ageState();
  ageAssessment();
  // Hands are busy with the chest: the page does not lock itself meanwhile.
  const since = events.compressionsSince;
  if (since && now() - since < MOST_CPR_MS) touch();
}

const preferred = window.matchMedia("(prefers-color-scheme: light)").matches ? "day" : "night";
theme(localStorage.getItem(THEME_KEY) ?? preferred);
whenLocked(lock);
connectLock(open, lock);
connectDeeds();
connectPatient(say);
connectTrends();
connectHandover();
connectViews();
connectEnrolling();
connectStation();
connectScanner(scanned, () => !by("page").hidden);
slow.connectState(() => member, {
  signedIn: (name) => (member = name),
  theme: () => theme(document.documentElement.dataset.theme === "day" ? "night" : "day"),
  calibrate: calibrateSheet,
});
if (canScan()) {
  by("scan").hidden = false;
  by("scan").addEventListener("click", () => scanByCamera(scanned));
}
setInterval(tick, 500);
if (await look()) open();
