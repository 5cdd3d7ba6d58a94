// The one sheet that opens over the page, with whatever is to be chosen.

import { by, element } from "./dom.js";

const dialog = by("sheet");
let onClose = () => {};

by("sheet-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  onClose();
  onClose = () => {};
  by("sheet-body").replaceChildren();
});

/** Open it with these nodes; `closed` is called when it goes. */
export function openSheet(title, nodes, closed = () => {}) {
  if (dialog.open) dialog.close();
  by("sheet-title").textContent = title;
  by("sheet-body").replaceChildren(...nodes);
  onClose = closed;
  dialog.showModal();
}

export function closeSheet() {
  if (dialog.open) dialog.close();
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
