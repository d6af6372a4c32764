// Only src/styles/tokens.css names a colour or a radius; everything else uses its tokens. Nothing moves for long.
import { readdirSync, readFileSync } from 'node:fs';

const LONGEST = 150;
const COLOUR =
  /#[0-9a-f]{3,8}\b(?![\w-])|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|light-dark)a?\(|(?:color|background|border|outline|fill|stroke|shadow)[\w-]*\s*:[^;{}]*\b(?:white|black|red|green|blue|gray|grey|orange|yellow|amber|slate)\b/gi;
const RADIUS = /radius\s*:[^;}]*\dpx/g;
const MOTION = /(?:animation|transition)(?:-duration)?\s*:([^;}]*)/g;

/** Whether anything in a value takes long: of two times the first is how long, the second how much later. */
const isSlow = (value) =>
  value
    .replace(/(?:cubic-bezier|steps|linear)\([^)]*\)/g, '')
    .split(',')
    .some((part) => {
      const [, number, unit] = /var\(--quick\)|([\d.]+)(m?s)\b/.exec(part) ?? [];
      return number !== undefined && Number(number) * (unit === 's' ? 1000 : 1) > LONGEST;
    });

/** What stands in a file's styles, in its place. */
function stylesOf(file) {
  const text = readFileSync(`src/${file}`, 'utf8');
  if (file.endsWith('.css')) return text;
  return text.replace(/[\s\S]*?(<style[^>]*>|$)/, (part) => part.replace(/[^\n]/g, ''));
}

const found = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(css|svelte)$/.test(file) && file !== 'styles/tokens.css')
  .flatMap((file) => {
    const styles = stylesOf(file);
    return [
      ...[...styles.matchAll(COLOUR)].map((match) => [match, 'a colour belongs into src/styles/tokens.css']),
      ...[...styles.matchAll(RADIUS)].map((match) => [match, 'a radius belongs into src/styles/tokens.css']),
      ...[...styles.matchAll(MOTION)]
        .filter(([, value]) => isSlow(value))
        .map((match) => [match, `nothing moves for more than ${LONGEST} ms`]),
    ].map(([{ 0: text, index }, what]) => `src/${file}:${styles.slice(0, index).split('\n').length}: ${what}: ${text}`);
  });
if (found.length > 0) {
  console.error(found.join('\n'));
  process.exit(1);
}
