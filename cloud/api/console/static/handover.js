// The hospital's word: that it knows of the pre-alert, that it has taken the patient over.

import { post } from "./bar.js";
import { timeOfDay } from "./clock.js";
import { by, setText } from "./dom.js";

const at = (iso) => timeOfDay(Date.parse(iso));
const OF = { handed_over: "the handover", pre_alert: "the pre-alert" };

export class Handover {
  #id;
  #facility = document.querySelector('meta[name="facility"]').content;
  #encounter = {};
  #record = {};
  #receiver = "";

  constructor(id) {
    this.#id = id;
    by("acknowledge").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#acknowledge();
    });
  }

  show(encounter, record, receiver = this.#receiver) {
    this.#encounter = encounter ?? this.#encounter;
    this.#record = record ?? this.#record;
    this.#receiver = receiver;
    const { handover_at: handed, destination } = this.#encounter;
    const done = this.#record.acknowledged;
    const what = handed ? "handed_over" : "pre_alert";
    const isDone = done?.of === what;
    setText(by("handover-state"), [this.#state(handed, destination), done && this.#words(done)].filter(Boolean).join(" "));
    by("handover").dataset.state = !handed ? "open" : isDone ? "acknowledged" : "handed-over";
    const isOurs = Boolean(destination) && destination === this.#facility;
    const isAsked = Boolean(handed || this.#record.pre_alert) && !isDone;
    by("acknowledge").hidden = !(isOurs && isAsked);
    setText(by("acknowledge").querySelector("button"), `Acknowledge ${OF[what]}`);
    by("handover-whose").hidden = !(isAsked && !isOurs && destination);
    setText(by("handover-whose"), `${destination} acknowledges it.`);
  }

  #state(handed, destination) {
    if (!handed) return "Not handed over yet.";
    const receiver = this.#receiver ? `, received by ${this.#receiver}` : "";
    return `Handed over ${at(handed)}${destination ? ` to ${destination}` : ""}${receiver}.`;
  }

  #words(done) {
    return `${OF[done.of] === OF.handed_over ? "Handover" : "Pre-alert"} acknowledged ${at(done.at)}${done.by ? ` by ${done.by}` : ""}.`;
  }

  async #acknowledge() {
    const button = by("acknowledge").querySelector("button");
    const name = by("receiver").value.trim();
    if (!name) return;
    button.disabled = true;
    const answer = await post(`/board/${encodeURIComponent(this.#id)}/acknowledgement`, { acknowledged_by: name });
    button.disabled = false;
    by("handover-result").hidden = false;
    by("handover-result").dataset.ok = String(answer.ok);
    const said = { 401: "Your sign-in has ended. Sign in again and repeat it." };
    setText(by("handover-result"), answer.ok ? `Acknowledged by ${name}.` : (said[answer.status] ?? answer.words));
    if (answer.ok) by("acknowledge").hidden = true;
  }
}
