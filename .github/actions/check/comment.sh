#!/usr/bin/env bash
# States what a pull request changes in the lock: in the job's summary, and as one comment that later runs rewrite.
set -euo pipefail
lock=${KNAPSACK_MANIFEST%.toml}.lock
base=$RUNNER_TEMP/base.lock
body=$RUNNER_TEMP/diff.md
git cat-file -e "$KNAPSACK_BASE^{commit}" 2> /dev/null || git fetch --quiet --depth 1 origin "$KNAPSACK_BASE"
if ! git show "$KNAPSACK_BASE:./$lock" > "$base" 2> /dev/null; then
    printf '%s is new: there is nothing to compare it with\n' "$lock"
    exit 0
fi
# The first line is how the comment is found again: other jobs write under the same name.
printf '<!-- knapsack check: %s -->\n' "$lock" > "$body"
status=0
knapsack diff "$base" "$lock" --format markdown >> "$body" || status=$?
# 1 states that there are differences, which are no failure of the job.
case $status in
    0) printf '%s is as it was\n' "$lock" ;;
    1) cat "$body" >> "$GITHUB_STEP_SUMMARY" ;;
    *) exit "$status" ;;
esac

comments=repos/$GITHUB_REPOSITORY/issues/${KNAPSACK_PULL_REQUEST##*/}/comments
write() {
    local mark ids id
    mark=$(head -n 1 "$body")
    ids=$(MARK=$mark gh api "$comments" --paginate \
        --jq '.[] | select(.user.type == "Bot" and (.body | startswith(env.MARK))) | .id') || return
    id=${ids%%$'\n'*}
    if [ -n "$id" ]; then
        gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$body"
    elif [ "$status" -eq 1 ]; then
        gh api --silent --method POST "$comments" --field "body=@$body"
    fi
}
# The token of a pull request from a fork may not write, whatever the workflow states.
write || printf '::warning::the comment could not be written; the job summary has what changed\n'
