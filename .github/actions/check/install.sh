#!/usr/bin/env bash
# Installs one version of Knapsack, whose tarball has to have the SHA-256 that the workflow states.
set -euo pipefail
: "${KNAPSACK_VERSION:?the input version is missing}" "${KNAPSACK_SHA256:?the input sha256 is missing}"
name=knapsack-$KNAPSACK_VERSION-linux-x86_64
url=${KNAPSACK_URL:-${GITHUB_SERVER_URL:-https://github.com}/${KNAPSACK_REPOSITORY:-}/releases/download/v$KNAPSACK_VERSION/$name.tar.gz}
directory=$RUNNER_TEMP/knapsack-$KNAPSACK_VERSION
mkdir -p "$directory"
curl --fail --silent --show-error --location --retry 3 --output "$directory/$name.tar.gz" "$url"
printf '%s  %s\n' "$KNAPSACK_SHA256" "$directory/$name.tar.gz" | sha256sum --check --strict --quiet
tar -xzf "$directory/$name.tar.gz" -C "$directory"
printf '%s\n' "$directory/$name/bin" >> "$GITHUB_PATH"
"$directory/$name/bin/knapsack" --version
