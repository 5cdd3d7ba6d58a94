// The list of what happened, newest first.

import { timeOfDay } from "./clock.js";
import { by, element } from "./dom.js";

const MOST_EVENTS = 200;

export class Events {
  #list = by("events");
  #empty = by("events-empty");
  #known = new Map(); // id -> event

  clear() {
    this.#list.replaceChildren();
    this.#known.clear();
    this.#empty.hidden = false;
  }

  /** All of them, for the trends to be marked by. */
  get all() {
    return [...this.#known.values()];
  }

  take(events) {
    for (const event of events) {
      const before = this.#known.has(event.id);
      this.#known.set(event.id, event);
      if (before) {
        if (event.undone) this.#strike(event.id);
        continue;
      }
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
