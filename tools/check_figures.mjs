// Usage: node tools/check_figures.mjs NODE_MODULES REPORT.html...
// Compiles every figure of the pages with Vega-Lite and runs it with Vega, at each target. Prints a
// line for each warning or error, and the number of marks of each figure with --marks; exit status 1
// when there was any. NODE_MODULES is build/PRESET/src/assets/node_modules.
import {readFileSync} from 'fs';
import {resolve} from 'path';
import {pathToFileURL} from 'url';
import {createContext, runInContext} from 'vm';

const words = process.argv.slice(2).filter((word) => word !== '--marks');
const [modules, ...pages] = words;
const load = (file) => import(pathToFileURL(resolve(modules, file)).href);
const vega = await load('vega/build/vega.module.js');
const vegaLite = await load('vega-lite/build/index.js');

const context = createContext({});
runInContext(readFileSync(new URL('../src/assets/target.js', import.meta.url), 'utf8'), context);

function rows(part) {
  if (part === null || typeof part !== 'object') return 0;
  const own = part.data?.values?.length ?? 0;
  return (part.layer ?? part.concat ?? []).reduce((sum, inner) => sum + rows(inner), own);
}

let bad = 0;
for (const page of pages) {
  const text = readFileSync(page, 'utf8');
  const [, json] = text.match(/<script type="application\/json" id="figures">(.*?)<\/script>/s);
  for (const {spec} of JSON.parse(json)) {
    const {id} = spec.usermeta.figure;
    if (process.argv.includes('--marks')) console.log(`${id}: ${rows(spec)} rows`);
    for (const target of ['col1', 'col2', 'web']) {
      const say = (...message) => {
        bad += 1;
        console.log(`${page}: ${id}, ${target}: ${message.join(' ')}`);
      };
      const logger = {warn: say, error: say, info() {}, debug() {}, level() { return this; }};
      try {
        context.spec = spec;
        const resolved = runInContext(`JSON.stringify(resolveTarget(spec, '${target}'))`, context);
        const compiled = vegaLite.compile(JSON.parse(resolved), {logger}).spec;
        const view = new vega.View(vega.parse(compiled), {renderer: 'none', logger});
        await view.runAsync();
        const svg = await view.toSVG();
        const [, width] = svg.match(/width="([\d.]+)"/);
        const limit = {col1: 238, col2: 493}[target];
        if (limit && Number(width) > limit + 12) say(`is ${width} px wide, wanted ${limit}`);
      } catch (error) {
        say(error.message);
      }
    }
  }
}
process.exit(bad === 0 ? 0 : 1);
