// The time, for what is shown: it moves on once a minute, in the whole window at once.

const MINUTE = 60_000;
let minutes = $state(0);

/** The time now. What is drawn with it is drawn again a minute later. */
export function now(): number {
  void minutes;
  return Date.now();
}

/** Moves on until the returned function is called. */
export function runClock(): () => void {
  const clock = setInterval(() => (minutes += 1), MINUTE);
  return () => {
    clearInterval(clock);
  };
}
