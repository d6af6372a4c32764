/** What is wrong with a port that somebody typed; null when it is fine. */
export function portProblem(text: string): string | null {
  const port = Number(text);
  const fine = /^\d{1,5}$/.test(text.trim()) && port >= 1024 && port <= 65_535;
  return fine ? null : 'A port is a number from 1024 to 65535.';
}
