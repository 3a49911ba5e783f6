import Formats
import Pages

/// `knapsack help TOPIC`: a page of the documentation, offline.
struct HelpTopic {
    /// What is printed, with a newline at the end.
    let text: String

    /// The name of the page that `docs/README.md` is.
    static let start = "start"
    /// The word that lists them all.
    static let list = "topics"

    /// The names of all topics, sorted by their bytes.
    static var names: [String] {
        Pages.all.map { name(of: $0) }.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// The page that a command line asks for; `nil` if it asks for something else. A page that is called like a
    /// command needs the file's ending: `help lock` is the command, `help lock.md` the page.
    init?(_ arguments: [String], commands: [String], width: Int) {
        guard arguments.count == 2, arguments[0] == "help" else { return nil }
        let word = arguments[1]
        if word == Self.list {
            text = Self.table(commands: commands, width: width)
            return
        }
        let isFile = word.hasSuffix(".md")
        let topic = isFile ? String(word.dropLast(3)) : word
        guard isFile || !commands.contains(topic) else { return nil }
        guard
            let page = Pages.all.first(where: { Self.name(of: $0) == topic || (isFile && $0.name == topic) })
        else { return nil }
        text = PageText(page.text, width: min(width, 100)).text
    }

    private static func name(of page: Page) -> String { page.name == "README" ? start : page.name }

    /// Every topic with the heading of its page.
    private static func table(commands: [String], width: Int) -> String {
        let rows = names.compactMap { name -> [String]? in
            guard let page = Pages.all.first(where: { Self.name(of: $0) == name }) else { return nil }
            let heading = page.text.split(separator: "\n", maxSplits: 1).first ?? ""
            return [
                commands.contains(name) ? name + ".md" : name,
                String(heading.drop { $0 == "#" || $0 == " " }),
            ]
        }
        return Table([.init(title: "TOPIC"), .init(title: "PAGE", canShrink: true)], rows: rows).text(
            width: width)
            + "knapsack help TOPIC shows a page, knapsack help COMMAND the options of a command\n"
    }
}
