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
  },
};

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
  for (const reading of Object.values(data.tiles ?? {})) newest = Math.max(newest, Date.parse(reading.at));
  newest = Math.max(newest, strips.newest);
}

function tick() {
  setText(by("clock"), timeOfDay(Date.now()));
  tiles.age();
  head.age();
  trends.age();
  if (stream) link.show({ newest, ended: head.ended > 0, watchesData: true });
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
  strips.restyle();
  trends.draw();
});
addEventListener("online", () => stream?.hurry());
addEventListener("visibilitychange", () => document.hidden || stream?.hurry());
setInterval(tick, 500);
tick();
