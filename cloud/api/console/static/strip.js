// A sweeping strip: 25 mm/s, an ECG at 10 mm/mV, drawn where samples are and hatched where none are.

const MM = 96 / 25.4; // one millimetre in CSS pixels
const SPEED = 25 * MM; // pixels a second
const GAIN = 10 * MM; // pixels a millivolt
const KEEP_MS = 60_000;
const CLEAR_MS = 350; // blank paper ahead of the sweep
const FADE_MS = 350; // and the old trace coming back behind it
const FADE_STEPS = 10;
const LONGEST_DELAY_MS = 6000;
const MILLIVOLTS = { mV: 1, uV: 0.001, V: 1000 };

/** One waveform's samples in time order, without repeats. */
export class Wave {
  chunks = [];
  unit = "";
  #ids = new Set();

  /** Take a chunk as the server sends it; false when it is known already. */
  add(wave) {
    if (this.#ids.has(wave.id)) return false;
    const factor = MILLIVOLTS[wave.unit] ?? 1;
    const period = wave.period_us / 1000;
    const start = Date.parse(wave.at);
    this.#ids.add(wave.id);
    this.unit = wave.unit;
    this.chunks.push({
      id: wave.id,
      start,
      period,
      end: start + wave.samples.length * period,
      values: wave.samples.map((sample) => (sample * wave.scale + wave.offset) * factor),
    });
    this.chunks.sort((a, b) => a.start - b.start);
    return true;
  }

  /** The time after the newest sample, or 0. */
  get end() {
    return this.chunks.reduce((latest, chunk) => Math.max(latest, chunk.end), 0);
  }

  /** The time after the newest sample up to `at`, or 0. */
  newestAt(at) {
    return this.chunks.reduce(
      (latest, chunk) => (chunk.start > at ? latest : Math.max(latest, Math.min(chunk.end, at))),
      0,
    );
  }

  /** Lowest and highest value between two times, or null. */
  range(from, to) {
    let [low, high] = [Infinity, -Infinity];
    for (const chunk of this.chunks) {
      if (chunk.end < from || chunk.start > to) continue;
      for (const value of chunk.values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return low <= high ? [low, high] : null;
  }

  /** Let go of what no screen shows any more. */
  prune(before) {
    while (this.chunks.length && this.chunks[0].end < before) this.#ids.delete(this.chunks.shift().id);
  }

  /** Stretches without samples between `from` and `to`: {from, to, samples, open}. */
  gaps(from, to) {
    const found = [];
    let due = null;
    let period = 4;
    for (const chunk of this.chunks) {
      period = chunk.period;
      if (due !== null && chunk.start - due > tolerance(period)) {
        if (chunk.start > from && due < to) found.push(gap(due, chunk.start, period, false));
      }
      due = Math.max(due ?? 0, chunk.end);
    }
    if (due !== null && to - due > tolerance(period)) found.push(gap(due, to, period, true));
    return found;
  }
}

/** Devices stamp hundredths of a second: so far apart may neighbours seem to be. */
function tolerance(period) {
  return Math.max(10, period / 2) + 0.5;
}

function gap(from, to, period, open) {
  return { from, to, samples: Math.round((to - from) / period), open };
}

/** How far behind the server's clock the cursor runs, so that it never meets a missing chunk. */
export class Delay {
  #needs = [];
  #shown = null;

  /** A chunk that starts at `start` was here at `at`: the cursor had to be at least that far back. */
  note(start, at) {
    this.#needs.push({ at, need: at - start });
    while (this.#needs.length && this.#needs[0].at < at - 10_000) this.#needs.shift();
  }

  /** The delay now, moving gently towards what the last ten seconds needed. */
  value() {
    const need = this.#needs.reduce((most, entry) => Math.max(most, entry.need), 300) + 120;
    const goal = Math.min(LONGEST_DELAY_MS, need);
    if (this.#shown === null) this.#shown = goal;
    this.#shown += Math.max(-4, Math.min(12, goal - this.#shown));
    return this.#shown;
  }
}

/** Draws a `Wave` on a canvas. */
export class Strip {
  #canvas;
  #context;
  #paper = null;
  #colours = {};
  #width = 0;
  #height = 0;
  #hatch = null;
  #ink;
  #span = [0, 1];
  #widest = 0;

  /** `scale` is "ecg", "own" (the strip's height is the curve's) or [low, high]; `ink` a colour. */
  constructor(canvas, scale = "ecg", ink = "trace") {
    this.scale = scale;
    this.#ink = ink;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.restyle();
  }

  /** Read the colours again after the theme changed. */
  restyle() {
    const style = getComputedStyle(document.documentElement);
    const names = ["paper", "paper-fine", "paper-bold", this.#ink, "hatch", "hatch-ground", "hatch-text"];
    this.#colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    this.#resize();
  }

  /** How many milliseconds the strip is wide. */
  get span() {
    return (this.#width / SPEED) * 1000;
  }

  /** Paint the strip with the cursor at `at` (milliseconds); gives the gaps that are in view. */
  draw(wave, at) {
    if (!this.#width) return [];
    const context = this.#context;
    context.drawImage(this.#paper, 0, 0, this.#width, this.#height);
    const from = at - this.span + CLEAR_MS;
    const gaps = wave.gaps(from, at);
    if (this.scale === "own") this.#fit(wave, from, at);
    else if (this.scale !== "ecg") this.#span = this.scale;
    for (const one of gaps) this.#hatchGap(one, from, at);
    this.#trace(wave, from, at);
    this.#sweep(at);
    return gaps.filter((one) => one.to > from);
  }

  #resize() {
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    this.#width = this.#canvas.clientWidth;
    this.#height = this.#canvas.clientHeight;
    if (!this.#width || !this.#height) return;
    this.#canvas.width = Math.round(this.#width * ratio);
    this.#canvas.height = Math.round(this.#height * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#paper = this.#drawPaper(ratio);
    this.#hatch = this.#drawHatch();
  }

  #drawPaper(ratio) {
    const paper = document.createElement("canvas");
    paper.width = this.#canvas.width;
    paper.height = this.#canvas.height;
    const context = paper.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = this.#colours.paper;
    context.fillRect(0, 0, this.#width, this.#height);
    const middle = this.#height / 2;
    const fine = [MM, this.#colours["paper-fine"]];
    for (const [step, colour] of [...(this.scale === "ecg" ? [fine] : []), [5 * MM, this.#colours["paper-bold"]]]) {
      context.strokeStyle = colour;
      context.lineWidth = 1;
      context.beginPath();
      for (let x = 0; x <= this.#width; x += step) line(context, x, 0, x, this.#height);
      for (let y = middle % step; y <= this.#height; y += step) line(context, 0, y, this.#width, y);
      context.stroke();
    }
    return paper;
  }

  #drawHatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 10;
    const context = tile.getContext("2d");
    context.fillStyle = this.#colours["hatch-ground"];
    context.fillRect(0, 0, 10, 10);
    context.strokeStyle = this.#colours.hatch;
    context.lineWidth = 1.4;
    context.beginPath();
    for (const shift of [-10, 0, 10]) line(context, shift, 10, shift + 10, 0);
    context.stroke();
    return this.#context.createPattern(tile, "repeat");
  }

  #x(at) {
    const width = this.span;
    return (((at % width) + width) % width) * (SPEED / 1000);
  }

  #y(value) {
    let y = this.#height / 2 - value * GAIN;
    if (this.scale !== "ecg") {
      const [low, high] = this.#span;
      y = this.#height - 6 - ((value - low) / (high - low)) * (this.#height - 12);
    }
    return Math.max(1, Math.min(this.#height - 1, y));
  }

  /** A pulse that fades is drawn small: the scale follows a smaller curve only slowly. */
  #fit(wave, from, at) {
    const found = wave.range(from, at);
    if (!found) return;
    const [low, high] = found;
    this.#widest = Math.max(high - low, this.#widest * 0.9995, 1e-6);
    this.#span = [low - this.#widest * 0.1, low + this.#widest * 1.1];
  }

  #trace(wave, from, to) {
    const context = this.#context;
    context.strokeStyle = this.#colours[this.#ink];
    context.lineWidth = 1.8;
    context.lineJoin = "round";
    context.beginPath();
    let last = null;
    for (const chunk of wave.chunks) {
      if (chunk.end < from || chunk.start > to) continue;
      const first = Math.max(0, Math.floor((from - chunk.start) / chunk.period));
      for (let index = first; index < chunk.values.length; index++) {
        const at = chunk.start + index * chunk.period;
        if (at > to) break;
        if (at < from) continue;
        const x = this.#x(at);
        const joined = last && at - last.at <= chunk.period + tolerance(chunk.period) && x >= last.x;
        if (joined) context.lineTo(x, this.#y(chunk.values[index]));
        else context.moveTo(x, this.#y(chunk.values[index]));
        last = { at, x };
      }
    }
    context.stroke();
  }

  #hatchGap(one, from, to) {
    const start = Math.max(one.from, from);
    const end = Math.min(one.to, to);
    if (end <= start) return;
    const context = this.#context;
    const left = this.#x(start);
    const width = ((end - start) / 1000) * SPEED;
    context.fillStyle = this.#hatch;
    const here = Math.min(width, this.#width - left);
    context.fillRect(left, 0, here, this.#height);
    if (width > here) context.fillRect(0, 0, width - here, this.#height);
    const room = Math.max(here, width - here);
    this.#label(one, here >= width - here ? left : 0, room);
  }

  #label(one, left, room) {
    const seconds = `${((one.to - one.from) / 1000).toFixed(1)} s`;
    const samples = `${one.samples} samples`;
    const context = this.#context;
    context.font = "600 13px system-ui, sans-serif";
    const wide = (lines) => Math.max(...lines.map((text) => context.measureText(text).width)) + 12;
    const choices = [[`no data ${seconds} \u00b7 ${samples}`], ["no data", seconds, samples], [seconds]];
    const lines = choices.find((candidate) => wide(candidate) + 2 <= room);
    if (!lines) return;
    const width = wide(lines);
    const height = lines.length * 18 + 6;
    const x = left + (room - width) / 2;
    const y = (this.#height - height) / 2;
    context.fillStyle = this.#colours["hatch-ground"];
    context.fillRect(x, y, width, height);
    context.fillStyle = this.#colours["hatch-text"];
    context.textBaseline = "middle";
    context.textAlign = "center";
    lines.forEach((text, row) => context.fillText(text, x + width / 2, y + 13 + row * 18));
  }

  /** Blank paper and a fading old trace: nothing upright that could be taken for a spike. */
  #sweep(at) {
    const step = FADE_MS / FADE_STEPS;
    for (let place = 0; place < FADE_STEPS; place++) {
      this.#cover(at + CLEAR_MS + place * step, step, 1 - (place + 1) / (FADE_STEPS + 1));
    }
  }

  /** Lay the bare paper over some milliseconds of the strip. */
  #cover(at, milliseconds, strength) {
    const context = this.#context;
    const ratio = this.#paper.width / this.#width;
    const left = this.#x(at);
    const width = Math.min((milliseconds / 1000) * SPEED, this.#width - left);
    const height = this.#height;
    context.globalAlpha = strength;
    context.drawImage(this.#paper, left * ratio, 0, width * ratio, height * ratio, left, 0, width, height);
    context.globalAlpha = 1;
  }
}

function line(context, fromX, fromY, toX, toY) {
  context.moveTo(Math.round(fromX) + 0.5, Math.round(fromY) + 0.5);
  context.lineTo(Math.round(toX) + 0.5, Math.round(toY) + 0.5);
}

/** How long samples are kept. */
export const keepMilliseconds = KEEP_MS;
