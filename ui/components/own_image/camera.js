// The camera: asked for on a click only, and let go at the end.

import { PictureError } from "./files.js"

const WANTED = { video: { width: { ideal: 320 }, height: { ideal: 240 } } }
const REASONS = {
  NotAllowedError: "The browser was not allowed to use the camera. Drop or paste a picture instead.",
  NotFoundError: "No camera was found. Drop or paste a picture instead.",
}

/** Show the camera's picture in a video element; returns what ends it. Throws PictureError. */
export async function startCamera(video) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new PictureError(
      "A browser gives pages the camera on https or on this machine only. Drop or paste a picture.",
    )
  }
  let stream
  try {
    stream = await navigator.mediaDevices.getUserMedia(WANTED)
  } catch (error) {
    throw new PictureError(REASONS[error.name] ?? "The camera can't be used now. Drop or paste a picture instead.")
  }
  const stop = () => {
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
  video.srcObject = stream
  try {
    await video.play()
  } catch {
    stop()
    throw new PictureError("The camera gave no picture. Drop or paste one instead.")
  }
  return stop
}
