// The bar above every page: colours, the menu on a phone, signing out; and acts sent to the service.

import { by, setAttribute, setText } from "./dom.js";

const THEME = "vitalwire.board.theme";
const restyled = [];

/** Call back when the colours have changed. */
export function whenRestyled(callback) {
  restyled.push(callback);
}

function showTheme() {
  const light = document.documentElement.dataset.theme === "light";
  setText(by("theme"), light ? "Dark" : "Light");
  setAttribute(by("theme"), "aria-label", light ? "Dark colours" : "Light colours");
  for (const callback of restyled) callback();
}

by("theme").addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = next;
  localStorage.setItem(THEME, next);
  showTheme();
});

const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

/** Send an act; {ok, status, reason, words, body}. Only a page of this session has the proof. */
export async function post(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Board-CSRF": csrf() },
      body: JSON.stringify(body ?? {}),
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch {
    return { ok: false, status: 0, reason: "unreachable", words: "The service cannot be reached. Try again in a moment." };
  }
  const answer = await response.json().catch(() => ({}));
  return {
    ok: response.ok,
    status: response.status,
    reason: answer.error ?? "",
    words: answer.message ?? "That did not work.",
    body: answer,
  };
}

by("leave")?.addEventListener("click", async () => {
  by("leave").disabled = true;
  const sent = await post("/board/sign-out");
  if (sent.ok || sent.status === 401) location.replace("/board");
  else by("leave").disabled = false;
});

function showMenu(open) {
  setAttribute(by("menu"), "aria-expanded", String(open));
  by("bar-actions").dataset.open = String(open);
}

by("menu")?.addEventListener("click", () => showMenu(by("bar-actions").dataset.open !== "true"));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || by("bar-actions").dataset.open !== "true") return;
  showMenu(false);
  by("menu").focus();
});

showTheme();
