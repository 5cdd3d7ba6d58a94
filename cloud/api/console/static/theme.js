// Before anything is painted: the colours this screen was set to, or those of the system.
"use strict";
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem("vitalwire.board.theme");
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const light = matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.dataset.theme = kept ?? (light ? "light" : "dark");
})();
