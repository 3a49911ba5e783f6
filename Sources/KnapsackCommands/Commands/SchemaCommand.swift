import ArgumentParser
import Bundling
import Tensors

/// `knapsack schema`
struct SchemaCommand: KnapsackCommand {
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

    @Flag(name: [.short, .long], help: .hidden) var quiet = false
    @Flag(name: .long, help: .hidden) var json = false

    var output: OutputOptions { OutputOptions() }

    func execute(_ session: Session) async throws {
        let schema =
            switch subject {
            case .manifest: ManifestSchema.jsonSchema()
            case .lock: LockSchema.jsonSchema()
            }
        session.context.writeOutput(schema.prettyText + "\n")
    }
}
