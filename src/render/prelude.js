'use strict';
// What the chart libraries expect of a browser and a bare engine lacks. There is no network, no
// file, no document: a specification can read nothing.
var self = globalThis;
var printed = [];  // what libraries say through the console, for the figure being drawn

var console = {};
['log', 'info', 'debug', 'trace'].forEach(function (name) { console[name] = function () {}; });
['warn', 'error'].forEach(function (name) {
  console[name] = function () { printed.push(Array.from(arguments).map(String).join(' ')); };
});

// Timers run in the order of their times, and none of them waits: the clock jumps.
var clock = 0;
var timers = [];
function setTimeout(call, wait) {
  var timer = {id: setTimeout.next++, at: clock + (Number(wait) || 0), call: call,
               args: Array.from(arguments).slice(2)};
  timers.push(timer);
  return timer.id;
}
setTimeout.next = 1;
function clearTimeout(id) {
  timers = timers.filter(function (timer) { return timer.id !== id; });
}
function setInterval() { return 0; }  // for pages that stay open; never called by a drawing
function clearInterval() {}
function runTimers() {
  var due = timers.sort(function (a, b) { return a.at - b.at || a.id - b.id; }).shift();
  if (!due) {
    return false;
  }
  clock = Math.max(clock, due.at);
  due.call.apply(null, due.args);
  return true;
}

var performance = {now: function () { return clock; }};
function structuredClone(value) {
  if (Array.isArray(value)) {
    return value.map(structuredClone);
  }
  if (value === null || typeof value !== 'object' || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(function (entry) {
    return [entry[0], structuredClone(entry[1])];
  }));
}
