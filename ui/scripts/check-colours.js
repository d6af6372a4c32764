// Only src/styles/tokens.css names a colour; everything else uses its tokens.
import { readdirSync, readFileSync } from 'node:fs';

const colour =
  /#[0-9a-f]{3,8}\b(?![\w-])|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color|light-dark)a?\(|(?:color|background|border|outline|fill|stroke|shadow)[\w-]*\s*:[^;{}]*\b(?:white|black|red|green|blue|gray|grey|orange|yellow|amber|slate)\b/i;
const found = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(css|svelte)$/.test(file) && file !== 'styles/tokens.css')
  .flatMap((file) => {
    const text = readFileSync(`src/${file}`, 'utf8');
    const styles = file.endsWith('.css')
      ? text
      : text.replace(/[\s\S]*?(<style[^>]*>|$)/, (part) => part.replace(/[^\n]/g, ''));
    return styles
      .split('\n')
      .flatMap((line, index) => (colour.test(line) ? [`src/${file}:${index + 1}: ${line.trim()}`] : []));
  });
if (found.length > 0) {
  console.error(`Colours belong into src/styles/tokens.css:\n${found.join('\n')}`);
  process.exit(1);
}
