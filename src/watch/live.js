'use strict';
(function () {
  var LAST = 12;      // finished trials that are listed
  var SETTLE_MS = 100;
  var MOST_SETTLES = 80;

  function element(id) { return document.getElementById(id); }
  function write(id, text) { element(id).textContent = text; }
  function show(id, shown) { element(id).hidden = !shown; }

  function duration(seconds) {
    var s = Math.ceil(seconds);
    if (s >= 3600) {
      return Math.floor(s / 3600) + 'h' + String(Math.floor(s / 60) % 60).padStart(2, '0') + 'm';
    }
    return s >= 60 ? Math.floor(s / 60) + 'm' + String(s % 60).padStart(2, '0') + 's' : s + 's';
  }
  function number(value, digits) {
    return value === null ? '–' : value.toLocaleString('en', {maximumFractionDigits: digits});
  }

  var STEPS = {
    preparing: 'between trials',
    starting_engine: 'starting engine',
    probing: 'checks, probes and calibration',
    warmup: 'warming up',
    measuring: 'measuring',
    summarising: 'writing summaries',
    ended: ''
  };

  function stepText(state) {
    var progress = state.progress;
    if (!progress || state.state !== 'running') {
      return '';
    }
    var trial = progress.trial;
    var parts = [STEPS[progress.step] || progress.step];
    if (trial) {
      parts.unshift('trial ' + trial.number + ' of ' +
                    (progress.total_is === 'at_most' ? 'at most ' : '') + progress.trials_total +
                    ': ' + trial.id);
      if (trial.live) {
        parts.push(duration(trial.elapsed_s + state.age_s) + ' of at least ' +
                   duration(trial.least_s));
      }
    } else if (progress.engine) {
      parts.push(progress.engine);
    }
    if (progress.engine_log_line) {
      parts.push(progress.engine_log_line);
    }
    return parts.join(' · ');
  }

  function timeText(state) {
    var progress = state.progress;
    if (!progress) {
      return '';
    }
    var since = state.state === 'running' ? state.age_s : 0;
    var text = duration(progress.elapsed_s + since) + ' elapsed';
    if (state.state !== 'running') {
      return text;
    }
    if (progress.left_s !== null) {
      var left = Math.max(0, progress.left_s - since);
      text += ', about ' + duration(left) + ' left (until ' +
              new Date(Date.now() + 1000 * left).toLocaleTimeString() + ')';
    } else if (progress.left_least_s !== null) {
      text += ', at least ' + duration(Math.max(0, progress.left_least_s - since)) + ' left';
    }
    return text;
  }

  function showState(state) {
    var ended = state.valid + state.invalid + state.incomplete;
    var bad = state.invalid + state.incomplete;
    var total = state.progress ? state.progress.trials_total : state.planned;
    element('strip').dataset.state =
        state.state === 'finished' && state.exit_code !== 0 ? 'invalid' : state.state;
    var code = state.exit_code === null ? '' : ', exit code ' + state.exit_code;
    write('state', state.state + code);
    write('study', state.study + (state.model ? ' · ' + state.model : ''));
    document.title = (state.state === 'running' ? ended + '/' + total + ' ' : state.state + ' ') +
                     state.study + ' - tokamark watch';
    show('simulated', state.simulated);
    write('step', stepText(state));
    write('time', timeText(state));
    write('counts', ended + ' of ' + (state.progress && state.progress.total_is === 'at_most' ?
        'at most ' : '') + total + ' trials finished, ' + state.valid + ' valid' +
        (bad ? ', ' + state.invalid + ' invalid, ' + state.incomplete + ' incomplete' : ''));
    element('done').max = Math.max(total, 1);
    element('done').value = ended;
    var live = state.state === 'running' && state.progress && state.progress.trial &&
               state.progress.trial.live;
    show('live', Boolean(live));
    if (live) {
      write('in-flight', number(live.in_flight, 0));
      write('succeeded', number(live.succeeded, 0));
      write('failed', number(live.failed, 0));
      write('rate', number(live.output_tokens_per_s, 0));
      write('ttft-p50', number(live.ttft_p50_ms, 1));
      write('ttft-p99', number(live.ttft_p99_ms, 1));
    }
    show('message', state.message !== '');
    write('message', state.message);
    var list = element('messages');
    list.replaceChildren();
    (state.progress ? state.progress.messages : []).forEach(function (text) {
      list.appendChild(document.createElement('li')).textContent = text;
    });
  }

  var trials = new Map();  // by id, in the order they ended

  function verdictText(trial) {
    return [trial.verdict].concat(trial.codes.map(function (code) {
      return code.code + ' (' + code.evidence + ')';
    })).join(' · ');
  }

  function showTrials() {
    var rows = element('rows');
    var last = Array.from(trials.values()).slice(-LAST).reverse();
    rows.replaceChildren();
    last.forEach(function (trial) {
      var row = rows.insertRow();
      [trial.id, verdictText(trial), number(trial.succeeded, 0), number(trial.failed, 0),
       number(trial.output_tokens_per_s, 1), number(trial.ttft_p50_ms, 1),
       number(trial.ttft_p99_ms, 1)].forEach(function (text) {
        row.insertCell().textContent = text;
      });
      row.cells[1].className = trial.verdict === 'valid' ? 'good' : 'bad';
    });
    if (last.length) {
      var codes = last[0].codes.map(function (code) { return code.code; });
      write('last', '– ' + last[0].id + ': ' + [last[0].verdict].concat(codes).join(', '));
    }
  }

  // The report: a new frame is loaded behind the old one, brought to the same place, and shown.
  // Charts are drawn as they come near the view and grow then, and trials add rows, so the place is
  // one beside an element that both pages have.
  var frame = document.querySelector('#report iframe');
  var loading = false;
  var wanted = false;

  // [name, element] of everything that a place can be told by, from top to bottom.
  function marks(page) {
    return Array.from(page.querySelectorAll('section[id], table[id], .chart')).map(function (part) {
      return [part.getAttribute('aria-label') || part.id, part];
    });
  }
  function placeOf(shown) {
    var page = shown.contentDocument;
    if (!page || !page.body) {
      return null;
    }
    return marks(page).reduce(function (found, mark) {
      var top = mark[1].getBoundingClientRect().top;
      return top <= 1 ? {name: mark[0], top: top} : found;
    }, null);
  }
  function goTo(place, view) {
    var found = place && marks(view.document).find(function (mark) { return mark[0] === place.name; });
    if (found) {
      view.scrollBy(0, found[1].getBoundingClientRect().top - place.top);
    }
  }
  // Folded parts by their titles, of which some occur twice.
  function folded(page) {
    var seen = {};
    return Array.from(page.querySelectorAll('details')).map(function (part) {
      var title = part.querySelector('summary').textContent;
      seen[title] = (seen[title] || 0) + 1;
      return [title + ' ' + seen[title], part];
    });
  }
  function undrawn(view) {
    return Array.from(view.document.querySelectorAll('.chart:empty')).some(function (chart) {
      var box = chart.getBoundingClientRect();
      return box.bottom > 0 && box.top < view.innerHeight;
    });
  }
  function settle(coming, left) {
    var view = coming.contentWindow;
    goTo(placeOf(frame), view);
    if (left > 0 && undrawn(view)) {
      setTimeout(function () { settle(coming, left - 1); }, SETTLE_MS);
      return;
    }
    goTo(placeOf(frame), view);
    coming.classList.remove('coming');
    frame.remove();
    frame = coming;
    loading = false;
    if (wanted) {
      load();
    }
  }
  function load() {
    if (loading) {
      wanted = true;
      return;
    }
    loading = true;
    wanted = false;
    var coming = document.createElement('iframe');
    coming.title = frame.title;
    coming.className = 'coming';
    coming.addEventListener('load', function () {
      var open = new Map(frame.contentDocument ? folded(frame.contentDocument) : []);
      folded(coming.contentDocument).forEach(function (part) {
        part[1].open = open.has(part[0]) && open.get(part[0]).open;
      });
      setTimeout(function () { settle(coming, MOST_SETTLES); }, SETTLE_MS);
    });
    coming.src = '/report';
    element('report').appendChild(coming);
  }

  // The page came with the trials that the log begins with; only later ones change it.
  var pending = 0;
  var seenState = false;
  var source = new EventSource('/events');
  source.addEventListener('trial', function (event) {
    var trial = JSON.parse(event.data);
    trials.delete(trial.id);
    trials.set(trial.id, trial);
    clearTimeout(pending);
    pending = setTimeout(function () {
      showTrials();
      if (seenState && element('reload').checked) {
        load();
      }
      seenState = true;
    }, 200);
  });
  var ran = false;
  source.addEventListener('state', function (event) {
    var state = JSON.parse(event.data);
    showState(state);
    // At the end trials are judged together, and the report is complete.
    if (ran && state.state !== 'running') {
      load();
    }
    ran = state.state === 'running';
    if (!trials.size) {
      seenState = true;
    }
  });
  source.addEventListener('error', function () {
    element('strip').dataset.state = 'lost';
    write('state', 'connection lost, trying again');
  });
})();
