// Devices added to this vehicle by a code, and how each of them stands.

import { post } from "./ask.js";
import { attempt, say } from "./deeds.js";
import { by, element, lampLine, newId, press } from "./dom.js";
import { closeSheet, field, openSheet } from "./sheets.js";

const KINDS = {
  "": "it says so itself",
  defib: "defibrillator",
  ecg: "ECG",
  oximeter: "oximeter",
  bp: "blood pressure",
  etco2: "capnometer",
  thermometer: "thermometer",
  glucose: "glucose",
  multiparameter: "several in one",
};

/** Only after a person's yes: the code is told to the fleet. */
export function enrolSheet(code = "") {
  const [label, input] = field("The code on the device, scanned or typed", { maxlength: "120" });
  const save = element("button", "Add", "action action-main", { type: "submit" });
  const form = element("form", "", "row");
  form.append(label, save);
  let kind = "";
  const kinds = element("div", "", "choices", { role: "group", "aria-label": "What kind of device it is" });
  const buttons = Object.entries(KINDS).map(([value, name]) => {
    const button = element("button", name, "", { type: "button", "aria-pressed": String(value === "") });
    button.addEventListener("click", () => {
      kind = value;
      press(buttons, (one) => one === button);
    });
    return button;
  });
  kinds.append(...buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) enrol(input.value.trim(), kind);
  });
  input.value = code;
  const words = "Only a device's code: the fleet is told of it. Never a name or a patient's number.";
  openSheet("Add a device to this vehicle", [form, element("p", words), element("h2", "What it is"), kinds]);
  if (!code) input.focus();
}

function enrol(code, kind) {
  closeSheet();
  attempt(post("/devices/enrol", { id: newId(), code, kind }).then((answer) => say(answer.words)));
}

export function showScanned(given) {
  by("scanned").hidden = given.length === 0;
  by("scanned-list").replaceChildren(...given.map((one) => lampLine(one.code, one)));
}

export function connectEnrolling() {
  by("enrol").addEventListener("click", () => enrolSheet());
}
