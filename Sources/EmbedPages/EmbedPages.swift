import Foundation
import PackagePlugin

/// Writes the pages of `docs/` into a source file of the module `Pages`, for `knapsack help TOPIC`.
@main struct EmbedPages: BuildToolPlugin {
    /// One command, which runs again when one of the pages changes.
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let docs = context.package.directoryURL.appending(path: "docs")
        let output = context.pluginWorkDirectoryURL.appending(path: "PageTexts.swift")
        let pages = try FileManager.default.contentsOfDirectory(atPath: docs.path)
            .filter { $0.hasSuffix(".md") }.sorted().map { docs.appending(path: $0) }
        return [
            .buildCommand(
                displayName: "Embedding the pages of docs", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", Self.script, "sh", output.path] + pages.map(\.path),
                inputFiles: pages, outputFiles: [output])
        ]
    }

    /// A page is one literal, so that it costs nothing until it is read.
    private static let script = """
        output=$1; shift
        {
        printf 'extension Pages {\\n    package static let all: [Page] = [\\n'
        for page; do
            name=${page##*/}
            printf '        Page(name: "%s", text: ####\"\"\"\\n' "${name%.md}"
            cat "$page"
            printf '\\n\"\"\"####),\\n'
        done
        printf '    ]\\n}\\n'
        } > "$output"
        """
}
