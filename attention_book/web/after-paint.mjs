// Does something once the browser has drawn what stands. A page in the background is not drawn; then it is done all the same.
export function afterPaint(action) {
  if (document.hidden) setTimeout(action);
  else requestAnimationFrame(() => setTimeout(action));
}
