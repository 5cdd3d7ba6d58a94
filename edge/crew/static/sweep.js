// Sweeping curves: 25 mm/s, drawn where samples are, hatched where none are.

import { setAttribute, setText } from "./dom.js";

const SPEED_MM = 25;
const GAIN_MM = 10; // millimetres a millivolt
const KEEP_MS = 40_000;
const CLEAR_MS = 300; // bare paper ahead of the sweep
const LOST_MS = 3000;
const MILLIVOLTS = { mV: 1, uV: 0.001, "\u00b5V": 0.001, V: 1000 };
const LONGEST_DELAY_MS = 4000;
const USUAL_MM = 96 / 25.4;

/** Pixels a millimetre: measured by the crew with a ruler, else the browser's own idea. */
export function pixelsPerMillimetre() {
  const kept = Number(localStorage.getItem("vitalwire.mm"));
  return kept >= 1 && kept <= 20 ? kept : USUAL_MM;
}

export function calibrate(pixels) {
  localStorage.setItem("vitalwire.mm", String(pixels));
}

/** One curve's samples in time order, without repeats. */
export class Curve {
  chunks = [];
  unit = "";
  #ids = new Set();

  add(wave) {
    if (this.#ids.has(wave.i)) return;
    this.#ids.add(wave.i);
    const octets = Uint8Array.from(atob(wave.d), (letter) => letter.charCodeAt(0));
    const samples = wave.w === 2 ? new Int16Array(octets.buffer) : new Int32Array(octets.buffer);
    const factor = MILLIVOLTS[wave.u] ?? 1;
    this.unit = wave.u;
    const values = Float32Array.from(samples, (sample) => (sample * wave.s + wave.o) * factor);
    const period = wave.p / 1000;
    const chunk = { id: wave.i, start: wave.at, period, end: wave.at + values.length * period, values };
    let place = this.chunks.length;
    while (place && this.chunks[place - 1].start > chunk.start) place--;
    this.chunks.splice(place, 0, chunk);
    const oldest = this.end - KEEP_MS;
    while (this.chunks.length && this.chunks[0].end < oldest) this.#ids.delete(this.chunks.shift().id);
  }

  get end() {
    return this.chunks.length ? this.chunks[this.chunks.length - 1].end : 0;
  }

  /** Lowest and highest value between two times. */
  range(from, to) {
    let [low, high] = [Infinity, -Infinity];
    for (const chunk of this.chunks) {
      if (chunk.end < from || chunk.start > to) continue;
      for (const value of chunk.values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return [low, high];
  }

  /** As it is now, whatever comes after. */
  copy() {
    const made = new Curve();
    made.chunks = [...this.chunks];
    made.unit = this.unit;
    return made;
  }
}

/** How far behind the gateway's clock the sweep runs, so that it never meets a missing chunk. */
export class Delay {
  #needs = [];
  #shown = null;

  note(end, start, at) {
    this.#needs.push({ at, need: at - start });
    while (this.#needs.length && this.#needs[0].at < at - 8000) this.#needs.shift();
  }

  value() {
    const need = this.#needs.reduce((most, one) => Math.max(most, one.need), 150) + 80;
    const goal = Math.min(LONGEST_DELAY_MS, need);
    if (this.#shown === null) this.#shown = goal;
    this.#shown += Math.max(-3, Math.min(15, goal - this.#shown));
    return this.#shown;
  }
}

/** Draws one curve on a canvas in a figure. */
export class Strip {
  constructor(figure, scale) {
    this.figure = figure;
    this.scale = scale; // "ecg", "own" or [low, high]
    this.canvas = figure.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.paper = null;
    this.span = [0, 1];
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  resize() {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.width = width;
    this.height = height;
    if (!width || !height) return;
    this.mm = pixelsPerMillimetre();
    this.speed = (SPEED_MM * this.mm) / 1000; // pixels a millisecond
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.figure);
    this.colours = Object.fromEntries(
      ["paper", "paper-fine", "paper-bold", "trace", "hatch"].map((name) => [
        name,
        style.getPropertyValue(`--${name}`).trim(),
      ]),
    );
    this.paper = this.#drawPaper(ratio);
    this.hatch = this.#drawHatch();
  }

  /** Paint with the sweep at `at` (milliseconds since 1970). */
  draw(curve, at) {
    if (!this.width || !this.paper) return;
    const lost = curve.chunks.length > 0 && at - curve.end > LOST_MS;
    setAttribute(this.figure, "data-state", curve.chunks.length ? (lost ? "lost" : "live") : "none");
    const context = this.context;
    context.drawImage(this.paper, 0, 0, this.width, this.height);
    if (!curve.chunks.length) return;
    const from = at - (this.width / this.speed - CLEAR_MS);
    if (this.scale === "own") this.#fit(curve, from, at);
    this.#trace(curve, from, at);
    this.#cursor(at);
    const words = this.figure.querySelector(".strip-empty");
    if (words && lost) setText(words, `Nothing for ${Math.round((at - curve.end) / 1000)} s`);
  }

  #fit(curve, from, at) {
    const [low, high] = curve.range(from, at);
    if (!Number.isFinite(low)) return;
    // A pulse that fades is drawn small: the scale follows a smaller curve only slowly.
    this.widest = Math.max(high - low, (this.widest ?? 0) * 0.9995, 1e-6);
    this.span = [low - this.widest * 0.12, low + this.widest * 1.12];
  }

  #x(at) {
    const width = this.width / this.speed;
    return (((at % width) + width) % width) * this.speed;
  }

  #y(value) {
    let y;
    if (this.scale === "ecg") y = this.height * 0.58 - value * GAIN_MM * this.mm;
    else {
      const [low, high] = this.scale === "own" ? this.span : this.scale;
      y = this.height - 6 - ((value - low) / (high - low)) * (this.height - 12);
    }
    return Math.max(1, Math.min(this.height - 1, y));
  }

  #trace(curve, from, to) {
    const context = this.context;
    context.strokeStyle = this.colours.trace;
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.beginPath();
    let due = null; // when the next sample is due
    let column = -1;
    let [low, high, y] = [0, 0, 0];
    const flush = () => {
      if (column < 0 || low === high) return;
      context.lineTo(column, low);
      context.lineTo(column, high);
      context.lineTo(column, y);
    };
    for (const chunk of curve.chunks) {
      if (chunk.end < from || chunk.start > to) continue;
      const tolerance = Math.max(12, chunk.period * 0.75);
      if (due !== null && chunk.start - due > tolerance) {
        flush();
        column = -1;
        this.#gap(Math.max(due, from), chunk.start);
      }
      const joined = due !== null && chunk.start - due <= tolerance;
      if (!joined) column = -1;
      const first = Math.max(0, Math.ceil((from - chunk.start) / chunk.period));
      for (let index = first; index < chunk.values.length; index++) {
        const at = chunk.start + index * chunk.period;
        if (at > to) break;
        const x = Math.floor(this.#x(at));
        y = this.#y(chunk.values[index]);
        if (x === column) {
          if (y < low) low = y;
          if (y > high) high = y;
          continue;
        }
        flush();
        if (column < 0 || x < column) context.moveTo(x, y);
        else context.lineTo(x, y);
        column = x;
        low = high = y;
      }
      due = Math.max(due ?? 0, chunk.end);
    }
    flush();
    context.stroke();
    if (due !== null && to - due > 60) this.#gap(Math.max(due, from), to);
  }

  #gap(from, to) {
    const context = this.context;
    let left = this.#x(from);
    let width = Math.min((to - from) * this.speed, this.width);
    context.fillStyle = this.hatch;
    while (width > 0) {
      const part = Math.min(width, this.width - left);
      context.fillRect(left, 0, part, this.height);
      width -= part;
      left = 0;
      if (part <= 0) break;
    }
  }

  #cursor(at) {
    const left = this.#x(at);
    const width = CLEAR_MS * this.speed;
    const ratio = this.canvas.width / this.width;
    const context = this.context;
    for (const [start, wide] of [
      [left, Math.min(width, this.width - left)],
      [0, Math.max(0, left + width - this.width)],
    ]) {
      if (wide > 0)
        context.drawImage(
          this.paper, start * ratio, 0, wide * ratio, this.canvas.height, start, 0, wide, this.height,
        );
    }
    context.fillStyle = this.colours.trace;
    context.globalAlpha = 0.55;
    context.fillRect(left, 0, 2, this.height);
    context.globalAlpha = 1;
  }

  #drawPaper(ratio) {
    const paper = document.createElement("canvas");
    paper.width = this.canvas.width;
    paper.height = this.canvas.height;
    const context = paper.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = this.colours.paper;
    context.fillRect(0, 0, this.width, this.height);
    const steps = this.scale === "ecg" ? [[this.mm, "paper-fine"], [5 * this.mm, "paper-bold"]] : [[5 * this.mm, "paper-fine"]];
    for (const [step, name] of steps) {
      context.strokeStyle = this.colours[name];
      context.lineWidth = 1;
      context.beginPath();
      for (let x = 0; x <= this.width; x += step) {
        context.moveTo(Math.round(x) + 0.5, 0);
        context.lineTo(Math.round(x) + 0.5, this.height);
      }
      for (let y = (this.height * 0.58) % step; y <= this.height; y += step) {
        context.moveTo(0, Math.round(y) + 0.5);
        context.lineTo(this.width, Math.round(y) + 0.5);
      }
      context.stroke();
    }
    return paper;
  }

  #drawHatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const context = tile.getContext("2d");
    context.strokeStyle = this.colours.hatch;
    context.globalAlpha = 0.85;
    context.lineWidth = 1.2;
    context.beginPath();
    for (const shift of [-8, 0, 8]) {
      context.moveTo(shift, 8);
      context.lineTo(shift + 8, 0);
    }
    context.stroke();
    return this.context.createPattern(tile, "repeat");
  }
}
