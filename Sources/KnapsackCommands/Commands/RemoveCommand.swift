import ArgumentParser
import Formats
import Manifests

/// `knapsack remove`
struct RemoveCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take entries out of the manifest, and keep everything else in it.",
        usage: "knapsack remove <name> ... [<options>]",
        discussion: """
            The comments directly above and below an entry go with it. An entry that another one is made from \
            stays until that one is removed, too.

            Examples:
              knapsack remove qwen
              knapsack remove gemma gemma-q4 --manifest models.toml
            """)

    @Argument(help: "The names of the entries.", completion: Completions.entries)
    var names: [String]

    @OptionGroup var edited: EditedManifest
    @OptionGroup var output: OutputOptions

    var subject: String? { edited.path }

    func execute(_ session: Session) async throws {
        let manifest = try edited.existing()
        try edited.write(manifest.removing(names))
        session.add("manifest", .string(edited.path))
        session.add("removed", .array(names.map(JSON.string)))
        session.say("removed from \(edited.path): \(names.joined(separator: ", "))")
    }
}
