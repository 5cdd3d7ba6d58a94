// The list: who is on the way, the most urgent first.

import "./bar.js";
import { Card } from "./card.js";
import { learn, timeOfDay } from "./clock.js";
import { by, element, setText } from "./dom.js";
import { Link } from "./link.js";
import { Stream } from "./stream.js";

const DESTINATION = "vitalwire.board.destination";
const link = new Link();
const cards = new Map(); // encounter id -> Card
let listed = null; // as the service told it, null before it did
let stream = null;
let asked = ""; // the pre-alerts that were asked for

const chosen = () => by("destination").value;

function take(encounters) {
  listed = encounters;
  showDestinations();
  show();
  askPreAlerts();
}

function show() {
  const shown = listed.filter((one) => !chosen() || one.destination === chosen());
  const list = by("arrivals");
  const gone = new Set(cards.keys());
  for (const [place, encounter] of shown.entries()) {
    gone.delete(encounter.id);
    const card = cards.get(encounter.id) ?? new Card(encounter.id);
    cards.set(encounter.id, card);
    card.show(encounter);
    if (list.children[place] !== card.item) list.insertBefore(card.item, list.children[place] ?? null);
  }
  for (const id of gone) {
    cards.get(id).item.remove();
    cards.delete(id);
  }
  list.dataset.many = String(shown.length > 4);
  setText(by("count"), String(shown.length));
  showNothing(shown.length);
}

/** What crews wrote is asked for by itself, when there is something new: not everybody may read it. */
async function askPreAlerts() {
  const told = listed.map((one) => one.pre_alert_at).filter(Boolean).sort().join();
  if (told === asked) return;
  asked = told;
  if (!told) return;
  const response = await fetch("/board/pre-alerts", { cache: "no-store", credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) {
    asked = "";
    return;
  }
  const { pre_alerts: alerts } = await response.json();
  for (const [id, alert] of Object.entries(alerts)) cards.get(id)?.told(alert);
}

function showNothing(count) {
  by("nothing").hidden = count > 0;
  by("legend").hidden = count === 0;
  if (count) return;
  if (listed.length) {
    setText(by("nothing-title"), `Nobody is on the way to ${chosen()}`);
    const many = listed.length === 1 ? "1 ambulance is" : `${listed.length} ambulances are`;
    setText(by("nothing-text"), `${many} on the way to elsewhere, or without a destination yet.`);
  } else {
    setText(by("nothing-title"), "No ambulance is with a patient now");
    setText(by("nothing-text"), "One appears here as soon as a crew or dispatch opens an encounter.");
  }
}

function showDestinations() {
  const select = by("destination");
  const kept = select.options.length > 1 ? select.value : (localStorage.getItem(DESTINATION) ?? "");
  const names = [...new Set(listed.map((one) => one.destination).filter(Boolean))].sort();
  if (kept && !names.includes(kept)) names.push(kept);
  const current = [...select.options].slice(1).map((option) => option.value);
  if (names.join("\n") !== current.join("\n")) {
    const options = names.map((name) => Object.assign(element("option", name), { value: name }));
    select.replaceChildren(select.options[0], ...options);
    select.value = kept;
  }
  by("filter").hidden = names.length === 0;
}

by("destination").addEventListener("change", () => {
  localStorage.setItem(DESTINATION, chosen());
  show();
});

function tick() {
  setText(by("clock"), timeOfDay(Date.now()));
  for (const card of cards.values()) card.age();
  if (stream) link.show({ newest: Math.max(0, ...[...cards.values()].map((card) => card.newest)) });
}

stream = new Stream("/board/events", {
  event(name, data) {
    if (data.now) learn(data.now);
    if (name === "encounters") take(data.encounters);
    tick();
  },
  state(state) {
    link.connection = state;
    link.show();
  },
  refused(status) {
    stream = null;
    by("arrivals").replaceChildren();
    cards.clear();
    if (status === 403) link.end("This sign-in may not read encounters", "Sign in as somebody who may, or ask your administrator.");
    else link.end();
  },
});

addEventListener("online", () => stream?.hurry());
addEventListener("visibilitychange", () => document.hidden || stream?.hurry());
setInterval(tick, 500);
tick();
