// Taking the patient over: what was handed over, and the receiver's word for it.

import { post } from "./bar.js";
import { timeOfDay } from "./clock.js";
import { by, setText } from "./dom.js";

const at = (iso) => timeOfDay(Date.parse(iso));

export class Handover {
  #id;
  #encounter = null;
  #record = null;

  constructor(id) {
    this.#id = id;
    by("acknowledge").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#acknowledge();
    });
  }

  show(encounter, record) {
    this.#encounter = encounter ?? this.#encounter;
    this.#record = record ?? this.#record;
    const { handover_at: handed, received_by: receiver, destination } = this.#encounter ?? {};
    const done = this.#record?.acknowledged;
    if (!handed) setText(by("handover-state"), "Not handed over yet.");
    else {
      const where = [destination && `to ${destination}`, receiver && `received by ${receiver}`].filter(Boolean).join(", ");
      const confirmed = done ? ` Acknowledged ${at(done.at)}${done.by ? ` by ${done.by}` : ""}.` : "";
      setText(by("handover-state"), `Handed over ${at(handed)}${where ? ` ${where}` : ""}.${confirmed}`);
    }
    by("handover").dataset.state = done ? "acknowledged" : handed ? "handed-over" : "open";
    by("acknowledge").hidden = !handed || Boolean(done);
  }

  async #acknowledge() {
    const button = by("acknowledge").querySelector("button");
    const receiver = by("receiver").value.trim();
    if (!receiver) return;
    button.disabled = true;
    const answer = await post(`/board/${encodeURIComponent(this.#id)}/acknowledgement`, { received_by: receiver });
    button.disabled = false;
    by("handover-result").hidden = false;
    by("handover-result").dataset.ok = String(answer.ok);
    const said = { 401: "Your sign-in has ended. Sign in again and repeat it.", 403: "This sign-in may not acknowledge handovers." };
    setText(by("handover-result"), answer.ok ? `Acknowledged by ${receiver}.` : (said[answer.status] ?? answer.words));
    if (answer.ok) by("acknowledge").hidden = true;
  }
}
