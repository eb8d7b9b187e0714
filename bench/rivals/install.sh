#!/usr/bin/env bash
# Makes a Python environment for each rival named, under .cache/rivals/NAME, from
# bench/rivals/requirements/NAME.txt. Usage: install.sh NAME... ; without a name, lists them.
# PYTHON picks the interpreter (3.12 is what the pinned versions were chosen for).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
if [ $# -eq 0 ]; then
  find "$here/requirements" -name '*.txt' -printf '%f\n' | sed 's/\.txt$//' | sort
  exit 0
fi
for name in "$@"; do
  list=$here/requirements/$name.txt
  if [ ! -f "$list" ]; then
    echo "install.sh: $name: no such rival; without arguments it lists them" >&2
    exit 2
  fi
  environment=$root/.cache/rivals/$name
  "$python" -m venv "$environment"
  if grep -q '^# beside vllm' "$list"; then
    for packages in "$root"/.cache/rivals/vllm/lib/python*/site-packages; do
      [ -d "$packages" ] || { echo "install.sh: $name: install vllm first" >&2; exit 2; }
      echo "$packages" > "$("$environment/bin/python" -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))')/vllm.pth"
    done
  fi
  # SGLang's own dependencies are a whole engine; its bench client needs only the few in the list.
  if grep -q '^# no-deps' "$list"; then
    "$environment/bin/pip" install --quiet --no-deps -r <(sed -n '/^# no-deps/,$p' "$list")
    "$environment/bin/pip" install --quiet -r <(sed '/^# no-deps/,$d' "$list")
  else
    "$environment/bin/pip" install --quiet -r "$list"
  fi
  echo "$environment"
done
