'use strict';
// Draws one figure after the other. `hostWidth(text, size, style, weight)` comes from the program
// and measures in the font that the figure is drawn with.

var COLUMN_WIDTHS = {col1: 238, col2: 493};  // px of whole figures: 84 and 174 mm in points
var PAGE_WIDTH = 860;  // px of a figure that takes the width of its page, where there is none
var FIT_ROUNDS = 8;
var SHRINK_ROUNDS = 4;
var MARGIN_MOST = 2;    // px
var TITLE_MARGIN = 10;  // px that a title keeps free

function lineWidth(item, line) {
  var size = item.fontSize === undefined || item.fontSize === null ? 11 : Number(item.fontSize);
  return !(size > 0) || line === '' ? 0 :
      hostWidth(line, size, String(item.fontStyle || ''), String(item.fontWeight || ''));
}

vega.textMetrics.width = function (item, text) {
  var width = lineWidth(item, text === null || text === undefined ? '' : String(text).trim());
  return item.limit > 0 ? Math.min(width, item.limit) : width;
};

function makeLogger(complaints) {
  var logger = {level: function (value) { return value === undefined ? 2 : logger; }};
  ['debug', 'info'].forEach(function (name) { logger[name] = function () { return logger; }; });
  logger.warn = function () {
    complaints.warnings.push(Array.from(arguments).map(String).join(' '));
    return logger;
  };
  logger.error = function () {
    complaints.errors.push(Array.from(arguments).map(String).join(' '));
    return logger;
  };
  return logger;
}

// A specification must hold everything that it shows.
function makeLoader(complaints) {
  function refuse(uri) {
    complaints.errors.push('it wants ' + JSON.stringify(String(uri)) +
                           '; a figure must hold its data, and links to nothing');
    return Promise.reject(new Error('refused'));
  }
  return {options: {}, load: refuse, sanitize: refuse, http: refuse, file: refuse};
}

function hasTarget(spec) {
  return spec !== null && typeof spec === 'object' &&
      (Object.prototype.hasOwnProperty.call(spec, '$target') ||
       Object.values(spec).some(hasTarget));
}

// Charts side by side make a figure as wide as their axes happen to be: takes `excess` from the
// widths of the charts of a row. False where nothing can give way.
function shrink(spec, excess) {
  if (spec.vconcat) {
    return spec.vconcat.map(function (part) { return shrink(part, excess); }).some(Boolean);
  }
  var parts = spec.hconcat || spec.concat || (spec.spec ? [spec.spec] : null);
  if (parts) {
    var columns = spec.hconcat ? parts.length : spec.columns || (spec.concat ? parts.length : 1);
    return parts.map(function (part) { return shrink(part, excess / columns); }).some(Boolean);
  }
  if (typeof spec.width !== 'number' || spec.width - excess < 30) {
    return false;
  }
  spec.width -= excess;
  return true;
}

// The figure's title in as many lines as it needs. It may be a text, lines, or {"text": either}.
function wrapTitle(spec, width) {
  var bare = typeof spec.title === 'string' || Array.isArray(spec.title);
  var title = bare ? {text: spec.title} : spec.title;
  if (!title || !title.text) {
    return;
  }
  var look = Object.assign({fontSize: 13, fontWeight: 'bold'}, (spec.config || {}).title, title);
  var given = [].concat(title.text).map(String);
  if (given.every(function (line) { return lineWidth(look, line) <= width; })) {
    return;
  }
  var lines = given.join(' ').split(' ').reduce(function (made, word) {
    var longer = made.length > 0 ? made[made.length - 1] + ' ' + word : word;
    if (made.length > 0 && lineWidth(look, longer) <= width) {
      made[made.length - 1] = longer;
    } else {
      made.push(word);
    }
    return made;
  }, []);
  spec.title = Object.assign({}, title, {text: lines});
}

function addPadding(padding, right) {
  var sides = typeof padding === 'number' || !padding ?
      {left: padding || 0, top: padding || 0, right: padding || 0, bottom: padding || 0} : padding;
  return Object.assign({}, sides, {right: (sides.right || 0) + right});
}

async function makeView(spec, complaints, extraRight) {
  complaints.warnings.length = 0;
  var logger = makeLogger(complaints);
  var compiled;
  try {
    compiled = vegaLite.compile(spec, {logger: logger}).spec;
  } catch (error) {
    throw new Error('Vega-Lite does not understand it: ' + (error && error.message || error));
  }
  if (extraRight > 0) {
    compiled.padding = addPadding(compiled.padding, extraRight);
  }
  vega.resetSVGDefIds();  // clips are numbered: from 1 in every figure
  vega.setRandom(vega.randomLCG(1));
  var view = new vega.View(vega.parse(compiled, {}, {logger: logger}),
                           {renderer: 'none', loader: makeLoader(complaints), logger: logger});
  await view.runAsync();
  var svg = await view.toSVG();
  var size = /^<svg[^>]* width="([0-9.]+)" height="([0-9.]+)"/.exec(svg);
  if (complaints.errors.length > 0) {
    throw new Error(complaints.errors.join('; '));
  }
  return {view: view, svg: svg, width: Number(size[1]), height: Number(size[2])};
}

// A figure that was made for targets is as wide as its column.
async function drawFitted(job, complaints) {
  var wanted = COLUMN_WIDTHS[job.target];
  var spec = resolveTarget(job.spec, job.target);
  var fluid = spec.width === 'container';
  var made = wanted !== undefined && (fluid || hasTarget(job.spec));
  if (fluid) {
    spec.width = wanted || PAGE_WIDTH;
  }
  if (made) {
    wrapTitle(spec, wanted - TITLE_MARGIN);
  }
  var drawn = await makeView(spec, complaints, 0);
  for (var round = 0; made && round < FIT_ROUNDS; ++round) {
    var excess = drawn.width - wanted;  // in whole pixels; what little is missing becomes margin
    // The last rounds only take away: sizes that jump must not end above.
    var enough = excess <= 0 && (excess > -MARGIN_MOST || round >= FIT_ROUNDS - SHRINK_ROUNDS);
    if (enough || !shrink(spec, excess > 0 ? excess + 0.5 : excess)) {
      break;
    }
    drawn = await makeView(spec, complaints, 0);
  }
  if (made && drawn.width < wanted) {
    drawn = await makeView(spec, complaints, wanted - drawn.width);
  }
  if (made && drawn.width > wanted + 0.5) {
    complaints.layout.push('the figure is ' + drawn.width + ' px wide; ' + job.target + ' has ' +
                           wanted);
  }
  return drawn;
}

// Every text that can be seen, with its box in the figure's coordinates.
function seenTexts(view) {
  var found = [];
  function visit(mark, x, y) {
    mark.items.forEach(function (item) {
      if (mark.marktype === 'group') {
        (item.items || []).forEach(function (inner) {
          visit(inner, x + (item.x || 0), y + (item.y || 0));
        });
        return;
      }
      var text = Array.isArray(item.text) ? item.text.join(' ') : String(item.text);
      var seen = item.opacity !== 0 && item.fillOpacity !== 0 && item.fill !== 'transparent' &&
          item.fontSize !== 0;
      // Signs such as a cross are marks at their datum, and may lie on each other.
      if (mark.marktype === 'text' && seen && /[\p{L}\p{N}]/u.test(text)) {
        var box = item.bounds;
        found.push({text: text, x1: box.x1 + x, y1: box.y1 + y, x2: box.x2 + x, y2: box.y2 + y});
      }
    });
  }
  var padding = view.padding();
  var origin = view.origin();
  visit(view.scenegraph().root, padding.left + origin[0], padding.top + origin[1]);
  return found;
}

// A text and its halo are one text.
function isSame(a, b) {
  return a.text === b.text && Math.abs(a.x1 - b.x1) < 1 && Math.abs(a.y1 - b.y1) < 1;
}

function checkLayout(drawn, complaints) {
  var SLACK = 1;  // px; boxes are as high as the font, letters are not
  var texts = seenTexts(drawn.view);
  texts.forEach(function (a, i) {
    if (a.x1 < -SLACK || a.y1 < -SLACK || a.x2 > drawn.width + SLACK ||
        a.y2 > drawn.height + SLACK) {
      complaints.layout.push('"' + a.text + '" leaves the figure');
    }
    texts.slice(i + 1).forEach(function (b) {
      var wide = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
      var high = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
      if (wide > SLACK && high > SLACK && !isSame(a, b)) {
        complaints.layout.push('"' + a.text + '" lies on "' + b.text + '"');
      }
    });
  });
}

var outcome = null;  // JSON text once the figure is drawn, or has failed

function startFigure(text) {
  outcome = null;
  timers = [];
  printed = [];
  var complaints = {warnings: [], errors: [], layout: []};
  (async function () {
    var job = JSON.parse(text);
    var drawn = await drawFitted(job, complaints);
    checkLayout(drawn, complaints);
    return {svg: drawn.svg, width: drawn.width, height: drawn.height};
  })().then(function (value) {
    outcome = JSON.stringify(Object.assign(value, {
      warnings: complaints.warnings.concat(printed), layout: complaints.layout}));
  }, function (error) {
    var said = complaints.errors.length > 0 ? complaints.errors.join('; ') :
        String(error && error.message || error);
    outcome = JSON.stringify({error: said, warnings: complaints.warnings.concat(printed)});
  });
  return '';
}

// Called until it answers; "" means that a timer ran and there is more to do.
function takeOutcome() {
  if (outcome === null && !runTimers()) {
    return JSON.stringify({error: 'it waits for something that never comes', warnings: printed});
  }
  return outcome === null ? '' : outcome;
}
