import ArgumentParser
import Formats
import Manifests

/// `knapsack remove`
struct RemoveCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take entries out of the manifest, and keep everything else in it.",
        usage: "knapsack remove <name> ... [<options>]",
        discussion: """
            The comments directly above and below an entry go with it; one directly above the next entry stays. \
            An entry that another one is made from stays until that one is removed, too.

            Examples:
              knapsack remove qwen
              knapsack remove gemma gemma-q4 --manifest models.toml
            """)

    /// The names of the entries to remove.
    @Argument(help: "The names of the entries.", completion: Completions.entries)
    var names: [String]

    /// Which manifest loses them.
    @OptionGroup var edited: EditedManifest
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var subject: String? { edited.path }

    /// Writes the manifest without the entries, all of it or nothing. Exit code 2 where one that stays is
    /// made from one of them.
    func execute(_ session: Session) async throws {
        let manifest = try edited.existing()
        try edited.write(manifest.removing(names))
        session.add("manifest", .string(edited.path))
        session.add("removed", .array(names.map(JSON.string)))
        session.say("removed from \(edited.path): \(names.joined(separator: ", "))")
    }
}
