#!/usr/bin/env bash
# States what a pull request changes in the lock: in the job's summary, and as one comment that later runs rewrite.
set -euo pipefail
lock=${KNAPSACK_MANIFEST%.toml}.lock
base=$RUNNER_TEMP/base.lock
git cat-file -e "$KNAPSACK_BASE^{commit}" 2> /dev/null || git fetch --quiet --depth 1 origin "$KNAPSACK_BASE"
if ! git show "$KNAPSACK_BASE:./$lock" > "$base" 2> /dev/null; then
    printf '%s is new: there is nothing to compare it with\n' "$lock"
    exit 0
fi
status=0
knapsack diff "$base" "$lock" --format markdown > "$RUNNER_TEMP/diff.md" || status=$?
# 1 states that there are differences, which are no failure of the job.
case $status in
    0) printf '%s is as it was\n' "$lock"; exit 0 ;;
    1) ;;
    *) exit "$status" ;;
esac
cat "$RUNNER_TEMP/diff.md" >> "$GITHUB_STEP_SUMMARY"
gh pr comment "$KNAPSACK_PULL_REQUEST" --edit-last --create-if-none --body-file "$RUNNER_TEMP/diff.md"
