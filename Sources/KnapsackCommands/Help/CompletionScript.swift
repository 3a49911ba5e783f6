import ArgumentParser

/// `knapsack --generate-completion-script bash`: the script of ArgumentParser, which here takes sources as whole words.
enum CompletionScript {
    /// The script that the arguments ask for; `nil` if they ask for something else, or for one that needs no addition.
    static func asked(in arguments: [String]) -> String? {
        let option = "--generate-completion-script"
        let shell =
            switch arguments.count {
            case 1 where arguments[0].hasPrefix(option + "="):
                String(arguments[0].dropFirst(option.count + 1))
            case 2 where arguments[0] == option: arguments[1]
            default: ""
            }
        return shell == CompletionShell.bash.rawValue
            ? Knapsack.completionScript(for: .bash) + "\n" + wholeWords : nil
    }

    /// bash ends a word at each colon (COMP_WORDBREAKS), and sources such as hf:ORG/NAME have some. The words are put
    /// together again, and of what is offered that part is left out which bash takes for words of their own.
    private static let wholeWords = """
        _knapsack_whole_words() {
            local -a words=()
            local -i index current=0
            local word space rest="${COMP_LINE}" joins=false
            for index in "${!COMP_WORDS[@]}"; do
                word="${COMP_WORDS[index]}"
                space="${rest%%[![:space:]]*}"
                rest="${rest:${#space}}"
                rest="${rest:${#word}}"
                if [[ "${index}" -gt 0 && -z "${space}" ]] && { "${joins}" || [[ "${word}" == :* ]]; }; then
                    words[${#words[@]}-1]+="${word}"
                else
                    words+=("${word}")
                fi
                joins=false
                [[ "${word}" == *: ]] && joins=true
                [[ "${index}" -eq "${COMP_CWORD}" ]] && current=$((${#words[@]} - 1))
            done
            local -a COMP_WORDS=("${words[@]}")
            local -i COMP_CWORD="${current}"
            local whole="${COMP_WORDS[COMP_CWORD]}"
            _knapsack "${1}" "${whole}" "${COMP_WORDS[COMP_CWORD-1]}"
            local colon=
            [[ "${whole}" == *:* ]] && colon="${whole%"${whole##*:}"}"
            COMPREPLY=("${COMPREPLY[@]#"${colon}"}")
            # Sources are shown whole, and their colons need no backslash.
            [[ "${COMPREPLY[*]}${colon}" == *:* ]] && compopt +o filenames 2> /dev/null
            return 0
        }

        complete -o filenames -F _knapsack_whole_words knapsack

        """
}
