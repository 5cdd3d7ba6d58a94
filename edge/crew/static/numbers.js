// Numbers, events, cuff readings: what stands in words on the live view.

import { ago, elapsed, now, timeOfDay } from "./clock.js";
import { by, element, setAttribute, setText } from "./dom.js";

const MOST_EVENTS = 150;
const RISKS = { low: "low risk", "low-medium": "red score", medium: "medium risk", high: "high risk" };

export class Tiles {
  #readings = new Map();
  #tiles = [...document.querySelectorAll("[data-tile]")];

  clear() {
    this.#readings.clear();
    for (const tile of this.#tiles) this.#show(tile, null);
  }

  take(readings) {
    for (const [id, reading] of Object.entries(readings)) {
      this.#readings.set(id, reading);
      const tile = this.#tiles.find((one) => one.dataset.tile === id);
      if (tile) this.#show(tile, reading);
    }
    this.age();
  }

  /** Write how old every value is, and take the colour from what is stale. */
  age() {
    for (const tile of this.#tiles) {
      const reading = this.#readings.get(tile.dataset.tile);
      if (!reading) continue;
      const at = Date.parse(reading.at);
      const stale = now() - at > Number(tile.dataset.staleAfter) * 1000;
      setAttribute(tile, "data-state", stale ? "stale" : "fresh");
      setText(tile.querySelector('[data-part="age"]'), `${stale ? "OLD \u00b7 " : ""}${ago(at)}`);
    }
  }

  #show(tile, reading) {
    const value = tile.querySelector('[data-part="value"]');
    const words = Boolean(reading && reading.value === null);
    value.classList.toggle("words", words);
    if (!reading) {
      value.replaceChildren(element("span", "--", "none"));
      setAttribute(tile, "data-state", "empty");
      setText(tile.querySelector('[data-part="age"]'), "no reading");
    } else {
      setText(value, words ? reading.absent : reading.value);
      setText(tile.querySelector('[data-part="unit"]'), reading.unit);
      tile.title = reading.source;
    }
    setAttribute(tile, "data-doubted", String(Boolean(reading?.doubted)));
    setText(tile.querySelector('[data-part="extra"]'), reading?.extra ?? "");
  }
}

/** What happened, newest first; `undo(event)` is called by its button. */
export class Events {
  #list = by("events");
  #lines = new Map();
  #undo;

  constructor(undo) {
    this.#undo = undo;
  }

  clear() {
    this.#lines.clear();
    this.#list.replaceChildren();
    this.#sum();
  }

  take(lines) {
    for (const line of lines) {
      this.#lines.get(line.id)?.node.remove();
      const node = this.#draw(line);
      this.#lines.set(line.id, { ...line, node });
      const at = Date.parse(line.at);
      const after = [...this.#list.children].find((other) => Number(other.dataset.at) <= at);
      this.#list.insertBefore(node, after ?? null);
    }
    while (this.#list.children.length > MOST_EVENTS) this.#list.lastElementChild.remove();
    this.#sum();
  }

  /** The vehicle's zone is another one. */
  redraw() {
    this.take([...this.#lines.values()]);
  }

  /** When the compressions that go on began, or 0. */
  get compressionsSince() {
    const told = [...this.#lines.values()]
      .filter((line) => !line.undone && ["cpr_started", "cpr_stopped", "circulation_returned"].includes(line.kind))
      .sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
    return told[0]?.kind === "cpr_started" ? Date.parse(told[0].at) : 0;
  }

  #sum() {
    by("events-empty").hidden = this.#list.children.length > 0;
    const shocks = [...this.#lines.values()].filter((line) => line.kind === "shock" && !line.undone);
    setText(by("shock-count"), shocks.length ? `${shocks.length} given` : "");
    this.age();
  }

  age() {
    const since = this.compressionsSince;
    setAttribute(by("cpr"), "data-running", String(Boolean(since)));
    setText(by("cpr-head"), since ? "CPR stop" : "CPR start");
    setText(by("cpr-text"), since ? elapsed(since) : "");
  }

  #draw(line) {
    const node = element("li", "", "event");
    node.dataset.at = String(Date.parse(line.at));
    node.dataset.id = line.id;
    node.dataset.grade = line.grade;
    node.dataset.undone = String(line.undone);
    node.dataset.saved = String(line.saved);
    const text = element("p");
    const fate = line.undone ? "taken back" : line.saved ? "" : "on board, waits for room";
    const facts = [timeOfDay(Date.parse(line.at)), line.by, fate].filter(Boolean);
    text.append(element("span", line.text, "what"), element("span", facts.join(" \u00b7 "), "by"));
    node.append(text);
    if (line.undo && !line.undone) {
      const undo = element("button", "Undo", "undo", { type: "button", "aria-label": `Take back: ${line.text}` });
      undo.addEventListener("click", () => this.#undo(line));
      node.append(undo);
    }
    return node;
  }
}

/** Cuff readings, newest first. */
export function showPressures(readings) {
  by("pressures-empty").hidden = readings.length > 0;
  by("pressures").replaceChildren(
    ...readings.map((one) => {
      const row = element("li", "", "cuff");
      const at = element("time", timeOfDay(Date.parse(one.at), { seconds: false }));
      const pair = one.absent || `${one.systolic ?? "-"}/${one.diastolic ?? "-"}`;
      const what = element("p");
      what.append(element("b", pair), element("small", `${one.mean ? ` (${one.mean})` : ""}${one.unit === "kPa" ? " kPa" : ""}`));
      row.append(at, what);
      return row;
    }),
  );
}

/** The early warning score on its tile. */
export function showScore(score) {
  const total = score.total ?? (score.least ? `\u2265 ${score.least}` : null);
  const value = by("news2-total");
  if (total === null) value.replaceChildren(element("span", "--", "none"));
  else setText(value, String(total));
  setAttribute(by("news2"), "data-risk", score.risk ?? (score.red ? "low-medium" : "none"));
  setText(by("news2-risk"), RISKS[score.risk] ?? (score.red ? "red score" : ""));
  setText(by("news2-scale"), score.scale === 2 ? "scale 2" : "");
  if (score.unfit) return setText(by("news2-missing"), `not for ${score.unfit}`);
  const missing = score.missing.length;
  setText(by("news2-missing"), missing ? `${missing} of 7 missing` : score.age_told ? "complete" : "age not told");
}
