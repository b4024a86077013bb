const PATIENCE = 500; // milliseconds

// Does something once the browser has drawn what stands. A page in the background is not drawn; then it is done all the same.
export function afterPaint(action) {
  if (document.hidden) setTimeout(action);
  else requestAnimationFrame(() => setTimeout(action));
}

// Does something once the browser has nothing to draw and nobody to answer, or at last after a while.
export function whenIdle(action) {
  if (window.requestIdleCallback) requestIdleCallback(action, { timeout: PATIENCE });
  else afterPaint(action);
}
