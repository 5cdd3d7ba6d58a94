// Small steps with the page's elements.

export const by = (id) => document.getElementById(id);

export function element(name, text = "", className = "", attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Change a text only when it is another one, so screen readers are not told twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Words as a sentence begins. */
export const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}`;

/** A line of a list with its lamp: what it is, and in words how it stands. */
export function lampLine(name, { grade, words }, ...more) {
  const line = element("li");
  line.dataset.grade = grade;
  const text = element("div");
  text.append(element("b", name), " ", element("span", words, "words"), ...more);
  line.append(element("span", "", "lamp"), text);
  return line;
}

/** Mark one of some buttons as the chosen one. */
export function press(buttons, chosen) {
  for (const button of buttons) setAttribute(button, "aria-pressed", String(chosen(button)));
}

/** A random id. `crypto.randomUUID` is not there on a page without TLS. */
export function newId() {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[6] = (octets[6] & 0x0f) | 0x40;
  octets[8] = (octets[8] & 0x3f) | 0x80;
  const digits = [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
