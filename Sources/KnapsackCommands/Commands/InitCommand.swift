import ArgumentParser
import Formats
import Manifests
import ModelFacts
import Storage

/// `knapsack init`
struct InitCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a starter manifest from what the caches hold.",
        usage: "knapsack init [<manifest>] [<options>]",
        discussion: """
            Every complete model in the caches becomes an entry; delete what you do not need. An existing \
            file is never overwritten.

            Examples:
              knapsack init              # writes knapsack.toml
              knapsack init aimo3.toml   # writes aimo3.toml
              knapsack init -            # prints it
            """)

    /// The file to write; `-` for standard output.
    @Argument(help: ArgumentHelp("The manifest to write; - prints it.", valueName: "manifest"))
    var manifest = "knapsack.toml"

    /// Which caches the entries are from.
    @OptionGroup var cacheOptions: CacheOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Writes a new manifest, or prints it. Exit code 2 where the file is there already or cannot be made.
    func execute(_ session: Session) async throws {
        try cacheOptions.requireNamed()
        let catalog = Catalog.scan(cacheOptions.caches(session.context))
        let name =
            manifest == "-"
            ? "my-models" : Path.name(manifest.hasSuffix(".toml") ? String(manifest.dropLast(5)) : manifest)
        let text = StarterManifest(catalog, name: name).text
        session.add("manifest", .string(manifest))
        session.add("entries", .integer(catalog.items.count { $0.isComplete }))
        if manifest == "-" {
            if session.json { return session.add("text", .string(text)) }
            return session.context.writeOutput(text)
        }
        do {
            let file = try FileHandle.creating(manifest)
            try file.write(Array(text.utf8).span)
            try file.synchronize()
        } catch {
            let exists = try FileStatus.existing(manifest) != nil
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists, exists ? "\(manifest) exists, and is not overwritten" : "\(error)",
                    fix: exists ? "name another file, or print it: knapsack init -" : "name another file",
                    verdict: .undecided))
        }
        session.say(
            "wrote \(manifest): look through it, then run knapsack pack \(ShellWord.quoted(manifest))")
    }
}
