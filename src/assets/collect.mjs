// Usage: node collect.mjs NODE_MODULES FOLDER
// Writes into FOLDER what programs carry: library.js, the prebuilt browser files of the chart
// libraries joined into one script; notices.txt, the licences of everything inside them; the fonts
// of figures that are drawn as files, and font_notices.txt. Fails when a file could not be put into
// a page as it is.
import {copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'fs';
import {join} from 'path';

const [modules, folder] = process.argv.slice(2);

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

const readText = (...parts) => readFileSync(join(modules, ...parts), 'utf8').replace(/\r/g, '');
const about = (name) => JSON.parse(readText(name, 'package.json'));

const holders = new Map();  // licence text -> "name version" of each package under it
for (const name of readdirSync(modules).filter(bundled).sort()) {
  const file = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
  const {version, license} = about(name);
  const text = file ? readText(name, file).trim() : `Licence: ${license}`;
  holders.set(text, [...(holders.get(text) || []), `${name} ${version}`]);
}
const notices = [...holders].map(([text, names]) => `${names.join(', ')}\n\n${text}\n`)
    .join('\n----------------------------------------\n\n');

const fonts = '@expo-google-fonts/inter';
const faces = {regular: '400Regular', italic: '400Regular_Italic', semibold: '600SemiBold'};
for (const [face, place] of Object.entries(faces)) {
  const target = join(folder, `inter_${face}.ttf`);
  rmSync(target, {force: true});  // so that it is newer than what the build compares it with
  copyFileSync(join(modules, fonts, place, `Inter_${place}.ttf`), target);
}

writeFileSync(join(folder, 'library.js'), library);
writeFileSync(join(folder, 'notices.txt'), notices);
writeFileSync(join(folder, 'font_notices.txt'),
              `Inter (${fonts} ${about(fonts).version})\n\n` +
              `${readText(fonts, 'LICENSE_FONT').trim()}\n`);
