// One patient, live: follows the service and keeps the page in step.

import { whenRestyled } from "./bar.js";
import { learn, now, timeOfDay } from "./clock.js";
import { by, setText } from "./dom.js";
import { Events } from "./events.js";
import { Handover } from "./handover.js";
import { Head } from "./head.js";
import { Link } from "./link.js";
import { Stream } from "./stream.js";
import { Strips } from "./strips.js";
import { Tiles, showNews } from "./tiles.js";
import { showRecord } from "./told.js";
import { Trends } from "./trends.js";

const id = document.querySelector('meta[name="encounter"]').content;
const link = new Link();
const tiles = new Tiles();
const events = new Events();
const head = new Head();
const strips = new Strips(() => head.ended > 0);
const trends = new Trends(id, () => events.all);
const handover = new Handover(id);
let newest = 0;
let stream = null;
let known = null; // the whole record, where it is told here
let asked = ""; // what it was asked for at

const receive = {
  snapshot(data) {
    newest = 0;
    strips.clear();
    tiles.clear();
    events.clear();
    show(data);
    by("waiting").hidden = true;
    by("patient").hidden = false;
    strips.restyle();
    trends.load();
  },
  change: show,
  encounter(data) {
    head.show(data.encounter);
    handover.show(data.encounter, null);
    askIdentified(data.encounter);
  },
};

/** Who it is and what people wrote, where the patient comes to the facility of who looks. */
async function askIdentified(encounter) {
  const facility = document.querySelector('meta[name="facility"]').content;
  const key = `${encounter.version}`;
  if (!facility || encounter.destination !== facility || key === asked) return;
  asked = key;
  const path = `/board/${encodeURIComponent(id)}/identified`;
  const response = await fetch(path, { cache: "no-store", credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) return;
  known = await response.json();
  head.identify(known.identity);
  showRecord(known.record);
  handover.show(null, known.record, known.received_by);
}

function show(data) {
  if (data.encounter) head.show(data.encounter);
  if (data.tiles) {
    tiles.take(data.tiles);
    trends.take(data.tiles);
  }
  if (data.events) {
    events.take(data.events);
    trends.draw();
  }
  if (data.waves) strips.take(data.waves);
  if (data.acuity) head.acuity(data.acuity);
  if (data.news2) showNews(data.news2);
  if (data.record) showRecord(data.record);
  if (data.encounter || data.record) handover.show(data.encounter ?? null, data.record ?? null);
  if (data.record && head.encounter) {
    // The stream tells what everybody may read; who may read more asks again.
    asked = "";
    askIdentified(head.encounter);
  }
  for (const reading of Object.values(data.tiles ?? {})) newest = Math.max(newest, Date.parse(reading.at));
  newest = Math.max(newest, strips.newest);
}

function tick() {
  setText(by("clock"), timeOfDay(Date.now()));
  if (!stream) return;
  tiles.age();
  head.age();
  trends.age();
  link.show({ newest, ended: head.ended > 0, watchesData: true });
}

stream = new Stream(`/board/events?encounter=${encodeURIComponent(id)}`, {
  event(name, data) {
    if (data.now) learn(data.now);
    receive[name]?.(data);
  },
  state(state) {
    link.connection = state;
    link.show({ newest, ended: head.ended > 0, watchesData: true });
  },
  refused(status) {
    stream = null;
    strips.clear();
    by("patient").remove();
    if (status === 404) link.end("This patient is no longer on your board", "Go back to all arrivals, or sign in again.");
    else if (status === 403) link.end("This sign-in may not read encounters", "Sign in as somebody who may, or ask your administrator.");
    else link.end();
  },
});

whenRestyled(() => {
  if (!by("patient")) return;
  strips.restyle();
  trends.draw();
});
addEventListener("online", () => stream?.hurry());
addEventListener("visibilitychange", () => document.hidden || stream?.hurry());
setInterval(tick, 500);
tick();
