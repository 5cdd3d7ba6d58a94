// The one sheet that opens over the page, with whatever is to be chosen.

import { by, element } from "./dom.js";

const dialog = by("sheet");
let onClose = () => {};
let key = ""; // which of the gateway's questions stands open
let waiting = []; // its questions that wait: [key, make]

by("sheet-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  // The event comes late: by then the next sheet may stand open already.
  if (dialog.open) return;
  finish();
  askNext();
});

function finish() {
  const closed = onClose;
  onClose = () => {};
  key = "";
  by("sheet-body").replaceChildren();
  closed();
}

/** Open it with these nodes; `closed` is called when it goes. */
export function openSheet(title, nodes, closed = () => {}) {
  closeSheet();
  by("sheet-title").textContent = title;
  by("sheet-body").replaceChildren(...nodes);
  onClose = closed;
  dialog.showModal();
}

export function closeSheet() {
  if (!dialog.open) return;
  dialog.close();
  finish();
}

/**
 * A question nobody called for: it waits until the sheet in use is closed, so that nothing half
 * typed is lost. `make()` gives title and nodes, or nothing when it is too late.
 */
export function askSheet(name, make) {
  if (name === key || waiting.some(([one]) => one === name)) return;
  waiting.push([name, make]);
  askNext();
}

/** That question is answered elsewhere, or too late. */
export function closeAsked(name) {
  waiting = waiting.filter(([one]) => one !== name);
  if (key === name) closeSheet();
}

/** The lock is on: no question stands open or waits. */
export function forgetSheets() {
  waiting = [];
  closeSheet();
}

function askNext() {
  while (!dialog.open && waiting.length) {
    const [name, make] = waiting.shift();
    const made = make();
    if (!made) continue;
    openSheet(...made);
    key = name;
  }
}

/** A button that does something and closes the sheet. */
export function choice(head, text, act, className = "deed") {
  const button = element("button", "", className, { type: "button" });
  button.append(element("b", head));
  if (text) button.append(element("span", text));
  button.addEventListener("click", () => {
    closeSheet();
    act();
  });
  return button;
}

export function grid(buttons) {
  const made = element("div", "", "grid");
  made.append(...buttons);
  return made;
}

/** A labelled input. */
export function field(label, attributes = {}) {
  const made = element("label", label);
  const input = element("input", "", "", attributes);
  made.append(input);
  return [made, input];
}
