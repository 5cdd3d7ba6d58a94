// The numbers: a reading without one says why, an old one says how old.

import { ago, now } from "./clock.js";
import { by, element, setAttribute, setText } from "./dom.js";

export class Tiles {
  #readings = new Map();

  constructor() {
    this.tiles = [...document.querySelectorAll("[data-tile]")];
  }

  clear() {
    this.#readings.clear();
    for (const tile of this.tiles) show(tile, null);
  }

  take(readings) {
    for (const [id, reading] of Object.entries(readings)) {
      this.#readings.set(id, reading);
      const tile = this.tiles.find((one) => one.dataset.tile === id);
      if (tile) show(tile, reading);
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
      setText(part(tile, "age"), `${source}${ago(at)}${stale ? " \u00b7 old" : ""}`);
      const last = reading.last ? `last ${reading.last.value} \u00b7 ${ago(Date.parse(reading.last.at))}` : "";
      setText(part(tile, "last"), last);
    }
  }
}

const part = (tile, name) => tile.querySelector(`[data-part="${name}"]`);

function show(tile, reading) {
  const value = part(tile, "value");
  const none = !reading || reading.value === null;
  value.classList.toggle("words", Boolean(reading && none));
  if (reading) tile.hidden = false;
  if (reading?.unit !== undefined) setText(tile.querySelector(".unit"), reading.unit);
  if (!reading) {
    value.replaceChildren(element("span", "- -", "none"));
    tile.hidden = "optional" in tile.dataset;
    setAttribute(tile, "data-state", "empty");
    setText(part(tile, "age"), "no reading yet");
    setText(part(tile, "last"), "");
  } else {
    setText(value, none ? reading.absent : reading.value);
  }
  setAttribute(tile, "data-flag", String(Boolean(reading?.flagged)));
  setAttribute(tile, "data-marked", String(Boolean(reading?.mark)));
  setText(part(tile, "mark"), reading?.mark ?? "");
  setText(part(tile, "extra"), reading?.extra ?? "");
  if (reading) setAttribute(tile, "data-reading", reading.id);
}

const RISK = { low: "low risk", "low-medium": "low to medium risk", medium: "medium risk", high: "high risk" };

/** The early warning score with its parts; an incomplete one gives no total. */
export function showNews(news) {
  const tile = by("news2");
  setAttribute(tile, "data-state", "fresh");
  setAttribute(tile, "data-risk", news.risk ?? "none");
  setText(by("news2-risk"), news.risk ? RISK[news.risk] : "");
  const total = by("news2-total");
  if (news.unfit) setText(total, `Not for this patient (${news.unfit})`);
  else if (news.total !== null) setText(total, String(news.total));
  else setText(total, news.least ? `\u2265 ${news.least}` : "- -");
  total.classList.toggle("words", Boolean(news.unfit));
  setText(by("news2-missing"), news.missing.length ? `Missing: ${news.missing.join(", ")}` : "");
  const rows = news.parts.map((one) => {
    const row = element("tr");
    row.dataset.points = String(one.points ?? "");
    const name = element("th", one.name);
    name.scope = "row";
    row.append(name, element("td", one.value || "missing"), element("td", one.points === null ? "" : String(one.points)));
    return row;
  });
  by("news2-parts").tBodies[0].replaceChildren(...rows);
}
