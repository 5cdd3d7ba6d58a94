// How the numbers went: one chart a unit, gaps as gaps, events marked, values under the finger.

import { now, timeOfDay } from "./clock.js";
import { by, element, setAttribute, setText } from "./dom.js";
import { drawChart } from "./chart.js";

const CHARTS = [
  { id: "rate", name: "HR and pulse", unit: "/min", range: [0, 200], lines: [["hr", "HR", "heart"], ["pulse", "Pulse", "pulse"]], gap: 60 },
  { id: "spo2", name: "SpO\u2082", unit: "%", range: [60, 100], lines: [["spo2", "SpO\u2082", "oxygen"]], gap: 60 },
  { id: "nibp", name: "NIBP", unit: "mmHg", range: [20, 220], lines: [], pressures: "pressure", gap: 0 },
  { id: "etco2", name: "etCO\u2082", unit: "mmHg", range: [0, 80], lines: [["etco2", "etCO\u2082", "carbon"]], gap: 60 },
  { id: "rr", name: "RR", unit: "/min", range: [0, 50], lines: [["rr", "RR", "other"]], gap: 120 },
  { id: "temp", name: "Temperature", unit: "\u00b0C", range: [32, 42], lines: [["temp", "Temp", "other"]], gap: 3600 },
  { id: "glucose", name: "Glucose", unit: "mmol/L", range: [0, 25], lines: [["glucose", "Glucose", "other"]], gap: 7200 },
];
const MMHG_IN_KPA = 7.50062;

export class Trends {
  #id;
  #events;
  #minutes = 30;
  #series = {};
  #pressures = [];
  #cursor = null; // milliseconds under the finger, or null
  #drawn = 0;
  #charts = [];

  constructor(id, events) {
    this.#id = id;
    this.#events = events;
    for (const chart of CHARTS) this.#charts.push(this.#make(chart));
    for (const button of document.querySelectorAll("[data-minutes]")) {
      button.addEventListener("click", () => {
        this.#minutes = Number(button.dataset.minutes);
        for (const one of document.querySelectorAll("[data-minutes]")) setAttribute(one, "aria-pressed", String(one === button));
        this.draw();
      });
    }
    new ResizeObserver(() => this.draw()).observe(by("charts"));
  }

  async load() {
    const response = await fetch(`/board/${encodeURIComponent(this.#id)}/trends`, { cache: "no-store", credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) return;
    const { series, pressures } = await response.json();
    this.#series = series;
    this.#pressures = pressures;
    this.draw();
  }

  /** Live readings go on where the loaded points end. */
  take(tiles) {
    for (const [tile, reading] of Object.entries(tiles)) {
      const at = Date.parse(reading.at) / 1000;
      if (reading.value === null || reading.flagged) continue;
      if (tile === "nibp") this.#takePressure(reading, at);
      else this.#takeNumber(tile, reading, at);
    }
  }

  #takeNumber(tile, reading, at) {
    const value = Number(reading.value) * (reading.unit === "kPa" ? MMHG_IN_KPA : 1);
    const points = (this.#series[tile] ??= []);
    if (!Number.isFinite(value) || (points.length && at <= points.at(-1)[0])) return;
    points.push([at, value]);
  }

  #takePressure(reading, at) {
    const factor = reading.unit === "kPa" ? MMHG_IN_KPA : 1;
    const [systolic, diastolic] = reading.value.split("/").map((part) => Number(part) * factor);
    if (!Number.isFinite(systolic) || !Number.isFinite(diastolic) || this.#pressures.some((one) => one.at >= at - 0.2)) return;
    this.#pressures.push({ at, systolic, diastolic, mean: null });
  }

  /** Time goes by: every few seconds the charts move on. */
  age() {
    if (now() - this.#drawn > 3000) this.draw();
  }

  draw() {
    this.#drawn = now();
    if (!by("charts")) return; // it left the screen
    let any = false;
    for (const chart of this.#charts) {
      const has = chart.lines.some(([key]) => this.#series[key]?.length) || (chart.pressures && this.#pressures.length > 0);
      chart.figure.hidden = !has;
      any ||= has;
      if (has) this.#draw(chart);
    }
    by("trends-empty").hidden = any;
  }

  #span() {
    const first = Math.min(
      ...Object.values(this.#series).filter((points) => points.length).map((points) => points[0][0]),
      ...this.#pressures.map((one) => one.at),
    );
    const to = this.#end();
    const all = Math.max(300_000, to - first * 1000);
    return [to - (this.#minutes ? this.#minutes * 60_000 : all), to];
  }

  /** A record that has ended shows its own end, not an empty present. */
  #end() {
    const last = Math.max(0, ...Object.values(this.#series).map((points) => points.at(-1)?.[0] ?? 0), ...this.#pressures.map((one) => one.at));
    return by("handover").dataset.state === "open" || !last ? now() : (last + 30) * 1000;
  }

  #draw(chart) {
    const [from, to] = this.#span();
    const lines = chart.lines.map(([key, name, colour]) => ({ name, colour, points: this.#series[key] ?? [] }));
    const pressures = chart.pressures ? this.#pressures : [];
    const seen = drawChart(chart.canvas, { ...chart, lines, pressures, from, to, events: this.#events(), cursor: this.#cursor });
    setText(chart.values, seen);
    setAttribute(chart.canvas, "aria-label", `Trend of ${chart.name} in ${chart.unit}. ${seen}`);
  }

  #make(chart) {
    const figure = element("figure", "", "chart");
    const caption = element("figcaption");
    const values = element("span", "", "chart-values");
    caption.append(element("b", chart.name), " ", element("span", chart.unit, "unit"), " ", values);
    const canvas = element("canvas");
    canvas.tabIndex = 0;
    setAttribute(canvas, "role", "img");
    figure.append(caption, canvas);
    figure.dataset.chart = chart.id;
    figure.hidden = true;
    by("charts").append(figure);
    const made = { ...chart, figure, canvas, values };
    canvas.addEventListener("pointermove", (event) => this.#point(made, event));
    canvas.addEventListener("pointerdown", (event) => this.#point(made, event));
    canvas.addEventListener("pointerleave", () => this.#let());
    canvas.addEventListener("blur", () => this.#let());
    canvas.addEventListener("keydown", (event) => this.#step(event));
    return made;
  }

  #point(chart, event) {
    const [from, to] = this.#span();
    const { left, right } = chart.canvas.plot ?? { left: 0, right: chart.canvas.clientWidth };
    const share = (event.offsetX - left) / Math.max(1, right - left);
    this.#cursor = from + Math.min(1, Math.max(0, share)) * (to - from);
    this.draw();
  }

  #step(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.#let();
    if (!way) return;
    event.preventDefault();
    const [from, to] = this.#span();
    const step = (to - from) / 60;
    this.#cursor = Math.min(to, Math.max(from, (this.#cursor ?? to) + way * step));
    this.draw();
  }

  #let() {
    this.#cursor = null;
    this.draw();
  }
}
