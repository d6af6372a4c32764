// Which toasts lie over something that can be pressed, or are not seen themselves. The body of a function.
const seen = (element) => {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  for (let above = element.parentElement; above; above = above.parentElement) {
    if (getComputedStyle(above).overflow === 'visible') continue;
    const box = above.getBoundingClientRect();
    left = Math.max(left, box.left);
    top = Math.max(top, box.top);
    right = Math.min(right, box.right);
    bottom = Math.min(bottom, box.bottom);
  }
  return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
};
const PRESSED =
  'button, a[href], input, select, textarea, [role="row"], [role="menuitem"], [role="option"], [tabindex="0"]';
const controls = [...document.querySelectorAll(PRESSED)].filter(
  (each) => !each.closest('[data-testid="toast-lane"]') && getComputedStyle(each).visibility !== 'hidden',
);
return [...document.querySelectorAll('[data-testid="toast"]')].flatMap((toast) => {
  const over = seen(toast);
  if (!over) return [`${toast.dataset.topic} is not seen`];
  return controls.flatMap((control) => {
    const below = seen(control);
    const meets =
      below &&
      over.left < below.right - 1 &&
      below.left < over.right - 1 &&
      over.top < below.bottom - 1 &&
      below.top < over.bottom - 1;
    return meets ? [`${toast.dataset.topic} covers ${control.dataset.testid ?? control.outerHTML.slice(0, 60)}`] : [];
  });
});
