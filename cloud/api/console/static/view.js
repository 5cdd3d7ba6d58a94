// What stands on the page: tiles, events, banner and the list of encounters.

import { ago, elapsed, now, timeOfDay } from "./clock.js";

const MOST_EVENTS = 200;
const by = (id) => document.getElementById(id);

/** Text of one tile's reading; a reading without a number says why. */
export class Tiles {
  #readings = new Map();

  constructor() {
    this.tiles = [...document.querySelectorAll("[data-tile]")];
  }

  clear() {
    this.#readings.clear();
    for (const tile of this.tiles) this.#show(tile, null);
  }

  take(readings) {
    for (const [id, reading] of Object.entries(readings)) {
      this.#readings.set(id, reading);
      const tile = this.tiles.find((one) => one.dataset.tile === id);
      if (tile) this.#show(tile, reading);
    }
    this.age();
  }

  /** Write how old every value is and grey what is stale. */
  age() {
    for (const tile of this.tiles) {
      const reading = this.#readings.get(tile.dataset.tile);
      if (!reading) continue;
      const at = Date.parse(reading.at);
      const stale = now() - at > Number(tile.dataset.staleAfter) * 1000;
      setAttribute(tile, "data-state", stale ? "stale" : "fresh");
      const source = reading.source ? `${reading.source} \u00b7 ` : "";
      const text = `${source}${ago(at)}${stale ? " \u00b7 old" : ""}`;
      setText(tile.querySelector('[data-part="age"]'), text);
      const last = reading.last ? `last ${reading.last.value} \u00b7 ${ago(Date.parse(reading.last.at))}` : "";
      setText(tile.querySelector('[data-part="last"]'), last);
    }
  }

  #show(tile, reading) {
    const value = tile.querySelector('[data-part="value"]');
    const none = !reading || reading.value === null;
    value.classList.toggle("words", Boolean(reading && none));
    if (reading) tile.hidden = false;
    if (reading?.unit !== undefined) setText(tile.querySelector(".unit"), reading.unit);
    if (!reading) {
      const blank = element("span", "- -", "none");
      blank.setAttribute("aria-label", "no reading yet");
      value.replaceChildren(blank);
      tile.hidden = "optional" in tile.dataset;
      setAttribute(tile, "data-state", "empty");
      setText(tile.querySelector('[data-part="age"]'), "no reading yet");
      setText(tile.querySelector('[data-part="last"]'), "");
    } else {
      setText(value, none ? reading.absent : reading.value);
    }
    setAttribute(tile, "data-flag", String(Boolean(reading?.flagged)));
    setAttribute(tile, "data-marked", String(Boolean(reading?.mark)));
    setText(tile.querySelector('[data-part="mark"]'), reading?.mark ?? "");
    setText(tile.querySelector('[data-part="extra"]'), reading?.extra ?? "");
  }
}

/** The list of what happened, newest first. */
export class Events {
  #list = by("events");
  #empty = by("events-empty");
  #known = new Set();

  clear() {
    this.#list.replaceChildren();
    this.#known.clear();
    this.#empty.hidden = false;
  }

  take(events) {
    for (const event of events) {
      if (this.#known.has(event.id)) {
        if (event.undone) this.#strike(event.id);
        continue;
      }
      this.#known.add(event.id);
      const at = Date.parse(event.at);
      const item = element("li", "", "event");
      item.dataset.severity = event.severity;
      item.dataset.at = String(at);
      item.dataset.id = event.id;
      const time = element("time", timeOfDay(at));
      time.dateTime = event.at;
      item.append(time, element("span", event.text));
      const after = [...this.#list.children].find((other) => Number(other.dataset.at) <= at);
      this.#list.insertBefore(item, after ?? null);
      if (event.undone) this.#strike(event.id);
    }
    while (this.#list.children.length > MOST_EVENTS) this.#list.lastElementChild.remove();
    this.#empty.hidden = this.#list.children.length > 0;
  }

  /** The crew took it back: it stays to be read, and says so. */
  #strike(id) {
    const item = this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!item || item.dataset.undone) return;
    item.dataset.undone = "true";
    item.append(element("span", "taken back", "event-undone"));
  }
}

/** The encounters in progress; `choose(id)` is called when one is picked. */
export class Rail {
  #list = by("encounters");
  #encounters = [];
  #choose;

  constructor(choose) {
    this.#choose = choose;
  }

  take(encounters, chosen) {
    this.#encounters = encounters;
    const cards = new Map([...this.#list.querySelectorAll(".card")].map((card) => [card.dataset.id, card]));
    for (const [position, encounter] of encounters.entries()) {
      const card = cards.get(encounter.id) ?? this.#card(encounter.id);
      cards.delete(encounter.id);
      setAttribute(card, "data-severity", encounter.severity);
      setAttribute(card, "aria-current", String(encounter.id === chosen));
      setText(card.querySelector(".card-vehicle"), encounter.vehicle);
      setAttribute(card, "title", encounter.vehicle);
      setText(card.querySelector(".card-acuity"), encounter.acuity);
      setText(card.querySelector(".card-numbers"), encounter.numbers);
      if (this.#list.children[position] !== card.parentElement) {
        this.#list.insertBefore(card.parentElement, this.#list.children[position] ?? null);
      }
    }
    for (const card of cards.values()) card.parentElement.remove();
    setText(by("rail-count"), String(encounters.length));
    by("rail-empty").hidden = encounters.length > 0;
    // With one patient the list says nothing the patient's own head does not say.
    const alone = encounters.length === 1 && encounters[0].id === chosen;
    setAttribute(by("desk"), "data-alone", String(alone));
    this.age();
  }

  age() {
    for (const encounter of this.#encounters) {
      const card = this.#list.querySelector(`[data-id="${CSS.escape(encounter.id)}"]`);
      if (card) setText(card.querySelector(".card-elapsed"), elapsed(Date.parse(encounter.started_at)));
    }
  }

  #card(id) {
    const card = element("button", "", "card");
    card.type = "button";
    card.dataset.id = id;
    card.append(
      element("span", "", "card-vehicle"),
      element("span", "", "card-elapsed"),
      element("span", "", "card-acuity"),
      element("span", "", "card-numbers"),
    );
    card.addEventListener("click", () => this.#choose(id));
    const item = document.createElement("li");
    item.append(card);
    this.#list.append(item);
    return card;
  }
}

/** The head of the patient's panel and the banner. */
export class Head {
  #started = 0;
  ended = 0; // when the patient was handed over, or 0

  show(encounter) {
    this.#started = Date.parse(encounter.started_at);
    this.ended = encounter.handover_at ? Date.parse(encounter.handover_at) : 0;
    setText(by("vehicle"), encounter.vehicle);
    setText(by("crew"), encounter.crew.join(", ") || "not told");
    for (const fact of ["complaint", "sex", "incident"]) {
      setText(by(fact), encounter[fact]);
      by(fact).parentElement.hidden = !encounter[fact];
    }
    setText(by("care"), encounter.care_model);
    setText(by("state"), encounter.status);
    document.title = `${encounter.vehicle} \u00b7 Vitalwire hospital board`;
    setText(by("elapsed-label"), this.ended ? "Handed over" : "With patient");
    if (this.ended) setText(by("elapsed"), timeOfDay(this.ended));
    this.age();
  }

  acuity(acuity) {
    setAttribute(by("acuity"), "data-severity", acuity.severity);
    setText(by("acuity-title"), acuity.title);
    setText(by("acuity-text"), acuity.at ? `since ${timeOfDay(Date.parse(acuity.at))}` : "");
  }

  age() {
    if (this.#started && !this.ended) setText(by("elapsed"), elapsed(this.#started));
  }
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Change a text only when it is another one, so screen readers are not told twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
