// One ambulance of the list: how urgent, when it comes, what its numbers are and how old they are.

import { ago, now, timeOfDay } from "./clock.js";
import { element, sentence, setAttribute, setText } from "./dom.js";
import { etaWords } from "./eta.js";
import { alertWords } from "./told.js";

const LIVE_MS = 10_000;
const URGENCY = {
  critical: "Critical",
  urgent: "Urgent",
  standard: "Standard",
  unknown: "Not assessed",
};
const SIGNS = { critical: "\u25b2\u25b2", urgent: "\u25b2", standard: "\u25cf", unknown: "?" };
const LABELS = { hr: "HR", spo2: "SpO\u2082", nibp: "NIBP", rr: "RR" };
const STALE_S = { hr: 10, spo2: 15, nibp: 900, rr: 30 };

export class Card {
  newest = 0;
  #parts = {};
  #encounter = null;
  #alert = null;

  constructor(id) {
    this.item = element("li", "", "arrival");
    this.item.dataset.id = id;
    const link = element("a", "", "arrival-link");
    link.href = `/board/${encodeURIComponent(id)}`;
    for (const [name, tag] of [
      ["sign", "span"], ["urgency", "strong"], ["vehicle", "h2"], ["eta", "p"], ["reason", "p"], ["patient", "p"],
      ["prealert", "p"], ["destination", "p"], ["numbers", "dl"], ["age", "p"],
    ]) {
      this.#parts[name] = element(tag, "", `arrival-${name}`);
      link.append(this.#parts[name]);
    }
    setAttribute(this.#parts.sign, "aria-hidden", "true");
    this.item.append(link);
  }

  show(encounter) {
    this.#encounter = encounter;
    const parts = this.#parts;
    this.newest = encounter.newest_at ? Date.parse(encounter.newest_at) : 0;
    setAttribute(this.item, "data-urgency", encounter.urgency);
    setText(parts.sign, SIGNS[encounter.urgency]);
    setText(parts.urgency, URGENCY[encounter.urgency]);
    setText(parts.vehicle, encounter.vehicle);
    setAttribute(this.item, "title", encounter.vehicle);
    const reasons = [encounter.reason, ...encounter.alerts.filter((one) => one !== encounter.reason), news(encounter)];
    setText(parts.reason, sentence([...new Set(reasons.filter(Boolean))].join(" \u00b7 ")));
    setText(parts.patient, [encounter.patient, encounter.complaint].filter(Boolean).join(" \u00b7 "));
    this.told(null);
    const state = encounter.status === "with the crew" ? "" : encounter.status;
    setText(parts.destination, [encounter.destination && `To ${encounter.destination}`, state].filter(Boolean).join(" \u00b7 "));
    this.#numbers(encounter.numbers);
    this.age();
  }

  /** The pre-alert: its words where they may be read, else that there is one. */
  told(alert) {
    this.#alert = alert ?? this.#alert;
    const at = this.#encounter.pre_alert_at;
    setText(this.#parts.prealert, at ? alertWords(at, this.#alert) : "");
  }

  /** What changes by itself as time goes by. */
  age() {
    const { eta, age, numbers } = this.#parts;
    const words = etaWords(this.#encounter.eta_at);
    setText(eta, words.text);
    setAttribute(eta, "data-state", words.state);
    const silent = this.newest && now() - this.newest > LIVE_MS;
    setAttribute(this.item, "data-link", !this.newest ? "none" : silent ? "silent" : "live");
    const since = `since ${timeOfDay(this.newest)}, ${ago(this.newest)}`;
    setText(age, !this.newest ? "No data from the ambulance yet" : silent ? `No data ${since}` : `Live \u00b7 newest ${ago(this.newest)}`);
    for (const pair of numbers.children) {
      const stale = now() - Number(pair.dataset.at) > STALE_S[pair.dataset.tile] * 1000;
      setAttribute(pair, "data-state", stale ? "stale" : "fresh");
      // One silence is told once; a number that is older than the others tells its own age.
      const lags = !silent || this.newest - Number(pair.dataset.at) > 30_000;
      const old = stale && lags ? ago(Number(pair.dataset.at)) : "";
      setText(pair.querySelector(".number-age"), old);
    }
  }

  #numbers(readings) {
    const list = this.#parts.numbers;
    const known = new Map([...list.children].map((pair) => [pair.dataset.tile, pair]));
    for (const reading of readings) {
      const pair = known.get(reading.tile) ?? numberPair(reading.tile);
      known.delete(reading.tile);
      pair.dataset.at = String(Date.parse(reading.at));
      setAttribute(pair, "data-marked", String(Boolean(reading.mark)));
      setText(pair.querySelector("b"), reading.value ?? "- -");
      setText(pair.querySelector(".number-mark"), reading.value === null ? reading.absent : (reading.mark ?? ""));
      if (pair.parentElement !== list) list.append(pair);
    }
    for (const pair of known.values()) pair.remove();
  }
}

function numberPair(tile) {
  const pair = element("div", "", "number");
  pair.dataset.tile = tile;
  const value = element("dd");
  value.append(element("b"), " ", element("span", "", "number-mark"), " ", element("span", "", "number-age"));
  pair.append(element("dt", LABELS[tile]), value);
  return pair;
}

/** The score, or what it is at least; nothing where nothing is known. */
function news({ news2, reason }) {
  if (reason.startsWith("NEWS2")) return "";
  if (news2.total !== null) return `NEWS2 ${news2.total}`;
  return news2.least > 0 ? `NEWS2 at least ${news2.least}` : "";
}
