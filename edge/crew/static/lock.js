// The lock: PIN by keypad or keyboard, and who works on this screen.

import { get, post } from "./ask.js";
import { by, setAttribute, setText } from "./dom.js";

const MEMBER_KEY = "vitalwire.member";
const TOUCH_MS = 20_000;
let member = sessionStorage.getItem(MEMBER_KEY) ?? "";
let touched = 0;
let waiting = 0;

/** `opened()` is called when the page may be shown. */
export function connectLock(opened) {
  const pin = by("pin");
  for (const key of document.querySelectorAll("[data-key]")) {
    key.addEventListener("click", () => {
      if (key.dataset.key === "erase") pin.value = pin.value.slice(0, -1);
      else if (pin.value.length < pin.maxLength) pin.value += key.dataset.key;
    });
  }
  for (const button of document.querySelectorAll("[data-member]")) {
    button.addEventListener("click", () => {
      member = member === button.dataset.member ? "" : button.dataset.member;
      showMember();
    });
  }
  by("lock-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = pin.value;
    pin.value = "";
    if (!given) return;
    try {
      await post("/unlock", { pin: given, member });
      sessionStorage.setItem(MEMBER_KEY, member);
      say("Enter the PIN of this vehicle.", false);
      opened();
    } catch (problem) {
      say(problem.message, true);
      look();
    }
  });
  by("lock-button").addEventListener("click", () => post("/lock-now").catch(() => {}));
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, touch, { passive: true });
  showMember();
}

/** Whether this screen is unlocked already; the lock's words otherwise. */
export async function look() {
  try {
    const state = await get("/lock");
    if (state.unlocked) return true;
    if (!state.pin_set) say("No PIN is set in this vehicle. A technician sets it: vitalwire-edge crew-pin", true);
    else if (state.wait > 0) countDown(state.wait);
  } catch (problem) {
    say(problem.message, true);
    setTimeout(look, 2000);
  }
  return false;
}

/** Somebody works here: the page stays open. Also told while compressions go on. */
export function touch() {
  if (document.body.dataset.locked === "true" || performance.now() - touched < TOUCH_MS) return;
  touched = performance.now();
  post("/touch").catch(() => {});
}

function countDown(seconds) {
  clearInterval(waiting);
  let left = Math.ceil(seconds);
  const show = () => {
    if (left <= 0) {
      clearInterval(waiting);
      say("Enter the PIN of this vehicle.", false);
    } else say(`Too many wrong PINs. Wait ${left} s.`, true);
    left -= 1;
  };
  show();
  waiting = setInterval(show, 1000);
}

function say(words, wrong) {
  setText(by("lock-words"), words);
  setAttribute(by("lock-words"), "data-wrong", String(wrong));
}

function showMember() {
  for (const button of document.querySelectorAll("[data-member]")) {
    setAttribute(button, "aria-checked", String(button.dataset.member === member));
  }
}
