// All curves on the page and the frame loop that draws them.

import { now } from "./clock.js";
import { by, element, setText } from "./dom.js";
import { Curve, Delay, Strip } from "./sweep.js";

const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
const ECG = LEADS.map((lead) => `ecg-${lead}`);
const NO_CURVE = new Curve();
const FRAME_MS = 33;
const LEAD_KEY = "vitalwire.lead";
const DEVICE_KEY = "vitalwire.ecg";
const SILENT_MS = 10_000; // a device that says nothing for so long gives way to one that does
const NOTE = "25 mm/s \u00b7 10 mm/mV";

/** Curves by lane and device: what two devices measure is never drawn into one line. */
export class Curves {
  #curves = new Map(); // lane -> device -> Curve
  #names = new Map();
  #delay = new Delay();
  #strips = {};
  #leads = [];
  #held = null; // what the 12-lead view is held at
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
      if (!this.#curves.has(wave.k)) this.#curves.set(wave.k, new Map());
      const lane = this.#curves.get(wave.k);
      if (!lane.has(wave.dev)) lane.set(wave.dev, new Curve());
      const curve = lane.get(wave.dev);
      curve.add(wave);
      this.#names.set(wave.dev, wave.from);
      this.#delay.note(curve.end, wave.at, now());
    }
  }

  clear() {
    this.#curves.clear();
    this.#held = null;
  }

  /** Leads that have samples, with the device and its name: [lead, device, name]. */
  get choices() {
    return this.#devices(ECG).flatMap((device) => this.#leadsOf(device).map((lead) => [lead, device, this.#name(device)]));
  }

  choose(lead, device) {
    localStorage.setItem(LEAD_KEY, lead);
    localStorage.setItem(DEVICE_KEY, device);
  }

  hold(on) {
    const device = this.#devices(ECG, true)[0] ?? "";
    const curves = new Map(LEADS.map((lead) => [lead, this.#curve(`ecg-${lead}`, device).copy()]));
    this.#held = on ? { at: this.#cursor(), device, curves } : null;
  }

  restyle() {
    for (const strip of [...Object.values(this.#strips), ...this.#leads.map(([, one]) => one)]) strip.resize();
  }

  #curve(lane, device) {
    return this.#curves.get(lane)?.get(device) ?? NO_CURVE;
  }

  #leadsOf(device) {
    return LEADS.filter((lead) => this.#curve(`ecg-${lead}`, device).chunks.length);
  }

  /**
   * Devices with samples in these lanes, the one to be shown first: one that sends before one that
   * is silent, then the chosen one, then the one with most lanes; for all leads the latter first.
   */
  #devices(lanes, most = false) {
    const wanted = localStorage.getItem(DEVICE_KEY);
    const weight = most ? 0.5 : 500;
    const ranks = new Map();
    for (const lane of lanes) {
      for (const [device, curve] of this.#curves.get(lane) ?? []) {
        if (!curve.chunks.length) continue;
        const sends = now() - curve.end < SILENT_MS ? 1000 : 0;
        const best = Math.max(ranks.get(device) ?? 0, sends + (device === wanted ? weight : 0));
        ranks.set(device, best + 1);
      }
    }
    return [...ranks].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1)).map(([device]) => device);
  }

  #lead(device) {
    const wanted = localStorage.getItem(LEAD_KEY) ?? "II";
    const there = this.#leadsOf(device);
    return !there.length || there.includes(wanted) ? wanted : there.includes("II") ? "II" : there[0];
  }

  #name(device) {
    return this.#names.get(device) || `device ${device.slice(-6)}`;
  }

  #cursor() {
    return now() - this.#delay.value();
  }

  #frame(at) {
    requestAnimationFrame((next) => this.#frame(next));
    if (at - this.#last < FRAME_MS || document.hidden) return;
    this.#last = at;
    if (!by("view-live").hidden) {
      for (const name of ["ecg", "pleth", "co2"]) this.#show(name, this.#cursor());
    } else if (!by("view-twelve").hidden) this.#showTwelve(this.#cursor());
  }

  #show(name, cursor) {
    const devices = this.#devices(name === "ecg" ? ECG : [name]);
    const device = devices[0] ?? "";
    const lead = name === "ecg" ? this.#lead(device) : "";
    const strip = this.#strips[name];
    const curve = this.#curve(lead ? `ecg-${lead}` : name, device);
    const part = (which) => strip.figure.querySelector(`[data-part="${which}"]`);
    setText(part("source"), devices.length > 1 ? this.#name(device) : "");
    if (lead) setText(part("name"), `ECG ${lead}`);
    else if (name === "co2") {
      strip.scale = curve.unit === "kPa" ? [0, 8] : [0, 60];
      setText(part("note"), `0-${strip.scale[1]} ${curve.unit || "mmHg"}`);
    }
    strip.draw(curve, cursor);
  }

  #showTwelve(cursor) {
    const devices = this.#devices(ECG, true);
    const device = this.#held?.device ?? devices[0] ?? "";
    setText(by("twelve-note"), [devices.length > 1 && this.#name(device), NOTE].filter(Boolean).join(" \u00b7 "));
    for (const [lead, strip] of this.#leads) {
      const curve = this.#held?.curves.get(lead) ?? this.#curve(`ecg-${lead}`, device);
      strip.draw(curve, this.#held?.at ?? cursor);
    }
  }
}
