'use strict';
// The one place that knows what a figure's size means. The page and the renderer both run it.

// Replaces every {"$target": {"col1": A, "col2": B, "web": C}} in a specification by the member
// that `target` names. A specification without any comes back equal.
function resolveTarget(spec, target) {
  if (Array.isArray(spec)) {
    return spec.map(function (part) { return resolveTarget(part, target); });
  }
  if (spec === null || typeof spec !== 'object') {
    return spec;
  }
  if (Object.prototype.hasOwnProperty.call(spec, '$target')) {
    var choices = spec.$target;
    if (choices === null || typeof choices !== 'object' ||
        !Object.prototype.hasOwnProperty.call(choices, target)) {
      throw new Error('a $target of the specification has no "' + target + '"');
    }
    return resolveTarget(choices[target], target);
  }
  return Object.fromEntries(Object.entries(spec).map(function (entry) {
    return [entry[0], resolveTarget(entry[1], target)];
  }));
}
