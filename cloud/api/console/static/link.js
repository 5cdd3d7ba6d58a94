// How the connection stands, in a word and, when it matters, in a sentence over the page.

import { now, timeOfDay } from "./clock.js";
import { by, setText } from "./dom.js";

export const SILENT_AFTER_MS = 10_000;
const WORDS = {
  live: "Live",
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  offline: "Not connected",
  record: "Record",
};

export class Link {
  connection = "connecting";

  /** `newest` is when the newest data is of, 0 without any; `ended`: nothing more will come. */
  show({ newest = 0, ended = false, watchesData = false } = {}) {
    const silent = watchesData && newest && !ended && now() - newest > SILENT_AFTER_MS;
    let state = this.connection === "live" && silent ? "silent" : this.connection;
    if (state === "live" && ended) state = "record";
    by("link").dataset.state = state;
    setText(by("link-text"), state === "silent" ? `No data since ${timeOfDay(newest)}` : WORDS[state]);
    const banner = by("stale-banner");
    const cut = state === "reconnecting";
    banner.hidden = !(cut || state === "silent");
    if (cut) {
      const of = newest ? ` What is shown is of ${timeOfDay(newest)} or older.` : " What is shown may be old.";
      setText(banner, `The connection to the service is lost; this page tries again by itself.${of}`);
    } else if (state === "silent") {
      setText(banner, `No data from this ambulance since ${timeOfDay(newest)}. It may be out of coverage; nothing is lost.`);
    }
    document.body.dataset.link = state;
  }

  /** The session is over: nothing of a patient stays on the screen. */
  end(title, words) {
    by("main").hidden = true;
    by("stale-banner").hidden = true;
    this.connection = "offline";
    by("link").dataset.state = "offline";
    setText(by("link-text"), WORDS.offline);
    if (title) setText(by("ended-title"), title);
    if (words) setText(by("ended").querySelector("p"), words);
    by("again").href = `/board/sign-in?to=${encodeURIComponent(location.pathname)}`;
    by("ended").hidden = false;
    by("ended").focus();
  }
}
