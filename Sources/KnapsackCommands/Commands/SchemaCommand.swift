import ArgumentParser
import Formats
import Manifests

/// `knapsack schema`
struct SchemaCommand: ParsableCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the manifest or of the lock.",
        discussion: """
            Editors complete and check manifests by it (Even Better TOML, taplo).

            Examples:
              knapsack schema manifest > knapsack.schema.json
              knapsack schema lock
            """)

    /// What the schema is of.
    enum Subject: String, ExpressibleByArgument, CaseIterable {
        /// What people write, and what `knapsack lock` makes of it.
        case manifest, lock
    }

    /// Which of both schemas is printed.
    @Argument(help: "manifest or lock.")
    var subject: Subject

    /// Prints the schema, and needs no file; exit code 0.
    func run() throws {
        CommandContext.process().writeOutput(text)
    }

    /// The schema, with a newline at the end.
    var text: String {
        let schema =
            switch subject {
            case .manifest: ManifestSchema.jsonSchema()
            case .lock: LockSchema.jsonSchema()
            }
        return schema.prettyText + "\n"
    }
}
