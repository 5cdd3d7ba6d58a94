// The entrance: a token in the address's fragment opens a session once and is forgotten here.

import "./bar.js";
import { by, setText } from "./dom.js";

const REFUSED = {
  401: "The token in this address is no longer good. Sign in, or ask for a new address.",
  403: "The token in this address may not read encounters.",
};

/** Take the token out of the fragment, and out of the address at once; empty without one. */
function tokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("access_token") ?? "";
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

async function enter() {
  const token = tokenFromAddress();
  if (!token) return;
  let response;
  try {
    response = await fetch("/board/entrance", {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch {
    problem("The service cannot be reached. Try again in a moment.");
    return;
  }
  if (response.ok) location.reload();
  else problem(REFUSED[response.status] ?? "The service refused to sign in. Try again.");
}

function problem(words) {
  by("problem").hidden = false;
  setText(by("problem"), words);
}

addEventListener("hashchange", enter);
enter();
