// The curves of one patient: which waveform is in which strip, and the loop that draws them.

import { finelyAgo, now } from "./clock.js";
import { by, setAttribute, setText } from "./dom.js";
import { Delay, Strip, Wave, keepMilliseconds } from "./strip.js";

const SILENT_MS = 3000; // a waveform that says nothing for so long gives way to one that does
const NO_WAVE = new Wave();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

class Lane {
  curves = new Map(); // curve id -> {wave, label, arrived}
  shown = null;
  #described = 0;

  constructor(name, scale, ink) {
    this.name = name;
    this.canvas = by(name);
    this.figure = this.canvas.closest("figure");
    this.strip = new Strip(this.canvas, scale, ink);
  }

  part(name) {
    return this.figure.querySelector(`[data-part="${name}"]`);
  }

  clear() {
    this.curves.clear();
    this.shown = null;
  }

  choose() {
    if (this.shown && now() - this.shown.arrived < SILENT_MS) return;
    for (const entry of this.curves.values()) {
      if (!this.shown || entry.arrived > this.shown.arrived + SILENT_MS) this.shown = entry;
    }
  }

  draw(cursor, ended) {
    const wave = this.shown?.wave ?? NO_WAVE;
    // After the handover the strip rests where the record ends: nothing is missing any more.
    const at = ended && this.shown ? wave.end : cursor;
    if (this.name === "co2") this.strip.scale = wave.unit === "kPa" ? [0, 8] : [0, 60];
    this.#describe(this.strip.draw(wave, at), wave.newestAt(at));
  }

  /** The strip runs behind the numbers, so its age is that of the newest sample it shows. */
  #describe(gaps, newest) {
    if (now() - this.#described < 1000) return;
    this.#described = now();
    if (this.shown) setText(this.part("name"), this.shown.label);
    if (this.name === "co2") {
      setText(this.part("note"), `25 mm/s \u00b7 0 to ${this.strip.scale[1]} ${this.shown?.wave.unit === "kPa" ? "kPa" : "mmHg"}`);
    }
    const breaks = gaps.length === 1 ? "1 break in view" : `${gaps.length} breaks in view`;
    const age = newest ? `newest sample ${finelyAgo(newest)}` : "no samples in view";
    setText(this.part("age"), gaps.length ? `${age} \u00b7 ${breaks}` : age);
    setAttribute(this.canvas, "aria-label", `${this.part("name").textContent}, 25 millimetres a second, ${age}, ${breaks}`);
  }
}

/** All strips; `ended()` tells whether the record has ended. */
export class Strips {
  #lanes = new Map();
  #delay = new Delay();
  #drawn = 0;
  #ended;
  newest = 0;

  constructor(ended) {
    this.#ended = ended;
    for (const [name, scale, ink] of [["ecg", "ecg", "trace"], ["pleth", "own", "oxygen"], ["co2", [0, 60], "carbon"]]) {
      this.#lanes.set(name, new Lane(name, scale, ink));
    }
    requestAnimationFrame((time) => this.#frame(time));
  }

  take(waves) {
    // What was stored before we looked says nothing of how late live chunks come.
    const at = now();
    for (const chunk of waves) {
      const lane = this.#lanes.get(chunk.lane);
      if (!lane) continue;
      const isFirst = !lane.curves.has(chunk.curve);
      if (isFirst) lane.curves.set(chunk.curve, { wave: new Wave(), label: chunk.label, arrived: 0 });
      const entry = lane.curves.get(chunk.curve);
      if (!entry.wave.add(chunk)) continue;
      if (!isFirst && at - Date.parse(chunk.at) < 10_000) this.#delay.note(Date.parse(chunk.at), at);
      entry.arrived = at;
      this.newest = Math.max(this.newest, entry.wave.end);
      entry.wave.prune(at - keepMilliseconds);
      lane.figure.hidden = false;
    }
    for (const lane of this.#lanes.values()) lane.choose();
  }

  clear() {
    for (const lane of this.#lanes.values()) lane.clear();
    this.newest = 0;
  }

  restyle() {
    for (const lane of this.#lanes.values()) lane.strip.restyle();
  }

  #frame(time) {
    if (!by("patient")) return; // it left the screen
    requestAnimationFrame((next) => this.#frame(next));
    if (document.hidden || by("patient").hidden || time - this.#drawn < (calm.matches ? 1000 : 15)) return;
    this.#drawn = time;
    const behind = this.#delay.value();
    const cursor = now() - behind;
    setAttribute(by("ecg"), "data-behind", String(Math.round(behind / 10) * 10));
    for (const lane of this.#lanes.values()) if (!lane.figure.hidden) lane.draw(cursor, this.#ended());
  }
}
