// The lock: PIN by keypad or keyboard, and who works on this screen.

import { get, post } from "./ask.js";
import { by, setAttribute, setText } from "./dom.js";

const MEMBER_KEY = "vitalwire.member";
const TOUCH_MS = 20_000;
let member = sessionStorage.getItem(MEMBER_KEY) ?? "";
const CHECK_MS = 1000;
const lockMs = Number(document.body.dataset.lockSeconds) * 1000;
let touched = [0, 0]; // by the running clock and by the wall's: a sleeping tablet stops the first
let told = -Infinity;
let waiting = 0;

/** `opened()` is called when the page may be shown, `locked()` when it may not be any more. */
export function connectLock(opened, locked) {
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
      begin();
      opened();
    } catch (problem) {
      say(problem.message, true);
      look();
    }
  });
  by("lock-button").addEventListener("click", () => lockNow(locked));
  // A tablet out of the vehicle's network, or asleep until now, locks by itself.
  const check = () => !isLocked() && untouched() > lockMs && lockNow(locked);
  setInterval(check, CHECK_MS);
  for (const name of ["visibilitychange", "pageshow"]) document.addEventListener(name, check);
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, touch, { passive: true });
  showMember();
}

/** Whether this screen is unlocked already; the lock's words otherwise. */
export async function look() {
  try {
    const state = await get("/lock");
    if (state.unlocked) return begin();
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
  if (isLocked() || untouched() > lockMs) return;
  begin();
  if (performance.now() - told < TOUCH_MS) return;
  told = performance.now();
  post("/touch").catch(() => {});
}

const isLocked = () => document.body.dataset.locked === "true";
const untouched = () => Math.max(performance.now() - touched[0], Date.now() - touched[1]);

function begin() {
  touched = [performance.now(), Date.now()];
  return true;
}

/** Here first, whatever the gateway answers; it locks by its own time when it is not heard. */
function lockNow(locked) {
  post("/lock-now").catch(() => {});
  locked();
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
