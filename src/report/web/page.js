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

  // Charts: panels and legend follow the width that is there.
  function legendColumns(spec, width) {
    var layer = spec.concat ? spec.concat[0].layer[0] : spec;
    var names = layer.encoding.color.scale.domain;
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
    var copy = JSON.parse(JSON.stringify(spec));
    copy.title = titleLines(spec.title, width);
    copy.config.legend.columns = legendColumns(spec, width);
    if (copy.concat) {
      var count = copy.concat.length;
      var most = Math.max(1, Math.min(4, Math.floor(width / 260)));
      copy.columns = Math.ceil(count / Math.ceil(count / most));
      var room = Math.floor((width + 24) / copy.columns) - 24 - 64;
      copy.concat.forEach(function (panel) {
        panel.width = Math.max(120, Math.min(room, 420));
      });
    }
    return copy;
  }

  var data = document.getElementById('figures');
  if (!data) {
    return;
  }
  var options = {
    ast: true,  // no eval: the page's policy forbids it
    renderer: 'svg',
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
    var named = Object.assign({downloadFileName: 'tokamark-figure-' + (index + 1)}, options);
    vegaEmbed(element, fitted(figure.spec, width), named).catch(function (error) {
      element.textContent = 'This chart could not be drawn: ' + error.message;
      element.classList.add('chart-error');
    });
  }

  figures.forEach(draw);
  var pending = 0;
  window.addEventListener('resize', function () {
    clearTimeout(pending);
    pending = setTimeout(function () { figures.forEach(draw); }, 200);
  });
})();
