#!/usr/bin/env bash
# Runs the check with annotations and, if it is asked for, writes SARIF. Its exit code is that of the check.
set -uo pipefail
if [ -n "${KNAPSACK_SARIF:-}" ]; then
    # A finding is no reason to have no document: what the exit code states, the check below states, too.
    knapsack check "$KNAPSACK_MANIFEST" --format sarif --quiet > "$KNAPSACK_SARIF"
    printf 'sarif=%s\n' "$KNAPSACK_SARIF" >> "$GITHUB_OUTPUT"
fi
knapsack check "$KNAPSACK_MANIFEST" --format github
