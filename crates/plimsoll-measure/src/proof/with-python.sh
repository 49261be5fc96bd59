# Runs a probe with the interpreter that a program of the image runs on.
# $1: the program, $2: the probe, $3: its plan.
python=
case "$1" in
  *python*) python=$1 ;;
  "poetry run" | "uv run" | "pipenv run" | "pdm run") python="$1 python" ;;
  ?*)
    file=$(command -v "$1") && IFS= read -r line <"$file" &&
      case "$line" in "#!"*python*) python=${line#??} ;; esac
    ;;
esac
[ -n "$python" ] || python=$(command -v python3 || command -v python) || exit 127
exec $python -c "$2" "$3"
