// Server-sent events over fetch: an EventSource does not tell why it was refused, nor of silence.

const SILENCE_MS = 20_000; // the server beats every few seconds
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

/**
 * Follow one address until `close()`.
 *
 * handlers: event(name, data), state("connecting" | "live" | "reconnecting"), refused(status).
 */
export class Stream {
  #url;
  #handlers;
  #lastId = "";
  #failures = 0;
  #abort = null;
  #timer = 0;
  #closed = false;

  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    this.#run();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  /** Try again now rather than when the pause is over. */
  hurry() {
    if (this.#closed || this.#abort) return;
    clearTimeout(this.#timer);
    this.#run();
  }

  async #run() {
    this.#handlers.state(this.#failures ? "reconnecting" : "connecting");
    this.#abort = new AbortController();
    try {
      const response = await this.#open();
      if (this.#closed) return;
      if (response.status === 401 || response.status === 403 || response.status === 404) {
        this.close();
        this.#handlers.refused(response.status);
        return;
      }
      if (response.ok) await this.#read(response.body.getReader());
    } catch (problem) {
      if (this.#closed) return;
      if (problem instanceof ParseProblem) console.warn(problem.message);
    } finally {
      this.#abort?.abort();
      this.#abort = null;
    }
    if (this.#closed) return;
    this.#handlers.state("reconnecting");
    const pause = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#timer = setTimeout(() => this.#run(), pause * (0.75 + Math.random() / 2));
  }

  #open() {
    const headers = { Accept: "text/event-stream" };
    if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
    return fetch(this.#url, {
      headers,
      cache: "no-store",
      credentials: "same-origin",
      signal: this.#abort.signal,
    });
  }

  async #read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const silence = setTimeout(() => this.#abort?.abort(), SILENCE_MS);
      const { done, value } = await reader.read();
      clearTimeout(silence);
      if (done || this.#closed) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) this.#dispatch(block);
    }
  }

  #dispatch(block) {
    let name = "message";
    const data = [];
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") name = value;
      else if (field === "data") data.push(value);
      else if (field === "id") this.#lastId = value;
    }
    if (!data.length || this.#closed) return;
    this.#failures = 0;
    this.#handlers.state("live");
    this.#handlers.event(name, parse(data.join("\n")));
  }
}

class ParseProblem extends Error {}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ParseProblem("an event was not JSON");
  }
}
