// A photograph: drawn anew on a canvas, so that place, time and maker never leave the camera.

import { post } from "./ask.js";
import { newId } from "./dom.js";

const LONGEST_SIDE = 1600;
const QUALITY = 0.82;

/** Shrink it, send it, say what became of it. */
export async function takePicture(file, say) {
  const id = newId();
  let picture;
  try {
    picture = await shrink(file);
  } catch {
    say("That file is no picture.");
    return;
  }
  for (let attempt = 0; ; attempt++) {
    try {
      await post(`/photographs/${id}`, picture);
      say("Photograph: saved");
      return;
    } catch (problem) {
      if (problem.status === 422 || attempt >= 4) {
        say(`Photograph NOT SAVED. ${problem.message}`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

async function shrink(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const factor = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * factor);
  canvas.height = Math.round(bitmap.height * factor);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY),
  );
}
