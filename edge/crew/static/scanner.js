// Barcodes: a scanner that types like a keyboard always works; a camera where the browser can.

import { element } from "./dom.js";
import { closeSheet, openSheet } from "./sheets.js";

const FASTEST_TYPIST_MS = 80;
const LEAST = 6;

/** A scanner types faster than any hand and ends with Enter; `scanned(text)` is told. */
export function connectScanner(scanned, isOpen) {
  let text = "";
  let last = 0;
  document.addEventListener(
    "keydown",
    (event) => {
      if (!isOpen()) return;
      const at = event.timeStamp; // when the key came, however busy the page was
      if (event.key === "Enter") {
        if (text.length >= LEAST && at - last < FASTEST_TYPIST_MS * 2) {
          event.preventDefault();
          event.stopPropagation();
          const field = document.activeElement;
          if (field instanceof HTMLInputElement && field.value.endsWith(text)) {
            field.value = field.value.slice(0, -text.length);
          }
          scanned(text);
        }
        text = "";
        return;
      }
      if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
      text = at - last < FASTEST_TYPIST_MS ? text + event.key : event.key;
      last = at;
    },
    true,
  );
}

/** Whether this browser can read codes by its camera. */
export function canScan() {
  return "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Look through the camera until a code is seen. */
export async function scanByCamera(scanned) {
  const video = element("video", "", "finder", { playsinline: "", muted: "" });
  let stream = null;
  let open = true;
  openSheet("Hold the code before the camera", [video], () => {
    open = false;
    stream?.getTracks().forEach((track) => track.stop());
  });
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
    const detector = new BarcodeDetector();
    while (open) {
      const [code] = await detector.detect(video);
      if (code) {
        closeSheet();
        scanned(code.rawValue);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  } catch {
    closeSheet();
  }
}
