# To be sourced from the repository's folder: packs the built package as $work/rx-happy-eyeballs.tgz, in a folder that goes with the script.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm pack --ignore-scripts --loglevel=error --pack-destination "$work" >/dev/null
mv "$work"/*.tgz "$work/rx-happy-eyeballs.tgz"
