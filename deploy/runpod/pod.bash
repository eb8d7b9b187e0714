# Sourced by run-study: everything that is said to RunPod.
# shellcheck shell=bash
# The syntax is that of runpodctl 2.3 and later (read in the source of 2.7.2): noun before verb,
# JSON on standard output, `pod create --stop-after`. Versions 1.x (`create pod --gpuType`) are
# refused.
# Variables are shared with run-study.
# shellcheck disable=SC2034,SC2154

remove_attempts=10

utc() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }

# The command that rents the pod, in the array create_command.
make_create_command() {
  create_command=(runpodctl pod create --name "$pod_name" --image "$image" --gpu-id "$gpu"
    --gpu-count 1 --cloud-type "$cloud" --container-disk-in-gb "$container_disk_gb"
    --volume-mount-path /workspace --ports 22/tcp --min-cuda-version "$min_cuda"
    --stop-after "$(utc "$deadline")" --terminate-after "$(utc "$delete_at")")
  if [[ -n $network_volume ]]; then
    create_command+=(--network-volume-id "$network_volume")
  else
    create_command+=(--volume-in-gb "$volume_gb")
  fi
  [[ -z $data_center ]] || create_command+=(--data-center-ids "$data_center")
}

# What would otherwise be found out when the pod is paid for.
check_this_machine() {
  local tool
  for tool in runpodctl ssh git tar python3 timeout; do
    command -v "$tool" >/dev/null || fail "$tool is not on PATH"
  done
  git -C "$repository" rev-parse --git-dir >/dev/null 2>&1 ||
    fail "$repository is no git checkout, so what to copy is not known"
  runpodctl pod create --help 2>&1 | grep -e --stop-after >/dev/null ||
    fail "$(command -v runpodctl) is too old: 2.3 or later is needed (runpodctl update)"
  if [[ -z ${RUNPOD_API_KEY-} && ! -f $HOME/.runpod/config.toml ]]; then
    fail "no API key: export RUNPOD_API_KEY=..., or run: runpodctl doctor"
  fi
  timeout 60 runpodctl pod list --all >/dev/null ||
    fail "RunPod does not answer, or does not know this API key (see above)"
  [[ -z $ssh_key || -f $ssh_key ]] || fail "there is no key file $ssh_key"
  [[ -n ${HF_TOKEN-} ]] || say "HF_TOKEN is not set: gated models cannot be fetched"
}

# Signals wait until RunPod has answered: a request that is cut off may still have made a pod.
create_pod() {
  make_create_command
  say "renting: $(printf '%q ' "${create_command[@]}")"
  create_tried=yes
  local status=0
  (
    trap '' HUP INT QUIT TERM
    exec timeout 180 "${create_command[@]}"
  ) >"$work/created" || status=$?
  ((status == 0)) || fail "the pod could not be created (runpodctl ended with status $status)"
  pod_id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' <"$work/created") ||
    fail "runpodctl's answer names no pod: $(head -c 500 "$work/created")"
  say "pod $pod_id: $(python3 -c 'import json, sys
pod = json.load(sys.stdin)
print("{} dollars an hour, {:.2f} at most".format(
    pod.get("costPerHr"), (pod.get("costPerHr") or 0) * int(sys.argv[1])))' \
    "$max_hours" <"$work/created")"
}

# pods_json: every pod of the account, stopped ones too. Bounded, and tried a few times.
pods_json() {
  local attempt
  for attempt in 1 2 3 4 5; do
    if timeout 60 runpodctl pod list --all >"$work/pods"; then return 0; fi
    ((attempt == 5)) || sleep "$poll_seconds"
  done
  return 1
}

# The pods that create_pod made, one a line: the one it was told of, else those of that name. A new
# pod may be missing from the list for a moment, so an empty list is asked for again.
ids_of_created_pod() {
  local attempt ids
  if [[ -n $pod_id ]]; then
    printf '%s\n' "$pod_id"
    return 0
  fi
  for attempt in 1 2 3; do
    pods_json || return 1
    ids=$(python3 -c 'import json, sys
for pod in json.load(sys.stdin):
    if pod["name"] == sys.argv[1]:
        print(pod["id"])' "$pod_name" <"$work/pods") || return 1
    if [[ -n $ids ]]; then break; fi
    ((attempt == 3)) || sleep "$poll_seconds"
  done
  printf '%s\n' "$ids"
}

# pod_state ID: running, stopped or gone, by the list; fails when that cannot be had.
pod_state() {
  pods_json || return 1
  python3 -c 'import json, sys
status = [pod["desiredStatus"] for pod in json.load(sys.stdin) if pod["id"] == sys.argv[1]]
known = {"EXITED": "stopped", "TERMINATED": "gone"}
print(known.get(status[0], "running") if status else "gone")' "$1" <"$work/pods"
}

# try_to ACTION ID STATES: asks for it until the pod is in one of STATES. True when it is.
try_to() {
  local action=$1 id=$2 states=$3 attempt state
  for ((attempt = 1; attempt <= remove_attempts; attempt++)); do
    timeout 60 runpodctl pod "$action" "$id" >/dev/null ||
      say "pod $action $id failed (attempt $attempt of $remove_attempts)"
    if state=$(pod_state "$id") && [[ " $states " == *" $state "* ]]; then
      say "pod $id: $state"
      return 0
    fi
    ((attempt == remove_attempts)) || sleep "$poll_seconds"
  done
  return 1
}

# remove_pod ID delete|stop: never leaves a running pod in silence. A pod that cannot be deleted is
# stopped; one that holds results which were not fetched is stopped and not deleted.
remove_pod() {
  local id=$1 wanted=$2
  if [[ $wanted == delete ]]; then
    if try_to delete "$id" gone; then return 0; fi
    if try_to stop "$id" "stopped gone"; then
      shout "POD $id IS STOPPED BUT NOT DELETED. Its disk still costs money." \
        "runpodctl pod delete $id"
      return 1
    fi
  elif try_to stop "$id" "stopped gone"; then
    say "pod $id is stopped, not deleted: it holds results that are not on this machine."
    say "  to get them:  runpodctl pod start $id; runpodctl ssh info $id   (/workspace/results)"
    say "  then:         runpodctl pod delete $id   (its disk costs money until then)"
    return 0
  fi
  shout "POD $id COULD NOT BE STOPPED. IT IS STILL RUNNING AND COSTS MONEY." \
    "runpodctl pod delete $id" "or by hand: https://console.runpod.io/pods"
  return 1
}

# shout TEXT COMMAND...: what nobody may overlook.
shout() {
  local rule='######################################################################'
  printf '\n%s\n#\n#  %s\n#\n' "$rule" "$1" >&2
  shift
  printf '#      %s\n' "$@" >&2
  printf '#\n%s\n' "$rule" >&2
}
