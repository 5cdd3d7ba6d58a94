// At the station what waits for a cheap way goes up: whether the vehicle is there, and the buttons.

import { post } from "./ask.js";
import { timeOfDay } from "./clock.js";
import { attempt } from "./deeds.js";
import { by, sentence, setText } from "./dom.js";

/** None where it makes no difference to what is sent. */
export function showStation(station) {
  by("station").hidden = !station;
  if (!station) return;
  const until = station.until ? `, at the latest ${timeOfDay(Date.parse(station.until), { seconds: false })}` : "";
  setText(by("station-words"), `${sentence(station.words)}${until}.`);
  by("station-here").hidden = station.is_here;
  by("station-left").hidden = !station.is_here;
}

const tell = (is_here, words) => attempt(post("/station", { is_here }), words);

export function connectStation() {
  by("station-here").addEventListener("click", () => tell(true, "At the station: curves go up too"));
  by("station-left").addEventListener("click", () => tell(false, "Left the station: curves wait"));
}
