// The live stream: server-sent events, read with fetch so that a locked screen is told apart from
// a broken line.

const SILENCE_MS = 6000; // the gateway beats every two seconds
const RETRY_MS = [250, 500, 1000, 2000, 4000];

/** handlers: event(name, data), state("live" | "lost"), locked(). */
export class Stream {
  #handlers;
  #abort = null;
  #timer = 0;
  #failures = 0;
  #closed = false;

  constructor(handlers) {
    this.#handlers = handlers;
    this.#run();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  async #run() {
    this.#abort = new AbortController();
    try {
      const response = await fetch("/live", {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        credentials: "same-origin",
        signal: this.#abort.signal,
      });
      if (this.#closed) return;
      if (response.status === 401) return this.#lock();
      if (response.ok) await this.#read(response.body.getReader());
    } catch {
      // The line broke; that is told below.
    } finally {
      this.#abort.abort();
    }
    if (this.#closed) return;
    this.#handlers.state("lost");
    const pause = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#timer = setTimeout(() => this.#run(), pause);
  }

  async #read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const silence = setTimeout(() => this.#abort.abort(), SILENCE_MS);
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
    const [head, data] = block.split("\ndata: ");
    const name = head.slice("event: ".length);
    if (this.#closed || data === undefined) return;
    if (name === "locked") return this.#lock();
    this.#failures = 0;
    this.#handlers.state("live");
    this.#handlers.event(name, JSON.parse(data));
  }

  #lock() {
    this.close();
    this.#handlers.locked();
  }
}
