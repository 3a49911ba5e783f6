import ArgumentParser
import Formats

/// What was probably meant by a word in the place of a subcommand.
enum CommandSuggestion {
    /// The message for a command line whose first words name no command; `nil` if they name one, or begin with an
    /// option, or the command takes other words there.
    static func problem(_ arguments: [String]) -> String? {
        var words = arguments[...]
        let isHelp = words.first == "help"
        if isHelp { words = words.dropFirst() }
        var command: any ParsableCommand.Type = Knapsack.self
        var path = ["knapsack"]
        while let word = words.first, !word.hasPrefix("-") {
            let known = command.configuration.subcommands
            guard !known.isEmpty else { return nil }
            if let next = known.first(where: { $0._commandName == word }) {
                (command, words) = (next, words.dropFirst())
                path.append(word)
                continue
            }
            var names = known.map { $0._commandName } + (path.count == 1 ? ["help"] : [])
            if isHelp, path.count == 1 { names += [HelpTopic.list] }
            if names.contains(word) { return nil }
            let fix =
                Suggestion.nearest(
                    to: word, among: names + (isHelp && path.count == 1 ? HelpTopic.names : [])
                ).map { "did you mean \"\($0)\"?" }
                ?? "the commands are: \(names.joined(separator: ", "))"
            let shown = DiagnosticText.printable(word)
            return "\(path.joined(separator: " ")) has no command \"\(shown)\"; \(fix)"
        }
        return nil
    }
}
