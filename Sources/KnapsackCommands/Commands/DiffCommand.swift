import ArgumentParser
import Bundling
import Tensors

/// `knapsack diff`
struct DiffCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say in words what changed between two locks.",
        discussion: """
            Compares weights tensor by tensor where the locks know them: the same weights in other shards \
            are told from changed ones. Exit code 0: nothing changed; 1: something did.

            Examples:
              knapsack diff old.lock new.lock
              git show main:models.lock > /tmp/main.lock && knapsack diff /tmp/main.lock models.lock
            """)

    @Argument(help: "A lock.", completion: .file(extensions: ["lock"]))
    var old: String

    @Argument(help: "Another lock.", completion: .file(extensions: ["lock"]))
    var new: String

    @OptionGroup var output: OutputOptions

    func execute(_ session: Session) async throws {
        let difference = LockDifference(from: try Lock.read(old), to: try Lock.read(new))
        session.add("bundle", .array(difference.bundle.map(JSON.string)))
        session.add(
            "entries",
            .array(
                difference.entries.map { entry in
                    [
                        "name": .string(entry.name), "change": .string(entry.change.rawValue),
                        "details": .array(entry.details.map(JSON.string)),
                    ]
                }))
        guard !difference.isEmpty else { return session.say("nothing changed") }
        var text = difference.bundle.map { "[bundle] \($0)\n" }.joined()
        for entry in difference.entries {
            text += "\(entry.name): \(entry.change.rawValue)\n"
            for detail in entry.details { text += "  \(detail)\n" }
        }
        if !session.json { session.context.writeOutput(DiagnosticText.printable(text)) }
        session.differs()
    }
}
