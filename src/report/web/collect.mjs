// Usage: node collect.mjs NODE_MODULES LIBRARY_FILE NOTICES_FILE
// Joins the prebuilt browser files of the chart libraries into one script, and the licences of
// everything inside them into one text. Fails when a file could not be put into a page as it is.
import {readFileSync, readdirSync, writeFileSync} from 'fs';
import {join} from 'path';

const [modules, libraryFile, noticesFile] = process.argv.slice(2);

const scripts = ['vega/build/vega.min.js', 'vega-lite/build/vega-lite.min.js',
                 'vega-embed/build/vega-embed.min.js'];
const library = scripts.map((file) => {
  const text = readFileSync(join(modules, file), 'utf8')
      .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
  for (const bad of ['</script', '<!--', '\r']) {
    if (text.includes(bad)) throw new Error(`${file} contains ${JSON.stringify(bad)}`);
  }
  return text.trimEnd() + '\n';
}).join('');

// Command-line tools among the dependencies are not part of the prebuilt files.
const bundled = (name) => /^(vega|d3-)/.test(name) ||
  ['delaunator', 'fast-json-patch', 'internmap', 'json-stringify-pretty-compact',
   'robust-predicates', 'semver', 'topojson-client', 'tslib'].includes(name);

const holders = new Map();  // licence text -> "name version" of each package under it
for (const name of readdirSync(modules).filter(bundled).sort()) {
  const folder = join(modules, name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = file ? readFileSync(join(folder, file), 'utf8').replace(/\r/g, '').trim() :
                      `Licence: ${license}`;
  holders.set(text, [...(holders.get(text) || []), `${name} ${version}`]);
}
const notices = [...holders].map(([text, names]) => `${names.join(', ')}\n\n${text}\n`)
    .join('\n----------------------------------------\n\n');

writeFileSync(libraryFile, library);
writeFileSync(noticesFile, notices);
