// All curves on the page and the frame loop that draws them.

import { now } from "./clock.js";
import { by, element, setText } from "./dom.js";
import { Curve, Delay, Strip } from "./sweep.js";

const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const FRAME_MS = 33;
const LEAD_KEY = "vitalwire.lead";

export class Curves {
  #curves = new Map();
  #delay = new Delay();
  #strips = {};
  #leads = [];
  #held = 0; // the time the 12-lead view is held at
  #last = 0;

  constructor() {
    for (const [lane, scale] of [["ecg", "ecg"], ["pleth", "own"], ["co2", [0, 60]]]) {
      this.#strips[lane] = new Strip(document.querySelector(`.strip[data-lane="${lane}"]`), scale);
    }
    for (const lead of LEADS) {
      const figure = element("figure", "", "strip");
      const caption = element("figcaption");
      caption.append(element("span", lead, "lane"));
      figure.append(element("canvas"), caption);
      by("leads").append(figure);
      this.#leads.push([lead, new Strip(figure, "ecg")]);
    }
    requestAnimationFrame((at) => this.#frame(at));
  }

  take(waves) {
    for (const wave of waves) {
      const curve = this.#curve(wave.k);
      curve.add(wave);
      if (wave.u === "kPa" && wave.k === "co2") this.#strips.co2.scale = [0, 8];
      this.#delay.note(curve.end, wave.at, now());
    }
  }

  clear() {
    for (const curve of this.#curves.values()) curve.clear();
  }

  /** Leads that have samples now. */
  get available() {
    return LEADS.filter((lead) => this.#curve(`ecg-${lead}`).chunks.length);
  }

  get lead() {
    const wanted = localStorage.getItem(LEAD_KEY) ?? "II";
    const there = this.available;
    return !there.length || there.includes(wanted) ? wanted : there.includes("II") ? "II" : there[0];
  }

  choose(lead) {
    localStorage.setItem(LEAD_KEY, lead);
  }

  hold(on) {
    this.#held = on ? this.#cursor() : 0;
  }

  restyle() {
    for (const strip of [...Object.values(this.#strips), ...this.#leads.map(([, one]) => one)]) strip.resize();
  }

  #curve(lane) {
    if (!this.#curves.has(lane)) this.#curves.set(lane, new Curve());
    return this.#curves.get(lane);
  }

  #cursor() {
    return now() - this.#delay.value();
  }

  #frame(at) {
    requestAnimationFrame((next) => this.#frame(next));
    if (at - this.#last < FRAME_MS || document.hidden) return;
    this.#last = at;
    const cursor = this.#cursor();
    if (!by("view-live").hidden) {
      const lead = this.lead;
      setText(this.#strips.ecg.figure.querySelector('[data-part="name"]'), `ECG ${lead}`);
      this.#strips.ecg.draw(this.#curve(`ecg-${lead}`), cursor);
      this.#strips.pleth.draw(this.#curve("pleth"), cursor);
      this.#strips.co2.draw(this.#curve("co2"), cursor);
    } else if (!by("view-twelve").hidden) {
      for (const [lead, strip] of this.#leads) strip.draw(this.#curve(`ecg-${lead}`), this.#held || cursor);
    }
  }
}
