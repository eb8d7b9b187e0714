# Sourced by run-study: everything that is said to the pod itself, by ssh. `runpodctl send` is no
# way here: it needs a person, or another program, to type its code on the pod.
# shellcheck shell=bash
# Variables are shared with run-study.
# shellcheck disable=SC2154

# Where things lie on the pod. /workspace is the volume; a stopped pod keeps nothing else.
remote_checkout=/workspace/tokamark
# So many looks in a row may fail before the pod is given up: five minutes, by default.
lost_after=30
# How long tokamark gets to write what it measured, and results to travel.
end_run_s=240
fetch_s=3600

# pause: one pause between two looks, which a signal ends at once.
pause() {
  sleep "$poll_seconds" &
  child=$!
  wait "$child" || true
  child=
}

# bounded SECONDS INPUT OUTPUT COMMAND...: as a child that a signal's handler can end.
bounded() {
  local seconds=$1 input=$2 output_file=$3 status=0
  shift 3
  timeout --kill-after=5 "$seconds" "$@" <"$input" >"$output_file" &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}

# The ssh command, in the array ssh_command. The pod's host key is new each time, so it cannot be
# known before: it is taken on the first call, and held to for the others.
make_ssh_command() {
  local host=$1 port=$2 key=$3
  ssh_command=(ssh -p "$port" -o BatchMode=yes -o ConnectTimeout=15 -o LogLevel=ERROR
    -o ServerAliveInterval=15 -o ServerAliveCountMax=8
    -o StrictHostKeyChecking=accept-new -o "UserKnownHostsFile=${work-WORK}/known_hosts")
  [[ -z $key ]] || ssh_command+=(-i "$key")
  ssh_command+=("root@$host")
}

# on_pod_line WORD...: the line that calls on-pod there, quoted for the remote shell.
on_pod_line() {
  printf 'cd %q && exec bash deploy/runpod/on-pod' "$remote_checkout"
  printf ' %q' "$@"
}

# Waits until the pod has an address and its sshd answers.
wait_for_pod() {
  local give_up=$((SECONDS + start_timeout)) wanted host port key answers
  say "waiting for pod $pod_id"
  while true; do
    if bounded 60 /dev/null "$work/pod" runpodctl pod get "$pod_id" &&
      answers=$(python3 -c 'import json, sys
pod = json.load(sys.stdin)
ssh = pod.get("ssh") or {}
key = ssh.get("ssh_key") or {}
print(pod.get("desiredStatus", "-"), ssh.get("ip", "-"), ssh.get("port", "-"),
      key.get("path", "") if key.get("exists") else "")' <"$work/pod"); then
      read -r wanted host port key <<<"$answers"
      [[ $wanted != EXITED && $wanted != TERMINATED ]] ||
        fail "pod $pod_id has ended by itself; its log: https://console.runpod.io/pods"
      make_ssh_command "$host" "$port" "${ssh_key:-$key}"
      if [[ $host != - ]] && bounded 40 /dev/null "$work/answer" "${ssh_command[@]}" true; then
        address=$host:$port
        say "pod $pod_id answers at $address"
        return 0
      fi
    fi
    ((SECONDS < give_up)) ||
      fail "pod $pod_id did not answer by ssh within $start_timeout s (has the image an sshd, and" \
        "does the account know your key? runpodctl doctor)"
    pause
  done
}

# From here on the pod stops itself. Before anything else, so that nothing comes in between.
start_pod_timer() {
  local left=$((deadline - $(date +%s)))
  if bounded 60 "$repository/deploy/runpod/on-pod" "$work/answer" \
    "${ssh_command[@]}" "bash -s -- timer $left $pod_id"; then
    say "the pod stops itself in $left s, whatever happens here"
    return 0
  fi
  [[ $pod_timer == no ]] ||
    fail "the pod cannot stop itself; --without-pod-timer goes on without (see --help)"
  say "warning: the pod cannot stop itself; RunPod is to stop it at $(utc "$deadline")"
}

# Tracked files and untracked ones, as they are now; what git ignores stays here.
copy_checkout() {
  say "copying this checkout to the pod"
  (
    cd "$repository" || exit 1
    git ls-files -z --cached --others --exclude-standard |
      while IFS= read -r -d '' file; do
        if [[ -e $file ]]; then printf '%s\0' "$file"; fi
      done |
      tar --null --files-from=- -czf "$work/checkout.tar.gz"
  )
  bounded 900 "$work/checkout.tar.gz" "$work/answer" "${ssh_command[@]}" \
    "mkdir -p $remote_checkout && tar -xzf - -C $remote_checkout" ||
    fail "the checkout could not be copied to the pod"
}

# begin_job JOB: starts it on the pod, where it goes on without this connection. The token goes
# through standard input: not on a command line, not into a file.
begin_job() {
  local attempt
  for attempt in 1 2 3; do
    if bounded 60 <(printf '%s\n' "${HF_TOKEN-}") "$work/answer" \
      "${ssh_command[@]}" "$(on_pod_line begin "$1" "$study" "$name")"; then
      return 0
    fi
    ((attempt == 3)) || pause
  done
  return 1
}

# run_job JOB: one step of the study, with its output; ends this program with the step's status
# when that is not 0. Short failures of the network do no harm.
run_job() {
  local job=$1 offset=0 lost=0 state status log=$output/$name.logs/$1.log
  say "== $job"
  begin_job "$job" || fail "$job could not be started on the pod"
  while true; do
    if bounded 60 /dev/null "$work/news" \
      "${ssh_command[@]}" "$(on_pod_line poll "$job" "$offset")"; then
      lost=0
      head -n -1 "$work/news" | tee -a "$log"
      read -r state status offset < <(tail -n 1 "$work/news")
      if [[ $state == ended ]]; then break; fi
      # More may be waiting than one answer holds.
      if [[ $state == more ]]; then continue; fi
    else
      lost=$((lost + 1))
      ((lost < lost_after)) || fail "the pod has not answered $lost times in a row"
    fi
    (($(date +%s) < deadline - margin)) || fail "--max-hours $max_hours is nearly over"
    pause
  done
  if [[ $status == 0 ]]; then return 0; fi
  say "$job ended with status $status; what it printed: $log" >&2
  exit "$status"
}

# A study that still runs is interrupted once, so that tokamark writes what it has measured.
end_run() {
  timeout --kill-after=5 "$end_run_s" "${ssh_command[@]}" \
    "$(on_pod_line interrupt run $((end_run_s - 40)))" </dev/null ||
    say "the study on the pod could not be ended in good order"
}

# What there is of the results, in OUTPUT/NAME; tried a few times.
fetch_results() {
  local attempt
  for attempt in 1 2 3; do
    if timeout --kill-after=5 "$fetch_s" "${ssh_command[@]}" \
      "$(on_pod_line results "$name")" </dev/null | tar -xzf - -C "$output"; then
      say "results: $output/$name   (logs: $output/$name.logs)"
      return 0
    fi
    ((attempt == 3)) || sleep "$poll_seconds"
  done
  return 1
}

# For --dry-run: every command that would be called, in its order.
show_plan() {
  local job
  make_create_command
  make_ssh_command HOST PORT "$ssh_key"
  printf '%q ' "${create_command[@]}"
  printf '\nrunpodctl pod get POD   # until it has an address\n'
  printf '%q ' "${ssh_command[@]}"
  printf '"bash -s -- timer SECONDS POD" < deploy/runpod/on-pod\n'
  printf 'ssh ... "tar -xzf - -C %s" < THIS-CHECKOUT\n' "$remote_checkout"
  for job in build setup fetch doctor run; do
    printf 'ssh ... "%s"   # %s\n' "$(on_pod_line begin "$job" "$study" "$name")" \
      "$(bash "$repository/deploy/runpod/on-pod" show "$job" "$study" "$name")"
  done
  printf 'ssh ... "%s" | tar -xzf - -C %q\n' "$(on_pod_line results "$name")" "$output"
  printf "runpodctl pod delete POD   # until 'runpodctl pod list --all' shows it gone\\n"
}
