import ArgumentParser
import Caches
import Conversion
import Formats
import Manifests
import ModelFacts

/// `knapsack list`
struct ListCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show what the caches hold, and whether it is complete.",
        usage: "knapsack list [<options>]",
        discussion: """
            Reads names, sizes, cards and headers; no content is hashed.

            Examples:
              knapsack list
              knapsack list --framework gguf --search qwen
              knapsack list --license apache-2.0 --json
              knapsack list --verbose   # with what is wrong, and what to do
            """)

    /// Which caches are looked into.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Only models of this framework or format, if given.
    @Option(help: ArgumentHelp("Only models of this framework or format.", valueName: "name"))
    var framework: String?

    /// Only models under this licence, if given.
    @Option(help: ArgumentHelp("Only models under this licence.", valueName: "id"))
    var license: String?

    /// Only models with this tag on their card, if given.
    @Option(help: ArgumentHelp("Only models whose card has this tag.", valueName: "tag"))
    var tag: String?

    /// Only models with this text in their name, if given.
    @Option(help: ArgumentHelp("Only models with this text in their name.", valueName: "text"))
    var search: String?

    /// Prints what the caches hold; that a model is incomplete is no finding here. Exit code 2 where a cache
    /// cannot be looked at.
    func execute(_ session: Session) async throws {
        var filter = Catalog.Filter()
        filter.framework = framework
        filter.license = license
        filter.tag = tag
        filter.search = search
        try cacheOptions.requirePresent(session.context)
        let caches = cacheOptions.caches(session.context)
        let catalog = Catalog.scan(caches, filter: filter)
        session.report(catalog.problems.filter { $0.severity != .error || $0.verdict == .undecided })
        session.add("models", .array(catalog.items.map(\.json)))
        if session.json { return }
        guard !catalog.items.isEmpty else {
            return session.say(
                "nothing found in \(caches.hub.root) and \(caches.kagglehub.root)")
        }
        session.context.writeOutput(table(catalog.items).text(width: session.context.terminal.tableWidth))
        if session.verbose {
            let painter = DiagnosticText(terminal: session.context.terminal)
            for finding in catalog.items.flatMap(\.findings) {
                session.context.writeError(painter.text(finding))
            }
        } else if catalog.items.contains(where: { !$0.isComplete }) {
            session.say("knapsack list --verbose states what is wrong, and what to do")
        }
    }

    private func table(_ items: [Catalog.Item]) -> Table {
        Table(
            [
                .init(title: "NAME", canShrink: true, least: 30),
                .init(title: "REVISION", canShrink: true, dropRank: 1),
                .init(title: "FILES", isNumber: true, dropRank: 4), .init(title: "SIZE", isNumber: true),
                .init(title: "FORMAT", dropRank: 3), .init(title: "DTYPE", dropRank: 5),
                .init(title: "PARAMS", isNumber: true, dropRank: 2),
                .init(title: "LICENCE", canShrink: true), .init(title: "STATE"),
            ], rows: items.map(\.row))
    }
}

extension Catalog.Item {
    /// The cells of the table.
    fileprivate var row: [String] {
        let short = String(revision.prefix(10))
        let shownName = kind == "model" ? name : "\(kind) \(name)"
        return [
            cache == "huggingface" ? shownName : "\(cache): \(shownName)",
            inventory.refs.isEmpty ? short : "\(inventory.refs[0]) \(short)",
            "\(inventory.snapshot.files.count)", ByteCount.text(inventory.size),
            facts.formats.first.map(\.rawValue) ?? "-", dtype,
            facts.parameters.map(ParameterText.text) ?? "-", facts.license ?? "unknown", state,
        ]
    }

    /// The type of most of the weights; what quantized them where their own type reports nothing.
    private var dtype: String {
        if let quantization = facts.quantization, quantization.method != "gguf" { return quantization.method }
        return facts.dtypes.first ?? facts.weightBytes.first?.dtype ?? "-"
    }

    private var state: String {
        let errors = findings.filter { $0.severity == .error }
        if let first = errors.first { return errors.count == 1 ? first.code.rawValue : "\(first.code), …" }
        return findings.contains { $0.severity == .warning } ? "complete, warnings" : "complete"
    }

    /// The record of `--json`.
    fileprivate var json: JSON {
        func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
        return [
            "name": .string(name), "kind": .string(kind), "cache": .string(cache),
            "source": .string(source.text), "revision": .string(revision),
            "refs": .array(inventory.refs.map(JSON.string)),
            "directory": .string(inventory.snapshot.directory),
            "files": .integer(inventory.snapshot.files.count), "size": .integer(inventory.size),
            "formats": .array(facts.formats.map { .string($0.rawValue) }),
            "frameworks": .array(facts.frameworks.map(JSON.string)),
            "dtypes": .array(facts.dtypes.map(JSON.string)),
            "parameters": facts.parameters.map(JSON.integer) ?? .null,
            "quantization": facts.quantization.map { quantization in
                [
                    "method": .string(quantization.method), "format": optional(quantization.format),
                    "bits": quantization.bits.map(JSON.integer) ?? .null,
                ]
            } ?? .null,
            "license": optional(facts.license),
            "base_models": .array((facts.card?.baseModels ?? []).map(JSON.string)),
            "library": optional(facts.card?.library),
            "pipeline_tag": optional(facts.card?.pipelineTag),
            "tags": .array((facts.card?.tags ?? []).map(JSON.string)),
            "model_type": optional(facts.config?.modelType), "complete": .bool(isComplete),
            "findings": .array(findings.map(\.json)),
        ]
    }
}
