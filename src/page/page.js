'use strict';
(function () {
  // Tables: a click on a column name sorts by it, a second click the other way round. Cells
  // without a number stay last.
  function compare(column, sign) {
    return function (a, b) {
      var x = a.cells[column];
      var y = b.cells[column];
      if ('value' in x.dataset && 'value' in y.dataset) {
        return sign * (Number(x.dataset.value) - Number(y.dataset.value));
      }
      if ('value' in x.dataset !== 'value' in y.dataset) {
        return 'value' in x.dataset ? -1 : 1;
      }
      return sign * x.textContent.localeCompare(y.textContent, 'en');
    };
  }

  document.querySelectorAll('table.sortable').forEach(function (table) {
    table.querySelectorAll('thead button').forEach(function (button) {
      button.addEventListener('click', function () {
        var head = button.parentElement;
        var rising = head.getAttribute('aria-sort') !== 'ascending';
        table.querySelectorAll('th[aria-sort]').forEach(function (other) {
          other.setAttribute('aria-sort', 'none');
        });
        head.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
        var body = table.tBodies[0];
        Array.from(body.rows)
          .sort(compare(Number(button.dataset.column), rising ? 1 : -1))
          .forEach(function (row) { body.appendChild(row); });
      });
    });
  });

  // Charts: size, panels and legend follow the width that is there. The sizes of a paper's column
  // serve a telephone as well, a little enlarged.
  var narrowBelow = 430;

  // The first list of names that a legend of the specification shows.
  function legendNames(part) {
    if (part === null || typeof part !== 'object') {
      return null;
    }
    var colour = part.encoding && part.encoding.color;
    if (colour && colour.scale && Array.isArray(colour.scale.domain)) {
      return colour.scale.domain;
    }
    return (part.layer || part.concat || []).reduce(function (found, inner) {
      return found || legendNames(inner);
    }, null);
  }

  function legendColumns(spec, width) {
    var names = legendNames(spec) || [''];
    var longest = Math.max.apply(null, names.map(function (name) { return name.length; }));
    var needed = 44 + 7 * Math.min(longest, 30);
    return Math.max(1, Math.min(names.length, Math.floor((width - 60) / needed)));
  }

  // A title in as many lines as it needs.
  function titleLines(title, width) {
    var most = Math.max(12, Math.floor((width - 8) / 9.2));
    return title.split(' ').reduce(function (lines, word) {
      var last = lines[lines.length - 1];
      if (last && last.length + 1 + word.length <= most) {
        lines[lines.length - 1] = last + ' ' + word;
      } else {
        lines.push(word);
      }
      return lines;
    }, []);
  }

  function fitted(spec, width) {
    var narrow = width < narrowBelow;
    var copy = resolveTarget(spec, narrow ? 'col1' : 'web');
    copy.title.text = titleLines(spec.usermeta.figure.title, width);
    copy.config.legend.columns = legendColumns(copy, width);
    var grow = narrow ? 1.4 : 1;
    if (!copy.concat) {
      copy.width = width;
      copy.height = Math.round(copy.height * grow);
      return copy;
    }
    var gap = 24;
    copy.columns = Math.max(1, Math.min(copy.columns, Math.floor((width + gap) / (210 + gap))));
    var room = Math.floor((width - 12 + gap) / copy.columns) - gap - 60;
    copy.concat.forEach(function (panel) {
      panel.width = Math.max(120, room);
      panel.height = Math.round(panel.height * grow);
      panel.title.fontSize = 12;
    });
    return copy;
  }

  function marks(part) {
    if (part === null || typeof part !== 'object') {
      return 0;
    }
    var own = part.data && part.data.values ? part.data.values.length : 0;
    return (part.layer || part.concat || []).reduce(function (sum, inner) {
      return sum + marks(inner);
    }, own);
  }

  var data = document.getElementById('figures');
  if (!data) {
    return;
  }
  var options = {
    ast: true,  // no eval: the page's policy forbids it
    actions: {export: true, source: true, compiled: false, editor: false}
  };
  var figures = JSON.parse(data.textContent);

  function draw(figure, index) {
    var element = document.getElementById('figure-' + index);
    var width = element.clientWidth - 38;  // vega-embed keeps this much for the menu
    if (figure.width === width) {
      return;
    }
    figure.width = width;
    var named = Object.assign({
      downloadFileName: figure.spec.usermeta.figure.id,
      renderer: marks(figure.spec) > 2000 ? 'canvas' : 'svg'
    }, options);
    vegaEmbed(element, fitted(figure.spec, width), named).catch(function (error) {
      element.textContent = 'This chart could not be drawn: ' + error.message;
      element.classList.add('chart-error');
    });
  }

  // A figure is drawn when it comes near the view; before printing, all of them.
  var seen = [];
  function drawAll() {
    figures.forEach(function (figure, index) { seen[index] = true; draw(figure, index); });
  }
  if ('IntersectionObserver' in window && figures.length > 8) {
    var observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) {
          var index = Number(entry.target.id.replace('figure-', ''));
          seen[index] = true;
          observer.unobserve(entry.target);
          draw(figures[index], index);
        }
      });
    }, {rootMargin: '800px'});
    figures.forEach(function (figure, index) {
      observer.observe(document.getElementById('figure-' + index));
    });
    window.addEventListener('beforeprint', drawAll);
  } else {
    drawAll();
  }
  var pending = 0;
  window.addEventListener('resize', function () {
    clearTimeout(pending);
    pending = setTimeout(function () {
      figures.forEach(function (figure, index) { if (seen[index]) { draw(figure, index); } });
    }, 200);
  });
})();
