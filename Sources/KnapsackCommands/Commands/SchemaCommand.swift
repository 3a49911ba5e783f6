import ArgumentParser
import Formats
import Manifests

/// `knapsack schema`
struct SchemaCommand: ParsableCommand {
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
        case manifest, lock
    }

    @Argument(help: "manifest or lock.")
    var subject: Subject

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
