// What ships: nothing of the fake world, nothing fetched, nothing inline (the content security policy would refuse it).
import { readdirSync, readFileSync } from 'node:fs';

const faults = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(js|css|html)$/.test(file))
  .flatMap((file) => {
    const text = readFileSync(`dist/${file}`, 'utf8');
    return [
      [/gardien-fake-world/, 'contains the fake world'],
      [/url\(["']?data:font/, 'inlines a font'],
      [/<script(?![^>]*\bsrc=)/, 'has an inline script'],
      [/(?:src|href)="https?:/, 'fetches from elsewhere'],
      [/\bnew Function\(|[^.\w]eval\(/, 'evaluates text'],
    ].flatMap(([pattern, what]) =>
      file.endsWith('.js') && what === 'has an inline script' ? [] : pattern.test(text) ? [`dist/${file} ${what}`] : [],
    );
  });
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
