# What tools/demo, tools/test and tools/bench share; sourced by them, run in the top directory.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$here"

die() {
  echo "ERROR - $1" >&2
  exit "${2:-2}"
}

# install_packages [SCRIPT]: installs those packages of tools/lib/packages that are missing; those that
# only one script needs, for that script alone.
install_packages() {
  local missing=() package only as_root=()
  command -v apt-get >/dev/null || die "there is no apt-get here — hint: install what tools/lib/packages lists, by other means"
  while read -r package only; do
    [[ $package == '#'* || -z $package ]] && continue
    [[ -z $only || $only == "${1:-}" ]] || continue
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done <tools/lib/packages
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "these packages are missing and there is no sudo — hint: as root, apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "INFO - Installing ${missing[*]}" >&2
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)
  { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"; } >&2 ||
    die "apt-get failed" 5
}

# build PRESET [TARGET …]: configures and builds; quiet unless it fails.
build() {
  local preset=$1 targets=() log
  shift
  (($#)) && targets=(--target "$@")
  echo "INFO - Building build/$preset" >&2
  mkdir -p build
  log=build/$preset.log
  { cmake --preset "$preset" && cmake --build --preset "$preset" "${targets[@]}"; } >"$log" 2>&1 && return
  tail -n 60 "$log" >&2
  die "the build failed; all of its output is in $log" 5
}
