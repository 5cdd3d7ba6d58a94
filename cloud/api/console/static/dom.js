// Small steps with the page's elements.

export const by = (id) => document.getElementById(id);

export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
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
export const sentence = (words) => (words ? `${words[0].toUpperCase()}${words.slice(1)}` : "");
