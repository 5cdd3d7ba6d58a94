// The quick buttons. A press is shown as saved only when the gateway has it on its disk.

import { post } from "./ask.js";
import { by, element, newId } from "./dom.js";
import { choice, closeSheet, field, grid, openSheet } from "./sheets.js";
import { takePicture } from "./pictures.js";

const UNDO_MS = 9000;
const RETRY_MS = 2000;
const AIRWAYS = ["OPA", "NPA", "Supraglottic (i-gel)", "Laryngeal mask", "Tracheal tube", "Surgical airway", "Bag-valve-mask", "Oxygen mask 15 l/min"];
const ENERGIES = [150, 200, 300, 360, 120, 100, 50, 4];

/** Write a deed down; the same id over all retries, so that it is written once. */
export function record(kind, text = "", details = {}) {
  const id = newId();
  const pressed = performance.now();
  const words = text || by("page").querySelector(`[data-deed="${kind}"] b`)?.textContent || kind.replaceAll("_", " ");
  const toast = new Toast(words);
  const send = async () => {
    toast.saving();
    try {
      const ago = (performance.now() - pressed) / 1000;
      await post("/events", { id, kind, ago, text, details });
      toast.saved(() => undo(id, words));
    } catch (problem) {
      const final = problem.status === 422 || problem.status === 403;
      toast.failed(problem.message, final ? null : send);
      if (!final) toast.timer = setTimeout(send, RETRY_MS);
    }
  };
  return send();
}

/** Take an event back. */
export async function undo(undoes, words) {
  const toast = new Toast(`Taking back: ${words}`);
  const id = newId();
  const send = async () => {
    try {
      await post("/events/undo", { id, undoes });
      toast.done(`Taken back: ${words}`);
    } catch (problem) {
      toast.failed(problem.message, problem.status === 422 ? null : send);
    }
  };
  return send();
}

class Toast {
  timer = 0;

  constructor(words) {
    this.words = words;
    this.node = element("div", "", "toast");
    by("toasts").append(this.node);
  }

  saving() {
    this.#show("saving", `${this.words}: saving`);
  }

  saved(takeBack) {
    this.#show("saved", `${this.words}: saved`, ["Undo", () => (this.#close(), takeBack())]);
    this.timer = setTimeout(() => this.#close(), UNDO_MS);
  }

  done(words) {
    this.#show("saved", words);
    this.timer = setTimeout(() => this.#close(), 4000);
  }

  failed(words, again) {
    this.#show("failed", `${this.words}: NOT SAVED. ${words}`, again ? ["Again", again] : ["Close", () => this.#close()]);
  }

  #show(state, words, button = null) {
    clearTimeout(this.timer);
    this.node.dataset.state = state;
    this.node.replaceChildren(element("p", words));
    if (!button) return;
    const made = element("button", button[0], "", { type: "button" });
    made.addEventListener("click", button[1]);
    this.node.append(made);
  }

  #close() {
    clearTimeout(this.timer);
    this.node.remove();
  }
}

export function say(words) {
  new Toast(words).done(words);
}

/** What the gateway was asked to do: say these words once it is done, or why it is not. */
export async function attempt(work, words = "") {
  try {
    await work;
    if (words) say(words);
  } catch (problem) {
    say(`NOT DONE. ${problem.message}`);
  }
}

const drugs = () => [...by("drug-buttons").content.cloneNode(true).children];
const giveDrug = ({ drug, dose, route }) => {
  record("drug", [drug, dose, route].filter(Boolean).join(" "), { drug, dose, route });
};

function drugSheet() {
  const buttons = drugs();
  for (const button of buttons) {
    button.addEventListener("click", () => {
      closeSheet();
      giveDrug(button.dataset);
    });
  }
  const [nameLabel, name] = field("Other drug", { maxlength: "60" });
  const [doseLabel, dose] = field("Dose", { maxlength: "40" });
  const [routeLabel, route] = field("Route", { maxlength: "20" });
  const save = element("button", "Save", "action action-main", { type: "submit" });
  const form = element("form", "", "row");
  form.append(nameLabel, doseLabel, routeLabel, save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!name.value.trim()) return name.focus();
    closeSheet();
    giveDrug({ drug: name.value.trim(), dose: dose.value.trim(), route: route.value.trim() });
  });
  openSheet("Drug given", [grid(buttons), form]);
}

function shockSheet() {
  const buttons = ENERGIES.map((energy) =>
    choice(`${energy} J`, "", () => record("shock", `${energy} J`, { energy: String(energy) })),
  );
  buttons.push(choice("Energy not known", "", () => record("shock")));
  openSheet("Shock given", [grid(buttons)]);
}

function airwaySheet() {
  openSheet("Airway", [grid(AIRWAYS.map((one) => choice(one, "", () => record("airway", one, { device: one }))))]);
}

function noteSheet() {
  const [label, text] = field("Note", { maxlength: "300" });
  const save = element("button", "Save", "action action-main", { type: "submit" });
  const form = element("form", "", "row");
  label.style.flex = "1";
  form.append(label, save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    closeSheet();
    record("note", text.value.trim());
  });
  const [photoLabel, photo] = field("Photograph", { type: "file", accept: "image/*", capture: "environment" });
  photo.addEventListener("change", () => {
    const file = photo.files[0];
    closeSheet();
    if (file) takePicture(file, say);
  });
  openSheet("Note or photograph", [form, photoLabel]);
  text.focus();
}

const SHEETS = { drugs: drugSheet, shock: shockSheet, airway: airwaySheet, note: noteSheet };

/** Connect every quick button on the page. */
export function connectDeeds() {
  for (const button of document.querySelectorAll("[data-deed]")) {
    button.addEventListener("click", () => record(button.dataset.deed));
  }
  for (const button of document.querySelectorAll("[data-sheet]")) {
    button.addEventListener("click", () => SHEETS[button.dataset.sheet]());
  }
  for (const button of document.querySelectorAll("[data-usual]")) {
    button.addEventListener("click", () => giveDrug(drugs()[Number(button.dataset.usual)].dataset));
  }
  by("cpr").addEventListener("click", () => {
    record(by("cpr").dataset.running === "true" ? "cpr_stopped" : "cpr_started", "");
  });
}
